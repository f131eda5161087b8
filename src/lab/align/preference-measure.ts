/**
 * How well a model tells good responses from bad ones, by its own log-probabilities: the share it ranks rightly, and the margin. For rows
 * it did not learn from; it samples no text.
 */
import { rankingMetrics } from '../eval/metrics/ranking.ts'
import type { EncodedPair, EncodedTurn } from './encode-preferences.ts'
import type { ResponseScorer } from './response-scorer.ts'

export interface PreferenceFigures {
  /** Pairs or turns. */
  readonly rows: number
  /**
   * Of pairs, the share whose chosen response is the likelier one; of turns, the chance that a good one is likelier a token than a bad
   * one (area under the ROC curve). Null where there is nothing to compare.
   */
  readonly rankedRightly: number | null
  /** Mean log-probability of good minus bad responses, in nats; null likewise. */
  readonly margin: number | null
  /** Mean log-probability a token of good and of bad responses; null without any. */
  readonly good: number | null
  readonly bad: number | null
}

export async function measurePairs(pairs: readonly EncodedPair[], scorer: ResponseScorer): Promise<PreferenceFigures> {
  const chosen = await scorer.score(pairs.map((pair) => pair.chosen))
  const rejected = await scorer.score(pairs.map((pair) => pair.rejected))
  const margins = pairs.map((_, at) => (chosen[at] ?? 0) - (rejected[at] ?? 0))
  return {
    rows: pairs.length,
    rankedRightly: mean(margins.map((margin) => (margin > 0 ? 1 : 0))),
    margin: mean(margins),
    good: mean(pairs.map((pair, at) => (chosen[at] ?? 0) / pair.chosen.response.length)),
    bad: mean(pairs.map((pair, at) => (rejected[at] ?? 0) / pair.rejected.response.length)),
  }
}

export async function measureTurns(turns: readonly EncodedTurn[], scorer: ResponseScorer): Promise<PreferenceFigures> {
  const scores = await scorer.score(turns.map(({ tokens }) => tokens))
  const rows = turns.map(({ turn, tokens }, at) => ({
    label: turn.desirable ? (1 as const) : (0 as const),
    score: (scores[at] ?? 0) / tokens.response.length,
    sum: scores[at] ?? 0,
  }))
  const of = (label: 0 | 1, key: 'score' | 'sum'): number | null =>
    mean(rows.filter((row) => row.label === label).map((row) => row[key]))
  const [goodSum, badSum] = [of(1, 'sum'), of(0, 'sum')]
  return {
    rows: rows.length,
    rankedRightly: rankingMetrics(rows).areaUnderRoc,
    margin: goodSum === null || badSum === null ? null : goodSum - badSum,
    ...{ good: of(1, 'score'), bad: of(0, 'score') },
  }
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
}
