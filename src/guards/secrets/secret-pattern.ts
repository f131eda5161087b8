/**
 * What one recogniser of secrets is, and the building blocks their patterns share.
 *
 * A match never contains a run separator (white space, quotes, angle brackets, comma; see `run-cutter.ts`) and depends on at
 * most `CONTEXT` characters before it and one after it. That is what lets a stream be cut between runs with the same findings.
 */

/** Characters before a run that its patterns may look at. */
export const CONTEXT: number = 192

/** A match that a recogniser stands by. */
export interface SecretHit {
  /** Label without the `secret.` prefix. */
  readonly kind: string
  /** UTF-16 units of the text searched. */
  readonly start: number
  readonly end: number
  readonly score: number
}

/** One recogniser. */
export interface SecretPattern {
  readonly kind: string
  /** With flag `g`. */
  readonly pattern: RegExp
  /** A text without any of these is not searched. Compared as written. */
  readonly literals?: readonly string[]
  /**
   * What of the text a match needs: `token`, a run of token characters that holds one of the literals (the whole match lies in it);
   * `body`, any such run. Without it there may be none.
   */
  readonly run?: 'token' | 'body'
  /** The same as a test, where literals do not do. */
  readonly hint?: { test(text: string): boolean }
  /** Judges a match; null rejects it. May cut the end. Default: the whole match counts with score 1. */
  accept?(value: string, text: string, start: number): { readonly length: number; readonly score: number } | null
}

/** Start of a token: not inside a longer word, but right after an escaped line break (`\n` in JSON) is fine. */
export const TOKEN_START: string = String.raw`(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt]))`
/** End of a token. */
export const TOKEN_END: string = '(?![A-Za-z0-9_-])'

/** A pattern for a token with a known shape. */
export function tokenPattern(kind: string, literals: readonly string[], body: string): SecretPattern {
  const pattern = new RegExp(`${TOKEN_START}(?:${body})${TOKEN_END}`, 'g')
  return { kind, run: 'token', literals, pattern, accept: acceptToken }
}

/** Rejects bodies that are obviously filled in by hand: `ghp_xxxxxxxx…`, `AKIAIOSFODNN7EXAMPLE`. */
export function acceptToken(value: string): { readonly length: number; readonly score: number } | null {
  return isFiller(value) ? null : { length: value.length, score: 1 }
}

/** Whether a token is a placeholder: one character repeated, or a word that says so. */
export function isFiller(value: string): boolean {
  if (/EXAMPLE|example|YOUR[_-]|your[_-]|placeholder|PLACEHOLDER|REDACTED|redacted|\.\.\./.test(value)) return true
  return /([Xx*0.])\1{9}/.test(value)
}

/**
 * Runs one recogniser over a text.
 *
 * @param runs the text's runs of token characters (see `runs.ts`)
 */
export function matchPattern(recogniser: SecretPattern, text: string, runs: string, found: SecretHit[]): void {
  const { literals, hint, pattern, kind, run } = recogniser
  if (run !== undefined && runs === '') return
  const place = run === 'token' ? runs : text
  if (literals !== undefined && !literals.some((literal) => place.includes(literal))) return
  if (hint !== undefined && !hint.test(place)) return
  pattern.lastIndex = 0
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const value = match[0]
    const start = match.index
    if (value === '') {
      pattern.lastIndex += 1
      continue
    }
    const accepted = recogniser.accept === undefined ? wholeMatch(value) : recogniser.accept(value, text, start)
    if (accepted !== null) found.push({ kind, start, end: start + accepted.length, score: accepted.score })
  }
}

function wholeMatch(value: string): { readonly length: number; readonly score: number } {
  return { length: value.length, score: 1 }
}
