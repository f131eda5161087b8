/** What the guard needs of a library of secret rules. The real one is in `engines/secretlint`; guards import no Node API. */

export interface LintedSecret {
  /** Label without the `secret.` prefix. */
  readonly kind: string
  /** UTF-16 units, end exclusive. */
  readonly start: number
  readonly end: number
}

/** Finds secrets in a text. */
export type SecretLinter = (text: string) => Promise<readonly LintedSecret[]>

/** Without such a run no rule of a library can match: sixteen or more characters of tokens, a digit among them. */
const CANDIDATE = /[A-Za-z0-9_\-+/=.:]{16,}/g

/** Whether a text is worth the library's time. */
export function hasCandidate(text: string): boolean {
  CANDIDATE.lastIndex = 0
  for (let match = CANDIDATE.exec(text); match !== null; match = CANDIDATE.exec(text)) {
    if (/\d/.test(match[0])) return true
  }
  return false
}
