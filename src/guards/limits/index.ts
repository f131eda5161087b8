/** Limits of length, tokens, messages and language. */
export { createLimitsGuard } from './guard.ts'
export type { LimitsGuardOptions } from './guard.ts'
export { createLanguageDetector } from './language.ts'
