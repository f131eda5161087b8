/** The guard for personal data. */
export { createPiiGuard } from './guard.ts'
export type { PiiGuardOptions, PiiMode } from './guard.ts'
export { PII_COUNTRIES, PII_KINDS } from './kinds.ts'
export type { PiiCountry, PiiKind } from './kinds.ts'
export type { NameFinder } from './names.ts'
