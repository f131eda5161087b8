/** What tests of guards, policies and integrations need: scripted parts and a clock that stands still. */
export { createFakeClock } from './fake-clock.ts'
export type { FakeClock } from './fake-clock.ts'
export { createMemoryStore } from './memory-store.ts'
export type { MemoryStore } from './memory-store.ts'
export { createScriptedGuard } from './scripted-guard.ts'
export type { GuardStep, ScriptedGuard, ScriptedGuardOptions } from './scripted-guard.ts'
export { createScriptedUpstream } from './scripted-upstream.ts'
export type {
  RecordedRequest,
  ScriptedChoice,
  ScriptedToolCall,
  ScriptedUpstream,
  ScriptedUpstreamOptions,
  UpstreamStep,
} from './scripted-upstream.ts'
