/**
 * An evaluation from subjects and sets to figures. The constant baselines are always part of it, and a set that a subject cannot
 * judge is "not judged", never left out.
 *
 * With deterministic subjects the same seed gives the same run, latency excepted. It reads and writes no file.
 */
import { arch, cpus, platform } from 'node:os'
import { ParapetError } from '../../spec/index.ts'
import { CONSTANT_SUBJECTS } from './constant.ts'
import { judgedText, textHash } from './contamination.ts'
import { fittingRows, measure, predictionRecords, type Judged } from './measure.ts'
import { comparePaired } from './metrics/paired.ts'
import { predictAll } from './predict-all.ts'
import {
  RUN_FORMAT_VERSION,
  type Comparison,
  type EvaluationRun,
  type FailurePolicy,
  type MeasuredResult,
  type NotJudged,
  type OverRefusalCheck,
  type PredictionRecord,
  type SetSummary,
  type ThresholdChoice,
} from './run-format.ts'
import type { EvaluationSample, EvaluationSet, EvaluationTask } from './sample.ts'
import type { Prediction, Subject } from './subject.ts'
import {
  checkThresholdPolicy,
  fittingSetsOf,
  resolveThreshold,
  type ResolvedThreshold,
  type ThresholdPolicy,
} from './threshold-policy.ts'

/** Where a run stands; `set` may be one that fits a threshold. */
export interface EvaluationProgress {
  readonly subject: string
  readonly set: string
  readonly done: number
  readonly total: number
}

export interface EvaluationOptions {
  readonly subjects: readonly Subject[]
  readonly sets: readonly EvaluationSet[]
  /** Sets that only measure false alarms; they may as well stand among `sets`. Two of each task belong beside an F1. */
  readonly overRefusal?: readonly EvaluationSet[]
  /** Sets that thresholds may be fitted on; never reported. */
  readonly fittingSets?: readonly EvaluationSet[]
  /** Default: the subject's own verdict, else a score above 0.5. */
  readonly thresholds?: ThresholdChoice
  /** Default `count_as_positive`. */
  readonly failurePolicy?: FailurePolicy
  /** Samples of a subject at a time; default 1, which is what latency should be measured at. */
  readonly concurrency?: number
  /** Milliseconds; default 30,000. */
  readonly perSampleTimeoutMs?: number
  /** Default 1. */
  readonly seed?: number
  /** Bootstrap resamples; default 1000. */
  readonly resamples?: number
  /** Subject the others are compared with; default the first. */
  readonly reference?: string
  /** Moment of the start in ISO 8601, to stand in the report. */
  readonly startedAt?: string
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: EvaluationProgress) => void
  /** Told of each failure; the message may quote what the subject said, so it is not part of the run. */
  readonly onFailure?: (subject: string, set: string, sample: string, message: string) => void
}

export interface EvaluationOutcome {
  readonly run: EvaluationRun
  /** Every prediction, without its text. */
  readonly predictions: readonly PredictionRecord[]
}

const DEFAULTS = {
  thresholds: { default: { kind: 'own', otherwise: 0.5 } },
  failurePolicy: 'count_as_positive',
  concurrency: 1,
  perSampleTimeoutMs: 30_000,
  seed: 1,
  resamples: 1000,
} as const satisfies Partial<EvaluationOptions>

type Settled = EvaluationOptions & Required<Pick<EvaluationOptions, keyof typeof DEFAULTS>>

/**
 * Runs every subject over every set and computes the figures. Subjects are not closed.
 *
 * @throws ParapetError `configuration` before anything runs: names twice, a broken option, a threshold fitted on what is
 * reported; `aborted` once the signal fires.
 */
export async function runEvaluation(given: EvaluationOptions): Promise<EvaluationOutcome> {
  const options: Settled = { ...DEFAULTS, ...given }
  const sets = [...options.sets, ...(options.overRefusal ?? [])]
  const subjects = [...options.subjects, ...CONSTANT_SUBJECTS]
  const fittingSets = options.fittingSets ?? []
  checkOptions(options, subjects, sets)
  const results: (MeasuredResult | NotJudged)[] = []
  const predictions: PredictionRecord[] = []
  const judged = new Map<string, Map<string, Judged>>()
  for (const subject of subjects) {
    const thresholds = createThresholds(subject, options)
    const bySet = new Map<string, Judged>()
    judged.set(subject.name, bySet)
    for (const set of sets) {
      if (!subject.tasks.includes(set.task)) {
        results.push({ status: 'not_judged', subject: subject.name, set: set.name })
        continue
      }
      const threshold = await thresholds(set.task)
      const answers = await predictSet(subject, set, options)
      const measured = measure(subject, set, answers, threshold, {
        failurePolicy: options.failurePolicy,
        resamples: options.resamples,
        seed: options.seed,
        fittingHashes: threshold.fittedRows === 0 ? null : hashesOf(policyOf(subject, options), set.task, fittingSets),
      })
      results.push(measured.result)
      bySet.set(set.name, measured.judged)
      predictions.push(...predictionRecords(subject.name, set, answers, measured.judged))
    }
  }
  const reference = options.reference ?? options.subjects[0]?.name ?? null
  const run: EvaluationRun = {
    formatVersion: RUN_FORMAT_VERSION,
    startedAt: options.startedAt ?? null,
    configuration: {
      thresholds: options.thresholds,
      failurePolicy: options.failurePolicy,
      concurrency: options.concurrency,
      perSampleTimeoutMs: options.perSampleTimeoutMs,
      seed: options.seed,
      resamples: options.resamples,
      reference,
    },
    environment: environment(),
    sets: sets.map(summaryOf),
    fittingSets: fittingSets.map(summaryOf),
    subjects: subjects.map(({ name, version, kind, tasks }) => ({ name, version, kind, tasks: [...tasks] })),
    results,
    comparisons: comparisonsOf(reference, options, sets, judged),
    overRefusal: overRefusalOf(sets),
  }
  return { run, predictions }
}

function checkOptions(options: Settled, subjects: readonly Subject[], sets: readonly EvaluationSet[]): void {
  const wrong = (message: string): ParapetError => new ParapetError('configuration', message)
  if (options.subjects.length === 0) throw wrong('There is no subject to evaluate. Give at least one.')
  if (sets.length === 0) throw wrong('There is no set to evaluate on. Give at least one.')
  for (const [what, names] of [
    ['subject', subjects.map(({ name }) => name)],
    ['set', [...sets, ...(options.fittingSets ?? [])].map(({ name }) => name)],
  ] as const)
    for (const name of names)
      if (names.indexOf(name) !== names.lastIndexOf(name) && !isFittedTwice(name, options, sets))
        throw wrong(`Two of a kind are called "${name}". Give each ${what} a name of its own.`)
  for (const set of options.overRefusal ?? [])
    if (set.purpose !== 'over_refusal')
      throw wrong(
        `"${set.name}" is given as an over-refusal set and its purpose is ${set.purpose}. Give it among the sets.`,
      )
  for (const set of [...sets, ...(options.fittingSets ?? [])]) checkSet(set)
  for (const [name, value, least] of [
    ['concurrency', options.concurrency, 1],
    ['resamples', options.resamples, 100],
    ['perSampleTimeoutMs', options.perSampleTimeoutMs, 1],
  ] as const)
    if (!Number.isInteger(value) || value < least)
      throw wrong(`${name} is ${value}; give a whole number of at least ${least}.`)
  for (const name of [
    ...Object.keys(options.thresholds.bySubject ?? {}),
    ...(options.reference === undefined ? [] : [options.reference]),
  ])
    if (!options.subjects.some((subject) => subject.name === name)) throw wrong(`There is no subject called "${name}".`)
  for (const subject of options.subjects)
    checkThresholdPolicy(
      policyOf(subject, options),
      options.fittingSets ?? [],
      sets.filter(({ task }) => subject.tasks.includes(task)),
    )
}

/** A fitting set with the name of a reported one has an error of its own, which says more. */
function isFittedTwice(name: string, options: Settled, sets: readonly EvaluationSet[]): boolean {
  const reported = sets.filter((set) => set.name === name).length
  return reported === 1 && (options.fittingSets ?? []).filter((set) => set.name === name).length === 1
}

function checkSet(set: EvaluationSet): void {
  const wrong = (message: string): ParapetError => new ParapetError('input_invalid', `Set "${set.name}": ${message}`)
  if (set.samples.length === 0) throw wrong('it has no samples.')
  const ids = new Set<string>()
  for (const { id, task, label } of set.samples) {
    if (ids.has(id)) throw wrong(`two samples have the id "${id}". Ids must be unique within a set.`)
    ids.add(id)
    if (task !== set.task) throw wrong(`sample "${id}" is of task ${task}, the set of ${set.task}. Split it by task.`)
    if (set.purpose === 'over_refusal' && label === 1)
      throw wrong(`sample "${id}" is positive; an over-refusal set has none.`)
  }
}

function policyOf(subject: Subject, { thresholds }: Settled): ThresholdPolicy {
  if (subject.kind === 'constant') return DEFAULTS.thresholds.default
  return thresholds.bySubject?.[subject.name] ?? thresholds.default
}

/** Fits a subject's threshold for a task when it is first needed. */
function createThresholds(subject: Subject, options: Settled): (task: EvaluationTask) => Promise<ResolvedThreshold> {
  const policy = policyOf(subject, options)
  const known = new Map<EvaluationTask, ResolvedThreshold>()
  return async (task) => {
    const before = known.get(task)
    if (before !== undefined) return before
    const sets = fittingSetsOf(policy, task, options.fittingSets ?? [])
    const rows = []
    for (const set of sets)
      rows.push(...fittingRows(set.samples, await predictSet(subject, set, options), options.failurePolicy))
    const named = 'fittedOn' in policy ? { ...policy, fittedOn: sets.map(({ name }) => name) } : policy
    const threshold = resolveThreshold(named, rows)
    known.set(task, threshold)
    return threshold
  }
}

function predictSet(subject: Subject, set: EvaluationSet, options: Settled): Promise<readonly Prediction[]> {
  let done = 0
  const onPrediction = ({ id }: EvaluationSample, prediction: Prediction): void => {
    done++
    if (prediction.outcome !== 'scored') options.onFailure?.(subject.name, set.name, id, prediction.message)
    options.onProgress?.({ subject: subject.name, set: set.name, done, total: set.samples.length })
  }
  return predictAll(subject, set.samples, {
    concurrency: options.concurrency,
    timeoutMs: options.perSampleTimeoutMs,
    signal: options.signal,
    onPrediction,
  })
}

function hashesOf(
  policy: ThresholdPolicy,
  task: EvaluationTask,
  fittingSets: readonly EvaluationSet[],
): ReadonlySet<string> {
  const samples = fittingSetsOf(policy, task, fittingSets).flatMap((set) => set.samples)
  return new Set(samples.map((sample) => textHash(judgedText(sample))))
}

function comparisonsOf(
  reference: string | null,
  options: Settled,
  sets: readonly EvaluationSet[],
  judged: ReadonlyMap<string, ReadonlyMap<string, Judged>>,
): readonly Comparison[] {
  if (reference === null) return []
  return sets.flatMap((set) =>
    options.subjects.flatMap(({ name }): readonly Comparison[] => {
      const left = judged.get(reference)?.get(set.name)
      const right = judged.get(name)?.get(set.name)
      if (name === reference || left === undefined || right === undefined) return []
      return [{ set: set.name, left: reference, right: name, result: comparePaired(left.rows, right.rows, options) }]
    }),
  )
}

function overRefusalOf(sets: readonly EvaluationSet[]): readonly OverRefusalCheck[] {
  return [...new Set(sets.map(({ task }) => task))].map((task) => {
    const names = sets.filter((set) => set.task === task && set.purpose === 'over_refusal').map(({ name }) => name)
    return { task, sets: names, enough: names.length >= 2 }
  })
}

function summaryOf({ name, task, purpose, sha256, samples, licence, citation }: EvaluationSet): SetSummary {
  const positives = samples.filter(({ label }) => label === 1).length
  return { name, task, purpose, sha256, rows: samples.length, positives, licence, citation }
}

function environment(): EvaluationRun['environment'] {
  const processors = cpus()
  return {
    node: process.version,
    platform: platform(),
    architecture: arch(),
    cpuModel: processors[0]?.model.trim() ?? 'unknown',
    cpuCount: processors.length,
  }
}
