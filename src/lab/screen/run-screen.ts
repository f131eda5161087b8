/**
 * One screen of training data, from files to a folder with `report.html`, `run.json` and `rows.jsonl`: what `parapet screen` does. A run
 * that was stopped or killed goes on and ends with the same result; the tuned copy of a canary is never written.
 */
import { join } from 'node:path'
import { ParapetError } from '../../spec/errors.ts'
import { loadVictim } from '../victim/index.ts'
import { writeAtomically } from '../train/write-atomically.ts'
import { type CanaryResult, type CanarySettings, runCanary } from './canary/canary.ts'
import { ownProbe, worldProbe } from './canary/probe.ts'
import { surprisalTexts } from './checks/surprisal-checks.ts'
import { checkNames } from './checks/check-list.ts'
import { finishScreen } from './finish.ts'
import type { FormName } from './forms/index.ts'
import { openModelChecks } from './model-phase.ts'
import { conversationOf } from './model/conversation.ts'
import { measureOutside, type OutsideCheck, runChunkedPhase } from './outside-phase.ts'
import { conclusionOf, renderScreenReport, type ScreenRun } from './report/screen-report.ts'
import { prepareOutput } from './output-paths.ts'
import { runQueuedRows, type SharedQueue } from './queue/queued-rows.ts'
import type { RowRecord } from './row.ts'
import { rowChunks } from './row-chunks.ts'
import { createRowJudge } from './row-judge.ts'
import { type GuardFile, loadGuards, runRowsPhase } from './rows-phase.ts'
import { digestOf, guardFiles, identityOf } from './screen-identity.ts'
import { type Phase, RunFolder } from './run-folder.ts'
import { fitSurprisal } from './surprisal/surprisal.ts'
import { type Survey, type SurveyedFile, surveyFile } from './survey.ts'
import { defaultThresholds, fitThresholds, fittedChecks, type Thresholds } from './thresholds.ts'

export interface RunScreenOptions {
  /** Data files: JSON Lines or one JSON array, packed by gzip or not. */
  readonly data: readonly string[]
  readonly out: string
  /** Of all data files; each file's own if absent. */
  readonly form?: FormName
  /** Model files in place of the shipped guards; the first is the main one. */
  readonly guards?: readonly string[]
  /** Rows known to be clean and like those that are expected: thresholds are fitted on them. */
  readonly reference?: string
  /** Rows known to be harmful. */
  readonly known?: string
  /** Share of clean rows that fitted thresholds may flag, all checks together. */
  readonly falseAlarms: number
  /** Checks of the caller's, such as a policy or a judge. */
  readonly outside: readonly OutsideCheck[]
  /** `demo` or the folder of a checkpoint. */
  readonly model?: string
  readonly canary?: Omit<CanarySettings, 'seed' | 'threads'> & { readonly probeRows: number; readonly probe?: string }
  readonly clean?: string
  readonly flagged?: string
  /** Threads that judge rows. */
  readonly workers: number
  /** Rows are judged by workers that share this queue, in place of threads. */
  readonly shared?: SharedQueue
  readonly threads: number
  readonly seed: number
  readonly resume: boolean
  readonly onProgress: (message: string) => void
  readonly signal?: AbortSignal
}

/** Rows the models of characters are fitted on, and thresholds, at most. */
const FITTED_ON = 3000
const CALIBRATED_ON = 10_000
/** Where a checkpoint is asked about each of them. */
const CALIBRATED_WITH_MODEL = 1000
/** Rows a reference needs to be what surprisal is measured against. */
const ENOUGH = 200

export async function runScreen(options: RunScreenOptions): Promise<ScreenRun> {
  const { out, seed, onProgress, signal, model, canary } = options
  const inputs = [...options.data, ...(options.guards ?? []), options.reference, options.known, canary?.probe]
  prepareOutput({
    ...{ out, inputs: inputs.filter((path) => path !== undefined) },
    ...(options.clean === undefined ? {} : { clean: options.clean }),
    ...(options.flagged === undefined ? {} : { flagged: options.flagged }),
  })
  onProgress('looking at the data')
  const sized = (sample: number) => ({ sample, seed, ...(signal === undefined ? {} : { signal }) })
  const surveys: Survey[] = []
  for (const path of options.data)
    surveys.push(
      await surveyFile(path, { ...sized(FITTED_ON), ...(options.form === undefined ? {} : { form: options.form }) }),
    )
  const files = surveys.map(({ file }) => file)
  const reference =
    options.reference === undefined ? null : await surveyFile(options.reference, sized(2 * CALIBRATED_ON))
  const known = options.known === undefined ? null : await surveyFile(options.known, sized(CALIBRATED_ON))
  const probe = canary?.probe === undefined ? null : await surveyFile(canary.probe, sized(canary.probeRows))
  const guards = guardFiles(options.guards)
  const victim = model === undefined ? null : await loadVictim(model)
  const folder = new RunFolder(out)
  const used = [reference, known, probe].map((one) => one?.file ?? null)
  folder.open(identityOf(options, { files, used, guards, victim: victim?.sha256 ?? null }), options.resume)

  // Half of the reference fits, the other half calibrates: what was fitted on would look cleaner than it is.
  const [fitRows, calibrationRows] = halves(reference?.sample ?? [])
  const ordinary = fitRows.length >= ENOUGH / 2 ? fitRows : surveys.flatMap(({ sample }) => sample).slice(0, FITTED_ON)
  const surprisal = fitSurprisal(ordinary.slice(0, FITTED_ON).map(surprisalTexts))
  const all = files.reduce((sum, { rows }) => sum + rows, 0)
  const counter = (what: string): ((rows: number) => void) => {
    let done = 0
    return (rows) => onProgress(`${what}: ${(done += rows)} of ${all} rows`)
  }
  const rowsPhase = {
    ...{ out, files, guards, surprisal, onRows: counter('checks') },
    ...(signal === undefined ? {} : { signal }),
  }
  if (options.shared === undefined) await runRowsPhase({ ...rowsPhase, workers: options.workers })
  else await runQueuedRows({ ...rowsPhase, shared: options.shared, onProgress })
  const phases: Phase[] = ['rows']
  for (const check of options.outside) {
    const during = signal ?? new AbortController().signal
    await runChunkedPhase(check.name, phaseOptions(folder, files, signal, counter(check.name)), (row) =>
      measureOutside(check, row, during),
    )
    phases.push(check.name)
  }
  const judge = createRowJudge(await loadGuards(guards), surprisal)
  // A row that could not be judged is not one that would have passed.
  const judged = calibrationRows.slice(0, victim === null ? CALIBRATED_ON : CALIBRATED_WITH_MODEL).flatMap((row) => {
    const { scores } = judge(row)
    return scores === undefined ? [] : [{ row, scores }]
  })
  const calibration = judged.map(({ row }) => row)
  const scored: Readonly<Record<string, number>>[] = judged.map(({ scores }) => scores)
  let directed: boolean | null = null
  if (victim !== null) {
    const checks = await openModelChecks({
      ...{ victim, threads: options.threads, onProgress, ordinary },
      ...{ harmful: known?.sample ?? [], clean: fitRows },
    })
    try {
      directed = checks.directed
      await runChunkedPhase('model', phaseOptions(folder, files, signal, counter('model')), (row) =>
        checks.measure(row),
      )
      phases.push('model')
      onProgress(`model: ${calibration.length} rows of the reference`)
      const measured = await folder.once('calibration', async () => {
        const records: RowRecord[] = []
        for (const row of calibration) {
          if (signal?.aborted === true) throw new ParapetError('aborted', 'The screen was stopped.')
          records.push(await checks.measure(row))
        }
        return records
      })
      measured.forEach(({ scores = {} }, at) => (scored[at] = { ...scored[at], ...scores }))
    } finally {
      await checks.dispose()
    }
  }
  const thresholds = thresholdsOf(scored, options.falseAlarms, guards)
  onProgress('writing verdicts')
  const fitted = scored.length === 0 ? null : { scores: scored, checks: fittedChecks(scored) }
  const { tally, unlikeness } = await finishScreen({
    ...{ folder, out, files, phases, thresholds, fitted },
    known: (known?.sample ?? []).flatMap((row) => judge(row).signature ?? []),
    ...(options.clean === undefined ? {} : { clean: options.clean }),
    ...(options.flagged === undefined ? {} : { flagged: options.flagged }),
    ...(signal === undefined ? {} : { signal }),
  })
  const canaryResult =
    victim === null || canary === undefined
      ? null
      : await folder.once<CanaryResult>('canary', async () =>
          runCanary({
            ...{ victim, onProgress, conversations: await conversationsOf(files) },
            clean: (reference?.sample ?? []).map(conversationOf).filter((messages) => messages !== null),
            probe:
              probe === null
                ? worldProbe(canary.probeRows, seed)
                : ownProbe(`requests of ${probe.file.name}`, probe.sample, seed),
            settings: {
              ...{ epochs: canary.epochs, rate: canary.rate, batch: canary.batch, rows: canary.rows },
              seed,
              threads: options.threads,
            },
            ...(signal === undefined ? {} : { signal }),
          }),
        )
  const described = ({ name, bytes, sha256, rows, form }: SurveyedFile) => ({ name, bytes, sha256, rows, form })
  const base = {
    ...{ formatVersion: 1 as const, seed, files: files.map(described), falseAlarms: options.falseAlarms },
    reference: reference === null ? null : { ...described(reference.file), calibratedOn: scored.length },
    known: known === null ? null : described(known.file),
    guards: guards.map(({ name, path }) => ({ name, sha256: digestOf(path) })),
    outside: options.outside.map(({ name, version }) => ({ name, version })),
    model: victim === null ? null : { name: victim.name, sha256: victim.sha256, directed: directed === true },
    ...{ tally, unlikeness, canary: canaryResult },
  }
  const run: ScreenRun = { ...base, conclusion: conclusionOf(base) }
  writeAtomically(join(out, 'run.json'), Buffer.from(`${JSON.stringify(run, null, 2)}\n`))
  writeAtomically(join(out, 'report.html'), Buffer.from(renderScreenReport(run)))
  folder.remove()
  return run
}

function halves<T>(rows: readonly T[]): readonly [readonly T[], readonly T[]] {
  return [rows.filter((_, at) => at % 2 === 0), rows.filter((_, at) => at % 2 === 1)]
}

function phaseOptions(
  folder: RunFolder,
  files: readonly SurveyedFile[],
  signal: AbortSignal | undefined,
  onRows: (rows: number) => void,
): Parameters<typeof runChunkedPhase>[1] {
  return { folder, files, onRows, ...(signal === undefined ? {} : { signal }) }
}

function thresholdsOf(
  scored: readonly Readonly<Record<string, number>>[],
  share: number,
  guards: readonly GuardFile[],
): Thresholds {
  const defaults = defaultThresholds(checkNames(guards.slice(1).map(({ name }) => name)))
  return scored.length === 0 ? defaults : { ...defaults, ...fitThresholds(scored, share) }
}

/** What a trainer would learn from. A canary tunes on rows, so they are held in memory. */
async function conversationsOf(
  files: readonly SurveyedFile[],
): Promise<readonly NonNullable<ReturnType<typeof conversationOf>>[]> {
  const all: NonNullable<ReturnType<typeof conversationOf>>[] = []
  for (const file of files)
    for await (const { rows } of rowChunks(file))
      for (const row of rows) {
        const messages = 'problem' in row ? null : conversationOf(row)
        if (messages !== null) all.push(messages)
      }
  return all
}
