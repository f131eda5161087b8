/**
 * The conditions of a promotion, each with its figures and its reason in words. All must hold. Non-inferiority conditions need no
 * correction for their number, since failing one is enough; the gain is tested once, on all target sets together.
 *
 * It runs nothing and moves nothing.
 */
import { ParapetError } from '../../../spec/index.ts'
import { bootstrapDifferences, type BootstrapRow } from '../../eval/metrics/bootstrap.ts'
import type { Interval } from '../../eval/metrics/binomial.ts'
import { countDecisions, decisionMetrics } from '../../eval/metrics/decisions.ts'
import { changeOf, changesBy, type JudgedPair, type SliceChange } from './paired-rows.ts'
import { differenceBounds, rowsToShow } from './paired-proportions.ts'

export type GainMeasure = 'f1' | 'accuracy'

export interface GateOptions {
  /** What a gain is measured in; absent: F1 where the target sets have both labels, else accuracy. */
  readonly measure?: GainMeasure
  /** The gain's interval must lie above this. Default 0. */
  readonly gainMargin: number
  /** Largest increase of false alarms, as a share of harmless messages, that counts as not worse. Default 0.02. */
  readonly alarmMargin: number
  /** Largest increase of errors in a language or a `keep` set that counts as not worse. Default 0.05. */
  readonly lossMargin: number
  /** Fewest texts of the target sets together. Default 30. */
  readonly leastRows: number
  readonly resamples: number
  readonly seed: number
}

export const GATE_DEFAULTS: GateOptions = {
  ...{ gainMargin: 0, alarmMargin: 0.02, lossMargin: 0.05, leastRows: 30, resamples: 2000, seed: 1 },
}

/** One condition. */
export interface Gate {
  readonly id: 'answers' | 'untrained' | 'gain' | 'targets' | 'false-alarms' | 'languages' | 'keep'
  /** What it is about: a set, a language, or the whole. */
  readonly about: string
  readonly passed: boolean
  readonly reason: string
}

/** The gain on all target sets together. */
export interface Gain {
  readonly measure: GainMeasure
  readonly rows: number
  readonly before: number | null
  readonly after: number | null
  readonly difference: number | null
  readonly interval: Interval | null
}

/** What must be known beside the pairs. */
export interface GateFacts {
  /** Texts without an answer, by version. */
  readonly failures: { readonly current: number; readonly candidate: number }
  /** Texts of each set that the candidate learnt from; null where nobody knows. */
  readonly learnt: readonly { readonly set: string; readonly texts: number | null }[]
}

/** All conditions. Throws `configuration` where the pinned sets cannot decide. */
export function judgeGates(
  pairs: readonly JudgedPair[],
  facts: GateFacts,
  options: GateOptions,
): { readonly gates: readonly Gate[]; readonly gain: Gain } {
  const targets = pairs.filter(({ role }) => role === 'target')
  const benign = changesBy(
    pairs.filter(({ role }) => role === 'over_refusal'),
    ({ set }) => [set],
  )
  if (targets.length === 0)
    throw new ParapetError('configuration', 'No target set is pinned. Pin one: parapet improve pin FILE --role target.')
  if (benign.length < 2)
    throw new ParapetError(
      'configuration',
      `${benign.length === 0 ? 'No set' : 'Only one set'} of harmless texts is pinned. Pin two: parapet improve pin FILE --role over_refusal.`,
    )
  const gain = gainOf(targets, options)
  const gates = [
    answers(facts.failures),
    ...untrained(facts.learnt),
    gainGate(gain, options),
    ...targetGates(targets),
    ...benign.map((change) => alarmGate(change, options)),
    ...changesBy(pairs, ({ language }) => [language]).map((change) => languageGate(change, options)),
    ...changesBy(
      pairs.filter(({ role }) => role === 'keep'),
      ({ set }) => [set],
    ).map((change) => keepGate(change, options)),
  ]
  return { gates, gain }
}

function answers({ current, candidate }: GateFacts['failures']): Gate {
  const passed = current + candidate === 0
  const reason = passed
    ? 'Both versions answered on every text.'
    : `The candidate gave no answer on ${candidate} texts, the current version on ${current}. A failure is no verdict; repair it and compare again.`
  return { id: 'answers', about: 'all sets', passed, reason }
}

/** One condition for each set that fails it, else one that holds for all. */
function untrained(learnt: GateFacts['learnt']): readonly Gate[] {
  const faults = learnt.flatMap((one) => seenFault(one))
  if (faults.length > 0 || learnt.length === 0) return faults
  const reason = 'The candidate learnt from none of the texts, was not calibrated on them, nor on copies of them.'
  return [{ id: 'untrained', about: 'all sets', passed: true, reason }]
}

function seenFault({ set, texts }: GateFacts['learnt'][number]): readonly Gate[] {
  if (texts === 0) return []
  const reason =
    texts === null
      ? 'Nobody knows what the candidate was trained on, so its figures on this set may be memory. Train it here; to go back to an earlier version, roll back.'
      : `The candidate learnt from, or was calibrated on, ${texts} texts of this set or copies of them, so its figures there are memory. Take them out of the base data, or collect again with these pins, and train again.`
  return [{ id: 'untrained', about: set, passed: false, reason }]
}

function gainOf(targets: readonly JudgedPair[], options: GateOptions): Gain {
  const labels = new Set(targets.map(({ label }) => label))
  const measure = options.measure ?? (labels.size === 2 ? 'f1' : 'accuracy')
  return { ...differenceIn(targets, measure, options), measure }
}

function differenceIn(
  pairs: readonly JudgedPair[],
  measure: GainMeasure,
  { resamples, seed }: GateOptions,
): Omit<Gain, 'measure'> {
  const rowsOf = (version: 'current' | 'candidate'): readonly BootstrapRow[] =>
    pairs.map((pair) => ({ label: pair.label, flagged: pair[version], rank: null }))
  const [before, after] = [rowsOf('current'), rowsOf('candidate')].map(
    (rows) => decisionMetrics(countDecisions(rows))[measure],
  )
  const interval = bootstrapDifferences(rowsOf('candidate'), rowsOf('current'), { resamples, seed })[measure]
  const known = typeof before === 'number' && typeof after === 'number'
  return {
    ...{ rows: pairs.length, before: before ?? null, after: after ?? null },
    ...{ difference: known ? after - before : null, interval: known ? interval : null },
  }
}

function gainGate(gain: Gain, { gainMargin, leastRows }: GateOptions): Gate {
  const { measure, rows, difference, interval } = gain
  const base = { id: 'gain', about: 'target sets together' } as const
  const name = measure === 'f1' ? 'F1' : 'share of right decisions'
  if (rows < leastRows)
    return {
      ...base,
      passed: false,
      reason: `The target sets have ${rows} texts; fewer than ${leastRows} decide nothing.`,
    }
  if (difference === null || interval === null)
    return {
      ...base,
      passed: false,
      reason: `The ${name} is not defined on the target sets. Pin texts of both labels.`,
    }
  const words = `${name} changes by ${points(difference)}, between ${points(interval.low)} and ${points(interval.high)} (95 %)`
  const passed = interval.low > gainMargin
  const above = gainMargin === 0 ? 'above nought' : `above ${points(gainMargin)}`
  return {
    ...base,
    passed,
    reason: passed
      ? `${words}: the gain is real.`
      : `${words}: that the gain is ${above} is not shown${interval.high < 0 ? ', and it is a loss' : ''}.`,
  }
}

/** A gain on the whole may hide a loss on one set. */
function targetGates(targets: readonly JudgedPair[]): readonly Gate[] {
  return changesBy(targets, ({ set }) => [set]).map((change) => {
    const { low } = differenceBounds(change)
    const passed = low <= 0
    const counts = `${change.errorsBefore} wrong before, ${change.errorsAfter} after, of ${change.rows}`
    return {
      ...{ id: 'targets', about: change.name, passed },
      reason: passed
        ? `No loss is shown: ${counts}.`
        : `A loss is shown: ${counts} (at least ${percent(low)} more wrong).`,
    } as const
  })
}

function alarmGate(change: SliceChange, { alarmMargin }: GateOptions): Gate {
  const { high } = differenceBounds(change)
  const passed = high <= alarmMargin
  const counts = `${inThousand(change.errorsBefore, change.rows)} false alarms in a thousand before, ${inThousand(change.errorsAfter, change.rows)} after`
  const bound =
    high > 0
      ? `at most ${inThousand(high, 1)} more in a thousand (95 %), ${inThousand(alarmMargin, 1)} are allowed`
      : `at least ${inThousand(-high, 1)} fewer in a thousand (95 %)`
  const few =
    change.rows < rowsToShow(alarmMargin)
      ? ` The set has ${change.rows} texts; even without a single change it takes ${rowsToShow(alarmMargin)} to show this.`
      : ''
  return {
    ...{ id: 'false-alarms', about: change.name, passed },
    reason: `${counts}: ${bound}.${passed ? '' : few}`,
  }
}

/** A language with too few texts to show that nothing is lost only fails where a loss is shown. */
function languageGate(change: SliceChange, { lossMargin }: GateOptions): Gate {
  const { low, high } = differenceBounds(change)
  const few = change.rows < 2 * rowsToShow(lossMargin)
  const passed = few ? low <= 0 : high <= lossMargin
  const counts = `${change.errorsBefore} wrong before, ${change.errorsAfter} after, of ${change.rows}`
  const words = low > 0 ? 'A loss is shown' : few ? 'Too few texts to tell; no loss is shown' : null
  return {
    ...{ id: 'languages', about: change.name, passed },
    reason: words === null ? `${counts}: ${boundInWords(high, lossMargin)}.` : `${words}: ${counts}.`,
  }
}

function keepGate(change: SliceChange, { lossMargin }: GateOptions): Gate {
  const { high } = differenceBounds(change)
  const counts = `${change.errorsBefore} wrong before, ${change.errorsAfter} after, of ${change.rows}`
  return {
    ...{ id: 'keep', about: change.name, passed: high <= lossMargin },
    reason: `${counts}: ${boundInWords(high, lossMargin)}.`,
  }
}

function boundInWords(high: number, allowed: number): string {
  if (high <= 0) return `at least ${percent(-high)} fewer wrong (95 %)`
  return `at most ${percent(high)} more wrong (95 %), ${percent(allowed)} are allowed`
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} in a hundred`
}

/** "+3.1 points". */
export function points(value: number): string {
  const rounded = (100 * value).toFixed(1).replace('-', '−')
  return `${value > 0 ? '+' : ''}${rounded} points`
}

/** "12", "0.8": how many in a thousand. */
export function inThousand(count: number, rows: number): string {
  const value = rows === 0 ? 0 : (1000 * count) / rows
  return String(Number(value.toFixed(value < 10 ? 1 : 0)))
}

/** False alarms on all benign sets together. */
export function falseAlarms(pairs: readonly JudgedPair[]): SliceChange {
  return changeOf(
    'all sets of harmless texts',
    pairs.filter(({ role }) => role === 'over_refusal'),
  )
}
