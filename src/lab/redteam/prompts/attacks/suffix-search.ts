/**
 * A suffix behind the request that makes the wanted answer likelier: GCG's loss (the log-probability of the target, Zou et al. 2023, eq.
 * 1), greedy over single-token changes. Candidates are drawn at random and scored exactly as text, tokenised anew (Andriushchenko et al.
 * 2024), so that no gradient is needed and no suffix is kept that does not survive tokenisation.
 */
import { pick } from '../../../synth/template.ts'
import { type Attack, type Random, type TargetScorer, user } from './attack.ts'

const SOURCE =
  'Zou et al. 2023, arXiv 2307.15043 (GCG: loss and greedy coordinates); Andriushchenko et al. 2024, arXiv 2404.02151 (random search)'

export interface SuffixSearchOptions {
  /** Tokens of the suffix. */
  readonly length: number
  /** Rounds; the suffix changes in one place at most in each. */
  readonly rounds: number
  /** Candidates scored in a round. */
  readonly candidates: number
}

export interface FoundSuffix {
  readonly suffix: string
  /** Mean log-probability a token of the target, after each round; never falls. */
  readonly scores: readonly number[]
  /** Candidates scored in all. */
  readonly scored: number
}

export interface SearchSubject {
  readonly request: string
  readonly target: string
  readonly random: Random
  readonly signal?: AbortSignal
}

/** The best suffix found, the incumbent always among the candidates. Rejects when stopped. */
export async function searchSuffix(
  scorer: TargetScorer,
  { request, target, random, signal }: SearchSubject,
  { length, rounds, candidates }: SuffixSearchOptions,
): Promise<FoundSuffix> {
  let best: readonly string[] = Array.from({ length }, () => pick(scorer.tokens, random))
  const score = (many: readonly (readonly string[])[]): Promise<readonly number[]> =>
    scorer.score(many.map((tokens) => ({ messages: [user(`${request} ${tokens.join('')}`)], target })))
  let [incumbent = -Infinity] = await score([best])
  const scores = [incumbent]
  for (let round = 0; round < rounds; round += 1) {
    signal?.throwIfAborted()
    const changed = Array.from({ length: candidates }, () => {
      const place = Math.floor(random() * length)
      const token = pick(scorer.tokens, random)
      return best.map((old, at) => (at === place ? token : old))
    })
    const found = await score(changed)
    found.forEach((value, at) => {
      if (value > incumbent) [incumbent, best] = [value, changed[at] ?? best]
    })
    scores.push(incumbent)
  }
  return { suffix: best.join(''), scores, scored: 1 + rounds * candidates }
}

/** With `rounds: 0` a suffix drawn at random, the control. */
export function suffixSearch(options: SuffixSearchOptions): Attack {
  const drawn = options.rounds === 0
  const id = drawn ? 'random-suffix' : 'suffix-search'
  return {
    ...{ id, family: drawn ? 'chance' : 'search', source: SOURCE, drawn: true, queries: 1, needs: 'scorer' },
    async run({ request, target, scorer, random, signal, once, searched, ask }) {
      if (scorer === null || target === null) return
      const subject = { request, target, random, ...(signal === undefined ? {} : { signal }) }
      const { suffix, scored } = await once(id, () => searchSuffix(scorer, subject, options))
      searched(scored)
      await ask([user(`${request} ${suffix}`)])
    },
  }
}
