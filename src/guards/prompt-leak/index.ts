/** Leaks of the system prompt. */
export { createPromptLeakGuard } from './guard.ts'
export type { PromptLeakGuardOptions } from './guard.ts'
export { createCanary } from './canary.ts'
