/**
 * `parapet bench`, `bench compare` and `bench show`: guards over labelled sets, a table of the figures, and a run folder.
 *
 * A folder is written whole or not at all; Ctrl-C writes none. What subjects and thresholds mean is in `bench-settings.ts`.
 */
import { resolve } from 'node:path'
import {
  checkRunFolder,
  compareRuns,
  readRunFolder,
  runEvaluation,
  writeRunFolder,
  type EvaluationOutcome,
  type EvaluationProgress,
  type EvaluationSet,
  type RunSubject,
  type Subject,
} from '../lab/eval/index.ts'
import { chooseSamples } from '../lab/eval/choose-samples.ts'
import { missingPackage, missingRivals, RIVALS } from '../lab/eval/subjects/index.ts'
import { ParapetError } from '../spec/errors.ts'
import { parseHarm, parseSubject, parseThreshold, readPaths } from './bench-settings.ts'
import { closeSubjects, openSubjects } from './bench-subjects.ts'
import { renderComparisons, renderRun } from './bench-table.ts'
import { EXIT_ERROR, EXIT_OK, exitCodeOfSignal, fileUsageError, usageError } from './exit.ts'
import type { CliIo } from './io.ts'
import type { Runtime } from './runtime.ts'
import { printable } from './terminal.ts'

type Options = Readonly<Record<string, unknown>>

/** Exit code 0; 3 when a subject got no answer at all; 130 or 143 when stopped. */
export async function runBench(io: CliIo, runtime: Runtime, options: Options): Promise<number> {
  return run(io, runtime, options, texts(options, 'subject') ?? ['embedded'])
}

/** Two folders: the paired comparison of two finished runs. None: Parapet beside the other packages, in one run. */
export async function runBenchCompare(
  io: CliIo,
  runtime: Runtime,
  runs: readonly string[],
  options: Options,
): Promise<number> {
  if (runs.length === 2) return compareFolders(io, runs[0] ?? '', runs[1] ?? '', options)
  if (runs.length === 1) throw usageError('one run alone cannot be compared. Give two run folders, or none and --data.')
  const missing = missingRivals(io.cwd)
  for (const rival of missing) {
    if (options['requireRivals'] === true) throw new ParapetError('engine_unavailable', missingPackage(rival.package))
    await io.stderr.write(`parapet: ${rival.name} is left out. ${missingPackage(rival.package)}\n`)
  }
  const rivals = RIVALS.filter((rival) => !missing.includes(rival)).map(({ name }) => name)
  return run(io, runtime, options, [
    ...new Set(['embedded', 'policy', ...rivals, ...(texts(options, 'subject') ?? [])]),
  ])
}

/** Prints the table of a finished run. */
export async function runBenchShow(io: CliIo, folder: string, options: Options): Promise<number> {
  const { run: shown } = await readRun(io, folder)
  await io.stdout.write(options['json'] === true ? `${JSON.stringify(shown)}\n` : renderRun(shown))
  return EXIT_OK
}

async function run(io: CliIo, runtime: Runtime, options: Options, names: readonly string[]): Promise<number> {
  const startedAt = new Date().toISOString()
  const out = text(options, 'out') ?? `parapet-bench-${startedAt.replace(/\.\d+Z$/, '').replace(/[-:]/g, '')}`
  const folder = resolve(io.cwd, out)
  await checkRunFolder(folder)
  const specs = names.map((name) =>
    parseSubject(
      name,
      RIVALS.map((rival) => rival.name),
    ),
  )
  const threshold = parseThreshold(text(options, 'threshold') ?? 'own')
  const harm = parseHarm(texts(options, 'judgeHarm'))
  const seed = number(options, 'seed') ?? 1
  const sets = await chosenSets(io, options, seed)
  const fittingSets = readPaths(io, texts(options, 'calibration') ?? [], text(options, 'calibrationFormat'))
  const failures = createFailureNotes(io)
  const controller = new AbortController()
  let stopped: 'SIGINT' | 'SIGTERM' | null = null
  const release = io.onStop((signal) => {
    stopped = signal
    controller.abort()
  })
  let subjects: readonly Subject[] = []
  try {
    subjects = await openSubjects(io, runtime, specs, { keys: texts(options, 'apiKeyEnv') ?? [], harm })
    const outcome = await runEvaluation({
      subjects,
      sets,
      fittingSets,
      thresholds: { default: threshold },
      failurePolicy: options['failures'] === 'exclude' ? 'exclude' : 'count_as_positive',
      concurrency: number(options, 'concurrency') ?? 1,
      perSampleTimeoutMs: (number(options, 'timeout') ?? 30) * 1000,
      seed,
      startedAt,
      signal: controller.signal,
      onProgress: createBenchProgress(io, options['quiet'] === true),
      onFailure: failures.note,
    })
    if (stopped !== null) return exitCodeOfSignal(stopped)
    await writeRunFolder(folder, outcome)
    await failures.tell()
    await io.stdout.write(options['json'] === true ? `${JSON.stringify(outcome.run)}\n` : renderRun(outcome.run))
    await io.stderr.write(`parapet: the run is in ${out}; open ${out}/report.html\n`)
    return someoneIsSilent(outcome) ? EXIT_ERROR : EXIT_OK
  } catch (error) {
    if (stopped !== null) return exitCodeOfSignal(stopped)
    throw error
  } finally {
    release()
    await closeSubjects(subjects)
  }
}

async function chosenSets(io: CliIo, options: Options, seed: number): Promise<readonly EvaluationSet[]> {
  const all = readPaths(io, texts(options, 'data') ?? [], text(options, 'format'))
  const sets = chooseSamples(all, {
    tasks: texts(options, 'task'),
    languages: texts(options, 'language'),
    limit: number(options, 'limit'),
    seed,
  })
  if (sets.length === 0) throw usageError('no sample is left to judge. Give --data, or loosen --task and --language.')
  for (const { name } of sets.filter((set) => !all.includes(set)))
    await io.stderr.write(`parapet: judging ${printable(name)}, seed ${seed}\n`)
  return sets
}

async function compareFolders(io: CliIo, left: string, right: string, options: Options): Promise<number> {
  const [ours, theirs] = [await readRun(io, left), await readRun(io, right)]
  const [mine, other] = [measuredNames(ours), measuredNames(theirs)]
  const shared = mine.filter((name) => other.includes(name))
  const only = mine.length === 1 && other.length === 1
  const pairs = only ? [[mine[0] ?? '', other[0] ?? ''] as const] : shared.map((name) => [name, name] as const)
  if (pairs.length === 0) throw usageError(`${left} and ${right} have no subject of the same name. Compare others.`)
  const bootstrap = { resamples: 1000, seed: number(options, 'seed') ?? 1 }
  const found = pairs.map(([one, two]) => {
    const sides: readonly [RunSubject, RunSubject] = [
      { outcome: ours, subject: one },
      { outcome: theirs, subject: two },
    ]
    return compareRuns(...sides, bootstrap)
  })
  const comparisons = found.flatMap((one) => one.comparisons)
  const changed = [...new Set(found.flatMap((one) => one.changedSets))]
  for (const set of changed)
    await io.stderr.write(`parapet: ${printable(set)} has other bytes in the two runs and is not compared\n`)
  await io.stdout.write(options['json'] === true ? `${JSON.stringify(comparisons)}\n` : renderComparisons(comparisons))
  return EXIT_OK
}

function measuredNames({ run: { subjects } }: EvaluationOutcome): readonly string[] {
  return subjects.filter(({ kind }) => kind === 'measured').map(({ name }) => name)
}

/** A subject whose every answer failed was not measured, whatever the failure policy made of it. */
function someoneIsSilent({ run: { subjects, results, sets } }: EvaluationOutcome): boolean {
  return subjects.some(({ name }) => {
    const own = results.flatMap((result) => (result.status === 'measured' && result.subject === name ? [result] : []))
    const asked = own.reduce((sum, { set }) => sum + (sets.find((one) => one.name === set)?.rows ?? 0), 0)
    const failed = own.reduce(
      (sum, { failures }) => sum + failures.errors + failures.timeouts + failures.parseFailures,
      0,
    )
    return asked > 0 && failed === asked
  })
}

/** One line that is rewritten on a terminal, a line for each finished set elsewhere. */
function createBenchProgress(io: CliIo, quiet: boolean): (progress: EvaluationProgress) => void {
  let shown = io.now()
  return ({ subject, set, done, total }) => {
    const now = io.now()
    const line = printable(`${subject} on ${set}: ${done} of ${total}`)
    if (quiet || (done < total && (!io.stderr.isTTY || now - shown < 200))) return
    shown = now
    void io.stderr.write(io.stderr.isTTY ? `\r\u001B[K${line}${done === total ? '\n' : ''}` : `${line}\n`)
  }
}

/** Counts failures by subject and keeps the first message of each. */
function createFailureNotes(io: CliIo): {
  readonly note: (subject: string, set: string, sample: string, message: string) => void
  readonly tell: () => Promise<void>
} {
  const counts = new Map<string, { count: number; readonly first: string }>()
  return {
    note: (subject, _set, _sample, message) => {
      const known = counts.get(subject)
      if (known === undefined) counts.set(subject, { count: 1, first: message })
      else known.count += 1
    },
    tell: async () => {
      for (const [subject, { count, first }] of counts)
        await io.stderr.write(printable(`parapet: ${subject} failed ${count} times, first with: ${first}`) + '\n')
    },
  }
}

function text(options: Options, name: string): string | undefined {
  const value = options[name]
  return typeof value === 'string' ? value : undefined
}

function texts(options: Options, name: string): readonly string[] | undefined {
  const value = options[name]
  return Array.isArray(value) ? value.map(String) : undefined
}

function number(options: Options, name: string): number | undefined {
  const value = options[name]
  return typeof value === 'number' ? value : undefined
}

async function readRun(io: CliIo, folder: string): Promise<EvaluationOutcome> {
  try {
    return await readRunFolder(resolve(io.cwd, folder))
  } catch (error) {
    throw fileUsageError(error)
  }
}
