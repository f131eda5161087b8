/** The guard against attacks in the writing itself: hidden, reordering and look-alike characters. */
export { createUnicodeGuard } from './guard.ts'
export type { UnicodeGuardOptions, UnicodeKind } from './guard.ts'
