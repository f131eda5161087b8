/**
 * Compares a subject of one run with a subject of another, from their written predictions: an old version with a new one, a guard
 * before and after a change of policy.
 *
 * Only sets with the same bytes are compared; a set of the same name with other bytes is named instead of compared. It runs nothing.
 */
import { ParapetError } from '../../spec/index.ts'
import type { BootstrapOptions } from './metrics/bootstrap.ts'
import { comparePaired, type PairedRow } from './metrics/paired.ts'
import type { Comparison, PredictionRecord } from './run-format.ts'
import type { EvaluationOutcome } from './run.ts'

/** A subject of a run that was read back. */
export interface RunSubject {
  readonly outcome: EvaluationOutcome
  readonly subject: string
}

export interface RunComparison {
  readonly comparisons: readonly Comparison[]
  /** Sets both runs name whose bytes differ. */
  readonly changedSets: readonly string[]
}

/**
 * Paired comparisons, left minus right, on every set that both subjects judged.
 *
 * @throws ParapetError `configuration` where a run has no such subject, or the runs share no set.
 */
export function compareRuns(left: RunSubject, right: RunSubject, options: BootstrapOptions): RunComparison {
  for (const { outcome, subject } of [left, right])
    if (!outcome.run.subjects.some(({ name }) => name === subject)) {
      const names = outcome.run.subjects.map(({ name }) => name).join(', ')
      throw new ParapetError('configuration', `The run has no subject "${subject}". It has ${names}.`)
    }
  const comparisons: Comparison[] = []
  const changedSets: string[] = []
  for (const set of left.outcome.run.sets) {
    const other = right.outcome.run.sets.find(({ name }) => name === set.name)
    if (other === undefined) continue
    if (other.sha256 !== set.sha256) {
      changedSets.push(set.name)
      continue
    }
    const [ours, theirs] = [rowsOf(left, set.name), rowsOf(right, set.name)]
    if (ours.length === 0 || theirs.length === 0) continue
    const result = comparePaired(ours, theirs, options)
    comparisons.push({ set: set.name, left: left.subject, right: right.subject, result })
  }
  if (comparisons.length === 0) {
    const changed = changedSets.length === 0 ? '' : ` These have changed between them: ${changedSets.join(', ')}.`
    throw new ParapetError(
      'configuration',
      `The two runs share no set that both subjects judged.${changed} Run both on the same files.`,
    )
  }
  return { comparisons, changedSets }
}

function rowsOf({ outcome, subject }: RunSubject, set: string): readonly PairedRow[] {
  return outcome.predictions.flatMap((record) =>
    record.subject === subject && record.set === set ? (toRow(record) ?? []) : [],
  )
}

/** Null for a sample that the failure policy left out. */
function toRow({ id, label, flagged, outcome, score }: PredictionRecord): PairedRow | null {
  if (flagged === null) return null
  return { id, label, flagged, rank: outcome === 'scored' ? score : Number.POSITIVE_INFINITY }
}
