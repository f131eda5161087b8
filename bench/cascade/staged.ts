/** What is measured of a cascade: the scores of both stages, on rows that choose the band and on others. Types only. */
import type { CascadeScores } from '../../src/lab/eval/cascade-curve.ts'

export interface Staged {
  readonly name: string
  readonly chosenOn: CascadeScores
  readonly reportedOn: CascadeScores
  /** Cost of one question to the second stage, in words. */
  readonly cost: string
}
