/** Limits of length, tokens, messages and language. */
export { createLimitsGuard } from './guard.ts'
export type { LimitsGuardOptions } from './guard.ts'
export { createLanguageDetector } from '../../nn/runtime/language-detector.ts'
