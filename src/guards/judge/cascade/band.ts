/**
 * The band of a classifier's score in which a judge is asked, and what the score means without it. The guard and the curve that
 * calibrates it (`lab/eval`) decide by these functions alone. Which band is a good one is not known here.
 */
import { ParapetError } from '../../../spec/index.ts'
import { stretch } from '../stretch.ts'

/** Scores from `from` to `to`, both of them inside. Empty where they are equal: the judge is never asked. */
export interface ScoreBand {
  readonly from: number
  readonly to: number
}

/** @throws ParapetError `configuration` unless 0 ≤ from ≤ to ≤ 1 */
export function checkBand({ from, to }: ScoreBand): void {
  if (!(from >= 0 && from <= to && to <= 1))
    throw new ParapetError(
      'configuration',
      'The band of a judge goes from a score to one that is not smaller, both in 0…1. Write for example { from: 0.2, to: 0.8 }.',
    )
}

/** Whether the judge is asked about a text with this score. */
export function isInside({ from, to }: ScoreBand, score: number): boolean {
  return from < to && score >= from && score <= to
}

/**
 * The classifier's score as a verdict of its own, above one half where it is harmful: divided at 0.5, or at the edge of the band that is
 * next to it. Below the band it is therefore clean and above it harmful.
 */
export function scoreAlone({ from, to }: ScoreBand, score: number): number {
  return stretch(score, Math.min(to, Math.max(from, 0.5)))
}
