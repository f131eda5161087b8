/** Secrets: keys, tokens, passwords. */
export { createSecretsGuard } from './guard.ts'
export type { SecretsGuardOptions } from './guard.ts'
export type { LintedSecret, SecretLinter } from './linter.ts'
