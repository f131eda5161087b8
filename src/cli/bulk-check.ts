/**
 * `parapet check --jsonl IN --out OUT`: one row for every physical line, in order, in bounded memory.
 *
 * What a line means is `row.ts`, how rows reach a file `resumable-file.ts`. Only rows go to standard output; progress goes to
 * standard error.
 */
import { createReadStream, type Stats } from 'node:fs'
import { realpath, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { ParapetError } from '../spec/errors.ts'
import { EXIT_BROKEN_PIPE, EXIT_OK, exitCodeOfSignal, fileProblem, usageError } from './exit.ts'
import { mapInOrder } from './in-order.ts'
import type { CliIo } from './io.ts'
import { countLines, readLines, type PhysicalLine } from './lines.ts'
import { createProgress, type Progress } from './progress.ts'
import {
  chainLine,
  openResumable,
  partialPaths,
  readCheckpoint,
  START,
  type Checkpoint,
  type RunIdentity,
} from './resumable-file.ts'
import { parseLine, thrownRow, toRow, type OutputRow } from './row.ts'
import { BrokenPipe, openDevice, openPipe, type RowWriter } from './row-writer.ts'
import type { Checker } from './runtime.ts'

export interface BulkOptions {
  /** Path, or `-` for standard input. */
  readonly input: string
  /** Path, or `-` for standard output. */
  readonly out: string
  readonly resume: boolean
  readonly quiet: boolean
  readonly concurrency: number
  /** Version of Parapet; runs of different versions are not mixed. */
  readonly version: string
  readonly openChecker: () => Promise<Checker>
}

/** Lines in memory at most: started, or done and waiting for one before them. */
const WINDOW = 256
const BUDGET_BYTES = 128 * 1024 * 1024

interface Target {
  readonly path: string
  /** Exists and is no regular file: written in place. */
  readonly device: boolean
}

/** How far an earlier run got, and how to go on. */
interface Plan {
  readonly from: Checkpoint
  readonly digests: boolean
  readonly open: () => Promise<RowWriter> | RowWriter
}

/** Runs a bulk check; the exit code is 0 once every line has its row. */
export async function runBulkCheck(io: CliIo, options: BulkOptions): Promise<number> {
  await requireInput(io, options.input)
  const target = options.out === '-' ? null : await findTarget(io, options)
  if (options.resume && (target === null || target.device)) {
    throw usageError('--resume needs a regular file as --out; a pipe cannot be continued.')
  }
  const progress = createProgress(io, options.quiet)
  const checker = await options.openChecker()
  try {
    const identity = { parapet: options.version, policy: checker.policyVersion }
    const plan = await makePlan(io, options, target, identity, progress)
    return plan === null ? EXIT_OK : await carryOut(io, options, plan, checker, progress)
  } finally {
    progress.end()
    await checker.close()
  }
}

async function makePlan(
  io: CliIo,
  options: BulkOptions,
  target: Target | null,
  identity: RunIdentity,
  progress: Progress,
): Promise<Plan | null> {
  if (target === null) return { from: START, digests: false, open: () => openPipe(io.stdout) }
  if (target.device) return { from: START, digests: false, open: () => openDevice(target.path) }
  const at = (from: Checkpoint): Plan => ({
    from,
    digests: true,
    open: () => openResumable({ out: target.path, identity, from, now: () => io.now() }),
  })
  const { partial, journal } = partialPaths(target.path)
  const left = await exists(partial)
  if (!options.resume) {
    if (left !== null) progress.note('rows of an interrupted run are discarded; --resume would have continued it')
    return at(START)
  }
  if (left !== null) return at(await readCheckpoint(target.path, identity))
  if ((await exists(target.path)) === null) return at(START)
  await requireFinished(io, options, target.path)
  await rm(journal, { force: true })
  progress.note(`${options.out} is complete already; nothing to do`)
  return null
}

/** A finished file has a row for every line; anything else was made from another input. */
async function requireFinished(io: CliIo, options: BulkOptions, out: string): Promise<void> {
  const rows = await countLines(createReadStream(out))
  const lines = await countLines(openInput(io, options.input))
  if (rows === lines) return
  throw usageError(
    `cannot resume: ${options.out} is finished with ${rows} rows, but the input has ${lines} lines. ` +
      'Run without --resume to write it anew, or choose another --out.',
  )
}

async function carryOut(
  io: CliIo,
  options: BulkOptions,
  plan: Plan,
  checker: Checker,
  progress: Progress,
): Promise<number> {
  const source = openInput(io, options.input)
  const lines = readLines(source, { digests: plan.digests })
  await skipAnswered(lines, plan.from)
  const writer = await plan.open()
  const stop = new AbortController()
  let stoppedBy: 'SIGINT' | 'SIGTERM' | null = null
  const release = io.onStop((signal) => {
    stoppedBy ??= signal
    stop.abort()
  })
  progress.start(plan.from.rows)
  try {
    await mapInOrder<PhysicalLine, OutputRow>(lines, {
      work: (line) => judge(line, checker, io, stop.signal),
      sink: async (row, line) => {
        await writer.write(JSON.stringify(row), line.digest)
        progress.row(row.decision)
      },
      idle: () => writer.idle(),
      concurrency: options.concurrency,
      window: WINDOW,
      weight: (line) => line.bytes?.length ?? 0,
      budget: BUDGET_BYTES,
      signal: stop.signal,
      closeSource: () => source.destroy(),
    })
    if (stoppedBy === null) await writer.finish()
  } catch (error) {
    await writer.stop().catch(() => undefined)
    if (error instanceof BrokenPipe) return EXIT_BROKEN_PIPE
    if (ParapetError.isInstance(error)) throw error
    throw usageError(`cannot read ${options.input}: ${fileProblem(error)}.`, error)
  } finally {
    release()
  }
  if (stoppedBy !== null) {
    await writer.stop()
    progress.note(`stopped after ${writer.rows} rows${plan.digests ? '; continue with --resume' : ''}`)
    return exitCodeOfSignal(stoppedBy)
  }
  progress.done(options.out)
  return EXIT_OK
}

async function judge(line: PhysicalLine, checker: Checker, io: CliIo, signal: AbortSignal): Promise<OutputRow> {
  const parsed = parseLine(line.bytes)
  if (!parsed.ok) return parsed.row
  const started = io.now()
  try {
    return toRow(await checker.check(parsed.input, { signal }), parsed.id)
  } catch (error) {
    return thrownRow(parsed.id, error, io.now() - started)
  }
}

/** Reads the lines that have their row and compares them with those of the interrupted run. */
async function skipAnswered(lines: AsyncGenerator<PhysicalLine>, from: Checkpoint): Promise<void> {
  let chain = ''
  for (let row = 0; row < from.rows; row += 1) {
    const next = await lines.next()
    if (next.done === true) {
      throw usageError(
        `cannot resume: the input has ${row} lines, but the interrupted run answered ${from.rows}. ` +
          'Give it the same input, or run without --resume to start again.',
      )
    }
    chain = chainLine(chain, next.value.digest)
  }
  if (chain === from.chain) return
  throw usageError(
    `cannot resume: the first ${from.rows} lines of the input have changed since the interrupted run. ` +
      'Give it the same input, or run without --resume to start again.',
  )
}

async function requireInput(io: CliIo, input: string): Promise<void> {
  if (input === '-') return
  const path = resolve(io.cwd, input)
  const info = await stat(path).catch((error: unknown) => {
    throw usageError(
      `cannot read ${input}: ${fileProblem(error)}. Give --jsonl the path of a JSON Lines file, or -.`,
      error,
    )
  })
  if (info.isDirectory()) throw usageError(`cannot read ${input}: it is a folder, not a file.`)
}

async function findTarget(io: CliIo, options: BulkOptions): Promise<Target> {
  const path = resolve(io.cwd, options.out)
  const info = await exists(path)
  if (info === null) {
    if ((await exists(dirname(path)))?.isDirectory() === true) return { path, device: false }
    throw usageError(`cannot write ${options.out}: its folder does not exist. Create it, or choose another --out.`)
  }
  if (info.isDirectory())
    throw usageError(`cannot write ${options.out}: it is a folder. Give --out the path of a file.`)
  const input = options.input === '-' ? null : await exists(resolve(io.cwd, options.input))
  if (info.isFile() && input !== null && input.ino === info.ino && input.dev === info.dev) {
    throw usageError('--jsonl and --out are the same file. Choose another --out.')
  }
  return { path: await realpath(path), device: !info.isFile() }
}

function openInput(io: CliIo, input: string): Readable {
  return input === '-' ? io.stdin : createReadStream(resolve(io.cwd, input), { highWaterMark: 256 * 1024 })
}

async function exists(path: string): Promise<Stats | null> {
  try {
    return await stat(path)
  } catch {
    return null
  }
}
