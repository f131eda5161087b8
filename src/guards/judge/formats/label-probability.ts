/**
 * The probability of a label from the candidates at the token where it begins. Spaces, quotes and newlines before the label are
 * skipped, words may be cut into tokens, and lower or upper case does not matter. It does not look at later tokens of the label.
 */
import type { ScoredToken, TokenChoice } from '../judge-input.ts'

export interface LabelWords {
  readonly positive: readonly string[]
  readonly negative: readonly string[]
  /** Words that may stand there and mean neither. */
  readonly neither?: readonly string[]
  /** The text right before the label (anchored with `$`). Absent: the label is the first word. */
  readonly after?: RegExp
  /** Which place counts when `after` matches more than once. Default `first`. */
  readonly place?: 'first' | 'last'
  /** Text before the generated tokens that belongs to the answer. */
  readonly before?: string
}

/** Text that `after` is matched on. */
const CONTEXT = 4_000

/** Longer tokens begin no label, and are not searched: trimming them would take the square of their length. */
const LONGEST_TOKEN = 100

/** A token without what tokenizers put around words: spaces, their stand-ins (`▁`, `Ġ`, `Ċ`), quotes, punctuation. */
function bareWord(token: string): string {
  if (token.length > LONGEST_TOKEN) return token
  return token
    .replace(/^(?:[\s\p{P}\p{S}\p{Cf}\u0120\u010A])+/u, '')
    .replace(/[\s\p{P}\p{S}\p{Cf}\u010A]+$/u, '')
    .toLowerCase()
}

/** Whether a token may be the beginning of one of the words. */
function begins(bare: string, words: readonly string[]): boolean {
  return words.some((word) => word.startsWith(bare))
}

/**
 * P(positive) / (P(positive) + P(negative)) over the candidates at the label's place. A side with no candidate listed is at most as
 * probable as the least probable one that is, and counts as that.
 *
 * @returns null where the place or both sides are missing, or only one candidate is known.
 */
export function labelProbability(tokens: readonly ScoredToken[], words: LabelWords): number | null {
  const place = labelPlace(tokens, words)
  if (place === undefined) return null
  const byToken = new Map<string, number>()
  for (const { token, logprob } of [place, ...place.alternatives]) {
    if (!Number.isNaN(logprob)) byToken.set(token, Math.exp(Math.min(0, logprob)))
  }
  const [positive, negative] = masses(byToken, words)
  if (byToken.size < 2 || (positive === 0 && negative === 0)) return null
  const least = Math.min(...byToken.values())
  const [left, right] = [positive === 0 ? least : positive, negative === 0 ? least : negative]
  return left + right === 0 ? null : left / (left + right)
}

function labelPlace(tokens: readonly ScoredToken[], words: LabelWords): ScoredToken | undefined {
  const { after, place = 'first', before = '' } = words
  let text = before
  let found: ScoredToken | undefined
  for (const token of tokens) {
    if (bareWord(token.token) !== '' && (after === undefined || after.test(text))) {
      found = token
      if (after === undefined || place === 'first') return found
    }
    text = (text + token.token).slice(-CONTEXT)
  }
  return found
}

/** Candidates that could begin words of more than one kind say nothing. */
function masses(byToken: ReadonlyMap<TokenChoice['token'], number>, words: LabelWords): readonly [number, number] {
  let positive = 0
  let negative = 0
  for (const [token, probability] of byToken) {
    const bare = bareWord(token)
    if (bare === '') continue
    const kinds = [words.positive, words.negative, words.neither ?? []].map((of) => begins(bare, of))
    if (kinds.filter(Boolean).length !== 1) continue
    if (kinds[0] === true) positive += probability
    else if (kinds[1] === true) negative += probability
  }
  return [positive, negative]
}
