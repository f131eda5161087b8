/** Secrets: own patterns, names before values, entropy, and a library handed in. */
export { createSecretsGuard } from './secrets-guard.ts'
export type { SecretsGuardOptions } from './secrets-guard.ts'
export { DEFAULT_ENTROPY } from './entropy.ts'
export type { EntropyOptions } from './entropy.ts'
export type { LintedSecret, SecretLinter } from './secret-linter.ts'
