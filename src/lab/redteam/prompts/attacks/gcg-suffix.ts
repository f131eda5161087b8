/**
 * A suffix behind the request, searched along gradients (GCG, Zou et al. 2023, algorithm 1): each step draws single-token swaps from those that make
 * the target likelier to first order, scores them exactly and keeps the best, or what there was. For models whose weights are here.
 *
 * Differs from the paper: candidates are scored as text that is tokenised anew, so no suffix is kept that cannot be typed; the first suffix is of
 * random words; a search ends where the target is all but certain.
 */
import { pick } from '../../../synth/template.ts'
import { type Attack, type TargetScorer, user } from './attack.ts'
import type { FoundSuffix, SearchSubject, SuffixSearchOptions } from './suffix-search.ts'

const SOURCE = 'Zou et al. 2023, arXiv 2307.15043 (GCG), exact scores of text tokenised anew'
const ID = 'gcg'
/** Mean log-probability a token from which greedy decoding writes the target: for up to 138 tokens its probability is then above one half. */
const CERTAIN = -0.005

export interface GcgOptions extends SuffixSearchOptions {
  /** Tokens a place that are candidates at all. */
  readonly topK: number
}

/**
 * The best suffix found and the course of its scores; the same scorer, subject and options give the same. Rejects when stopped.
 */
export async function searchAlongGradients(
  scorer: TargetScorer & Required<Pick<TargetScorer, 'swaps'>>,
  { request, target, random, signal }: SearchSubject,
  { length, rounds, candidates, topK }: GcgOptions,
): Promise<FoundSuffix> {
  const score = (suffixes: readonly string[]): Promise<readonly number[]> =>
    scorer.score(suffixes.map((suffix) => ({ messages: [user(`${request} ${suffix}`)], target })))
  let suffix = Array.from({ length }, () => pick(scorer.tokens, random))
    .join('')
    .trimStart()
  let [best = -Infinity] = await score([suffix])
  const scores = [best]
  let scored = 1
  for (let round = 0; round < rounds && best < CERTAIN; round += 1) {
    signal?.throwIfAborted()
    const changed = await scorer.swaps({ request, suffix, target }, { topK, count: candidates, random })
    // All pairs of place and token are drawn before a draw is empty: there is nothing to change.
    if (changed.length === 0) break
    const found = await score(changed)
    found.forEach((value, at) => {
      if (value > best) [best, suffix] = [value, changed[at] ?? suffix]
    })
    scores.push(best)
    scored += changed.length
  }
  return { suffix, scores, scored }
}

export function gcgSuffix(options: GcgOptions): Attack {
  return {
    ...{ id: ID, family: 'search', source: SOURCE, drawn: true, queries: 1, needs: 'gradients' },
    async run({ request, target, scorer, random, signal, once, searched, ask }) {
      if (scorer?.swaps === undefined || target === null) return
      const subject = { request, target, random, ...(signal === undefined ? {} : { signal }) }
      const whiteBox = { ...scorer, swaps: scorer.swaps }
      const { suffix, scored } = await once(ID, () => searchAlongGradients(whiteBox, subject, options))
      searched(scored)
      await ask([user(`${request} ${suffix}`)])
    },
  }
}
