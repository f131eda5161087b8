/**
 * One search of a text for secrets: own recognisers, entropy, and the library's rules where there is one. Overlapping hits become one.
 */
import type { Finding } from '../../spec/index.ts'
import { ASSIGNMENT_PATTERNS } from './assignment-patterns.ts'
import type { EntropyOptions } from './entropy.ts'
import { entropyPattern } from './entropy.ts'
import type { LintedSecret, SecretLinter } from './linter.ts'
import { hasCandidate } from './linter.ts'
import type { SecretHit, SecretPattern } from './secret-pattern.ts'
import { matchPattern } from './secret-pattern.ts'
import { TOKEN_PATTERNS } from './token-patterns.ts'

export interface SecretSearch {
  readonly patterns: readonly SecretPattern[]
  readonly linter: SecretLinter | null
  /** Secrets that are known and allowed, as written. */
  readonly allow: ReadonlySet<string>
}

export function createSearch(entropy: EntropyOptions | null, linter: SecretLinter | null, allow: readonly string[]): SecretSearch {
  const patterns = [...TOKEN_PATTERNS, ...ASSIGNMENT_PATTERNS, ...(entropy === null ? [] : [entropyPattern(entropy)])]
  return { patterns, linter, allow: new Set(allow) }
}

/** Hits of a text, by position. Asynchronous only when the library has to look. */
export function searchSecrets(search: SecretSearch, text: string): readonly SecretHit[] | Promise<readonly SecretHit[]> {
  const hits: SecretHit[] = []
  for (const pattern of search.patterns) matchPattern(pattern, text, hits)
  if (search.linter === null || !hasCandidate(text)) return merge(search, text, hits)
  return search.linter(text).then((linted) => merge(search, text, [...hits, ...linted.map(toHit)]))
}

function toHit({ kind, start, end }: LintedSecret): SecretHit {
  return { kind, start, end, score: 1 }
}

/** Of overlapping hits the surest stays, of equally sure ones the first and longest, widened over all of them. */
function merge(search: SecretSearch, text: string, hits: readonly SecretHit[]): readonly SecretHit[] {
  const sorted = hits
    .filter(({ start, end }) => !search.allow.has(text.slice(start, end)))
    .toSorted((left, right) => left.start - right.start || right.score - left.score || right.end - left.end)
  const merged: SecretHit[] = []
  for (const hit of sorted) {
    const last = merged.at(-1)
    if (last === undefined || hit.start >= last.end) merged.push(hit)
    else merged[merged.length - 1] = { ...(hit.score > last.score ? hit : last), start: last.start, end: Math.max(last.end, hit.end) }
  }
  return merged
}

/** A hit as a finding; `offset` is where the searched text begins. */
export function toFinding({ kind, start, end, score }: SecretHit, offset = 0): Finding {
  return {
    label: `secret.${kind}`,
    score,
    span: { start: start + offset, end: end + offset },
    replacement: '[SECRET]',
    action: 'block',
    reason: `Contains a secret (${kind.replaceAll('_', ' ')}).`,
  }
}
