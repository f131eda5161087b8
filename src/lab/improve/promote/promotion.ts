/**
 * What is written of a comparison of two versions, whether it ended in a promotion or not: the conditions with their reasons, figures by
 * slice, and the hashes of everything it rests on. No text, no name.
 */
import type { DataSetFacts } from '../collect/data-set.ts'
import type { VersionManifest } from '../versions/version.ts'
import type { Gain, Gate, GateOptions } from './gates.ts'
import type { SliceChange } from './paired-rows.ts'
import type { Pin, PinRole } from './pins.ts'

export interface Promotion {
  readonly format: 1
  readonly id: string
  /** ISO 8601. */
  readonly at: string
  /** `compared` moved nothing, whatever the conditions say. */
  readonly outcome: 'promoted' | 'refused' | 'compared'
  /** All conditions hold. */
  readonly passed: boolean
  readonly current: string
  readonly candidate: VersionManifest
  /** What the candidate learnt from beside the base data; null where nothing was collected or the data set is gone. */
  readonly data: DataSetFacts | null
  readonly pins: readonly Pin[]
  /** Comparisons on any of the target sets until then, this one included, and how many candidates they were of. */
  readonly tries: { readonly comparisons: number; readonly candidates: number }
  readonly options: GateOptions
  /** Decisions are made at this score. */
  readonly threshold: 0.5
  readonly gain: Gain
  readonly gates: readonly Gate[]
  readonly falseAlarms: SliceChange
  readonly sets: readonly (SliceChange & { readonly role: PinRole; readonly sha256: string })[]
  readonly languages: readonly SliceChange[]
  readonly categories: readonly SliceChange[]
  /** F1 of always flagging and of never flagging, on the target sets together. */
  readonly constants: { readonly flagAll: number | null; readonly flagNone: number | null }
}

/** Why it ended as it did, in a sentence for people. */
export function conclusionOf({ outcome, passed, gates, current, candidate, gain }: Promotion): string {
  const failed = gates.filter((gate) => !gate.passed)
  const what = failed.map(({ id, about }) => `${WORDS[id]} (${about})`)
  const gained =
    gain.difference === null
      ? ''
      : ` On the target sets it is right more often: ${gain.measure === 'f1' ? 'F1' : 'accuracy'} ${percent(gain.before)} before, ${percent(gain.after)} after.`
  if (outcome === 'promoted') return `${candidate.id} took the place of ${current}: all conditions hold.${gained}`
  if (outcome === 'compared' && passed)
    return `${candidate.id} could take the place of ${current}: all conditions hold.${gained}`
  const stays =
    outcome === 'refused' ? `${candidate.id} was refused, and ${current} stays` : `${candidate.id} would be refused`
  return `${stays}: ${what.join('; ')}.`
}

/** How often the target sets have decided; null the first time. */
export function triesInWords({ tries: { comparisons, candidates } }: Promotion): string | null {
  if (comparisons === 1) return null
  const others = candidates === 1 ? 'all of this candidate' : `of ${candidates} candidates`
  return `This is comparison ${comparisons} on these target sets, ${others}. No condition is corrected for that: each new candidate is another chance to pass by luck, so pin fresh target sets now and then.`
}

const WORDS: Readonly<Record<Gate['id'], string>> = {
  answers: 'not every text was answered',
  untrained: 'it was trained on what measures it, or may have been',
  gain: 'no real gain is shown',
  targets: 'a target set got worse',
  'false-alarms': 'it is not shown that false alarms are not worse',
  languages: 'it is not shown that a language is not worse',
  keep: 'it is not shown that a set to keep is not worse',
}

function percent(value: number | null): string {
  return value === null ? 'undefined' : `${(100 * value).toFixed(1)} %`
}
