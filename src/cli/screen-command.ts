/** `parapet screen`: training data in, verdicts and a report out. Ctrl-C stops where --resume goes on. */
import { resolve } from 'node:path'
import { runScreen, FORM_NAMES, type RunScreenOptions, type ScreenRun } from '../lab/screen/index.ts'
import type { TaskQueue } from '../spec/task-queue.ts'
import { checkpointPath } from '../lab/checkpoints/checkpoint-path.ts'
import { holdFolder } from '../lab/jobs/hold-folder.ts'
import { EXIT_NEGATIVE, EXIT_OK, usageError } from './exit.ts'
import type { CliIo } from './io.ts'
import { runLabJob } from './lab-run.ts'
import type { Runtime } from './runtime.ts'
import { openOutsideChecks, type OutsideChecks } from './screen-outside.ts'
import { openQueue } from './screen-queue.ts'

type Options = Readonly<Record<string, unknown>>

/** Exit code 0 or 1 by what was found; 130 or 143 when stopped. */
export async function runScreenCommand(
  io: CliIo,
  runtime: Runtime,
  data: readonly string[],
  options: Options,
): Promise<number> {
  const text = (name: string): string | undefined => (typeof options[name] === 'string' ? options[name] : undefined)
  const path = (name: string): string | undefined => {
    const given = text(name)
    return given === undefined ? undefined : resolve(io.cwd, given)
  }
  const number = (name: string): number => Number(options[name])
  const model = text('model')
  const form = FORM_NAMES.find((name) => name === options['format'])
  if (options['canary'] === true && model === undefined)
    throw usageError('--canary tunes a copy of a checkpoint: name it with --model FOLDER, or --model demo.')
  if (model?.includes('://') === true)
    throw usageError(`--model ${model} is an address. Give the folder of a checkpoint, or demo.`)
  const url = text('queue')
  if (url !== undefined && number('workers') !== 1)
    throw usageError(
      '--workers are threads of this machine. With --queue start `parapet screen-worker` as often as you like.',
    )
  const out = resolve(io.cwd, String(options['out']))
  // Two runs in one folder would mix their chunks.
  const letGo = holdFolder(out)
  let outside: OutsideChecks | undefined
  let queue: TaskQueue | undefined
  let run: ScreenRun | undefined
  const whenStopped = 'stopped. The same command with --resume goes on.'
  try {
    outside = await openOutsideChecks(io, runtime, { policy: text('policy'), judge: text('judge') })
    const { checks } = outside
    queue = url === undefined ? undefined : await openQueue(io, url)
    const shared = queue === undefined ? {} : { shared: { queue, version: runtime.version, lease: number('lease') } }
    const code = await runLabJob(io, { quiet: options['quiet'] === true, whenStopped }, async (context) => {
      run = await runScreen({
        ...{ data: data.map((name) => resolve(io.cwd, name)), out },
        ...(form === undefined ? {} : { form }),
        ...{ guards: list(options['guard']).map((name) => resolve(io.cwd, name)) },
        ...paths(['reference', 'known', 'clean', 'flagged'], path),
        ...(model === undefined ? {} : { model: model === 'demo' ? model : checkpointPath(io.cwd, model) }),
        ...(options['canary'] === true ? { canary: canaryOf(number, path('probe')) } : {}),
        ...{ falseAlarms: number('falseAlarms'), outside: checks, workers: number('workers') },
        ...shared,
        ...{ threads: number('threads'), seed: number('seed'), resume: options['resume'] === true },
        ...context,
      })
      return linesOf(run, out)
    })
    return code === EXIT_OK && run !== undefined ? exitCodeOf(run, number('failOn')) : code
  } finally {
    await queue?.close()
    await outside?.close()
    letGo()
  }
}

/** 1 where too much did not pass, and where the canary lost its safety or could show nothing: what was not shown is not safe. */
function exitCodeOf({ tally, canary }: ScreenRun, failOn: number): number {
  const share = tally.rows === 0 ? 0 : (tally.flagged + tally.unscreened) / tally.rows
  return share > failOn || (canary !== null && canary.verdict !== 'unseen') ? EXIT_NEGATIVE : EXIT_OK
}

function linesOf({ tally, conclusion }: ScreenRun, out: string): readonly string[] {
  const found = tally.checks.filter(({ flagged }) => flagged > 0)
  return [
    ...found.map(({ check, flagged, alone }) => `${check}: ${flagged} rows, ${alone} by it alone`),
    ...tally.problems.slice(0, 10).map(({ file, line, problem }) => `${file}, line ${line}: ${problem}`),
    ...(tally.problems.length > 10 ? [`more rows that could not be screened stand in ${out}/rows.jsonl`] : []),
    conclusion,
    `${out}/report.html`,
  ]
}

function canaryOf(
  number: (name: string) => number,
  probe: string | undefined,
): NonNullable<RunScreenOptions['canary']> {
  return {
    ...{ epochs: number('canaryEpochs'), rate: number('canaryRate'), batch: number('canaryBatch') },
    ...{ rows: number('canaryRows'), probeRows: number('probeRows'), ...(probe === undefined ? {} : { probe }) },
  }
}

function list(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}

type Paths = Pick<RunScreenOptions, 'reference' | 'known' | 'clean' | 'flagged'>

/** Those of the paths that were given. */
function paths(names: readonly (keyof Paths)[], path: (name: string) => string | undefined): Paths {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = path(name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}
