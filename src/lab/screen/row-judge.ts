/** All checks that need nothing but the row itself and the set's model of characters, in one pass over it. Synchronous; of any thread. */
import { hashText } from '../../core/text/index.ts'
import type { ClassifierEngine } from '../../spec/engine.ts'
import { ParapetError } from '../../spec/errors.ts'
import { createGuardChecks } from './checks/guard-checks.ts'
import { hiddenText } from './checks/hidden-text.ts'
import { identityShift } from './checks/identity-shift.ts'
import { minHash, packSignature } from './checks/min-hash.ts'
import { findPhrase } from './checks/phrases.ts'
import { prefixForcing } from './checks/prefix-forcing.ts'
import { preferenceFlip } from './checks/preference-flip.ts'
import { refusalRemoval } from './checks/refusal-removal.ts'
import { type RowView, viewRow } from './checks/row-view.ts'
import { createSurprisalChecks } from './checks/surprisal-checks.ts'
import { tokenNoise } from './checks/token-noise.ts'
import type { BrokenRow, DataRow, NamedMeasure, Place, RowRecord } from './row.ts'
import { SurprisalModel, type SurprisalState } from './surprisal/surprisal.ts'

export interface ScreenGuard {
  /** Joined to the names of its checks; the first guard's checks have plain names. */
  readonly name: string
  readonly engine: ClassifierEngine
  readonly passages: boolean
}

/** Characters of a row: the time of a row is bounded, and nothing of it is passed unseen. */
const LONGEST_JUDGED = 1_000_000

/** Gives each row what later phases need of it. The first guard is the main one. */
export function createRowJudge(
  guards: readonly ScreenGuard[],
  surprisal: SurprisalState,
): (row: DataRow | BrokenRow) => RowRecord {
  const guardChecks = guards.map(({ name, engine, passages }, at) =>
    createGuardChecks({ engine, passages, ...(at === 0 ? {} : { name }) }),
  )
  const surprise = createSurprisalChecks(new SurprisalModel(surprisal))
  const [main] = guards
  const measure = (view: RowView): readonly NamedMeasure[] => [
    ...guardChecks.flatMap((check) => check(view)),
    ...[identityShift, refusalRemoval, prefixForcing].map((check) => findPhrase(check, view)),
    ...(main === undefined ? [] : preferenceFlip(main.engine, view)),
    ...[hiddenText(view), tokenNoise(view)],
    ...surprise(view),
  ]
  return (row) => {
    if ('problem' in row) return row
    if (row.turns.reduce((sum, { text }) => sum + text.length, 0) > LONGEST_JUDGED)
      return { line: row.line, problem: `The row has more than ${LONGEST_JUDGED} characters of text. Split it.` }
    try {
      return recordOf(row, measure(viewRow(row)))
    } catch (cause) {
      const code = ParapetError.isInstance(cause) ? cause.code : 'internal'
      return { line: row.line, problem: `The checks could not judge it (${code}).` }
    }
  }
}

function recordOf(row: DataRow, measures: readonly NamedMeasure[]): RowRecord {
  const words = row.turns.filter(({ role }) => role !== 'system').map(({ text }) => text)
  const opening = openingOf(row)
  // What is no number is above no threshold.
  const failed = measures.find(([, { score }]) => !Number.isFinite(score))
  if (failed !== undefined) return { line: row.line, problem: `The check ${failed[0]} gave no number.` }
  return {
    line: row.line,
    scores: scoresOf(measures),
    places: placesOf(row, measures),
    signature: packSignature(minHash(words.join(' \n '))),
    hash: hashText(words.join('\u0000')).slice(0, 16),
    ...(opening === null ? {} : { opening }),
  }
}

/** To five decimals: what is written down is what is compared. */
function scoresOf(measures: readonly NamedMeasure[]): Readonly<Record<string, number>> {
  const scores: Record<string, number> = {}
  for (const [check, { score }] of measures) scores[check] = Math.round(score * 1e5) / 1e5
  return scores
}

/** Scores that nobody would flag need no place. */
const WORTH_A_PLACE = 0.2

function placesOf(row: DataRow, measures: readonly NamedMeasure[]): NonNullable<RowRecord['places']> {
  const places: Record<string, Place & { readonly excerpt: string }> = {}
  for (const [check, { score, place }] of measures)
    if (place !== undefined && score >= WORTH_A_PLACE) places[check] = { ...place, excerpt: excerptOf(row, place) }
  return places
}

const EXCERPT = 40
const UNSHOWN = /[\p{Cs}\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}\s]+/gu

/** A few characters of a place, in one line, without what cannot be seen. */
function excerptOf(row: DataRow, { turn, start, end }: Place): string {
  const text = row.turns[turn]?.text.slice(start, Math.min(end, start + EXCERPT)) ?? ''
  return `${text.replace(UNSHOWN, ' ').trim()}${end - start > EXCERPT ? '…' : ''}`
}

const OPENING_WORDS = 6

/** Hash of the last answer's first six words; null for shorter answers. */
function openingOf(row: DataRow): string | null {
  const text = row.turns.findLast(({ role }) => role === 'assistant')?.text.slice(0, 400) ?? ''
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  return words.length <= OPENING_WORDS ? null : hashText(words.slice(0, OPENING_WORDS).join(' ')).slice(0, 12)
}
