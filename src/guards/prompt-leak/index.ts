/** Answers that repeat the system prompt. */
export { createPromptLeakGuard } from './prompt-leak-guard.ts'
export type { PromptLeakGuardOptions } from './prompt-leak-guard.ts'
export { createCanary } from './canary.ts'
