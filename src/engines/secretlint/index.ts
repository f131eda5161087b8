/** Secretlint's rules, for the secrets guard. */
export { createSecretLinter } from './secret-linter.ts'
export type { LintedSecret, SecretLinter } from './secret-linter.ts'
