/**
 * One and two workers, as threads and as processes over a queue, in turns, beside two screens that have nothing to do with each other: that is what
 * this machine gives two of anything. By the clock, with what else the machine does; and by processor time of the workers and of the screen itself, which
 * says how many workers one screen could feed. Processes are those of `parapet screen-worker`, run from source.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packageVersion } from '../../src/cli/package-files.ts'
import { openSharedQueue } from '../../src/compose/task-queue.ts'
import { runInWorker } from '../../src/lab/jobs/worker-job.ts'
import { runScreen } from '../../src/lab/screen/index.ts'
import { findPostgres, startPostgres } from '../../test/store/postgres-server.ts'
import { ordinary } from './speed.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
/** Clock ticks of a second in /proc, on every Linux that Node runs on. */
const TICKS = 100

/** One run: rows a second by the clock, once warm, and rows a second of processor time. */
interface Rates {
  readonly clock: number
  /** Of the workers; null where they cannot be told from the screen. */
  readonly worker: number | null
  readonly screen: number | null
  readonly database: number | null
}

type Mode = 'threads' | 'queue' | 'unconnected'

export async function measureWorkers(options: {
  readonly folder: string
  readonly rows: number
  readonly rounds: number
  readonly print: (line: string) => void
}): Promise<void> {
  const { folder, rows, rounds, print } = options
  const programs = findPostgres()
  if (programs === null) return print('No PostgreSQL is installed, so workers over a queue are not measured.')
  const data = join(folder, 'workers.jsonl')
  writeFileSync(data, ordinary(rows))
  const server = await startPostgres(programs, true)
  const runs = new Map<string, Rates[]>()
  print(`${rows} rows of ${Math.round(readFileSync(data).length / rows)} bytes, ${rounds} rounds\n`)
  print(
    '| round | workers | how | rows/s | of workers’ processor time | of the screen’s | of the database’s | load before |',
  )
  print('|---|---|---|---|---|---|---|---|')
  try {
    for (let round = 1; round <= rounds; round += 1)
      for (const [mode, workers] of CASES) {
        const load = loadavg()[0] ?? 0
        const rates = await RUN[mode]({ data, folder, rows, workers, url: server.url('screens') })
        runs.set(`${mode} ${workers}`, [...(runs.get(`${mode} ${workers}`) ?? []), rates])
        print(
          `| ${round} | ${workers} | ${mode} | ${rates.clock.toFixed(0)} | ${shown(rates.worker)} | ${shown(rates.screen)} | ${shown(rates.database)} | ${load.toFixed(1)} |`,
        )
      }
  } finally {
    await server.remove()
  }
  const median = (name: string, of: keyof Rates = 'clock'): number =>
    medianOf((runs.get(name) ?? []).map((rates) => rates[of] ?? NaN))
  const ceiling = median('unconnected 2') / median('threads 1')
  print('')
  for (const mode of ['threads', 'queue'] as const) {
    const gain = median(`${mode} 2`) / median(`${mode} 1`)
    print(
      `${mode}: two workers ${gain.toFixed(2)} times one, ${(50 * gain).toFixed(0)} % of linear; two unconnected screens here are ${ceiling.toFixed(2)} times one`,
    )
  }
  const [worker, thread] = [median('queue 1', 'worker'), median('threads 1', 'worker')]
  print(
    `by processor time: a worker of the queue judges ${(100 * (worker / thread)).toFixed(0)} % of what a thread does; one screen could feed ${(median('queue 1', 'screen') / worker).toFixed(1)} workers, a processor of its database ${(median('queue 1', 'database') / worker).toFixed(1)}`,
  )
}

const CASES: readonly (readonly [Mode, number])[] = [
  ['threads', 1],
  ['queue', 1],
  ['unconnected', 2],
  ['queue', 2],
  ['threads', 2],
]

interface Case {
  readonly data: string
  readonly folder: string
  readonly rows: number
  readonly workers: number
  readonly url: string
}

const RUN: Readonly<Record<Mode, (one: Case) => Promise<Rates>>> = {
  async threads({ data, folder, rows, workers }) {
    const { clock, busy } = await screened(data, join(folder, 'out'), rows, { workers })
    return { clock, worker: workers === 1 ? busy : null, screen: null, database: null }
  },
  async queue({ data, folder, rows, workers, url }) {
    const processes = Array.from({ length: workers }, () => startWorker(url))
    const queue = await openSharedQueue(url)
    try {
      await Promise.all(processes.map(ready))
      const shared = { queue, version: packageVersion(), lease: 60 }
      const { clock, busy, others } = await screened(data, join(folder, 'out'), rows, { workers: 1, shared }, [
        () => processes.reduce((sum, { pid }) => sum + (pid === undefined ? 0 : processorSeconds(`${pid}`)), 0),
        databaseSeconds,
      ])
      return { clock, worker: others[0] ?? null, screen: busy, database: others[1] ?? null }
    } finally {
      await queue.close()
      for (const process of processes) process.kill('SIGTERM')
      await Promise.all(processes.map((process) => new Promise((resolve) => process.once('exit', resolve))))
    }
  },
  async unconnected({ data, folder, rows, workers }) {
    const module = new URL('./workers.ts', import.meta.url)
    const rates = await Promise.all(
      Array.from({ length: workers }, (_, at) =>
        runInWorker<AloneOptions, number>({
          ...{ module, exportName: 'screenAlone', options: { data, out: join(folder, `out-${at}`), rows } },
        }),
      ),
    )
    return { clock: rates.reduce((sum, rate) => sum + rate, 0), worker: null, screen: null, database: null }
  },
}

interface AloneOptions {
  readonly data: string
  readonly out: string
  readonly rows: number
}

/** A screen in a thread of its own, as a job. */
export async function screenAlone({ data, out, rows }: AloneOptions): Promise<number> {
  return (await screened(data, out, rows, { workers: 1 })).clock
}

async function screened(
  data: string,
  out: string,
  rows: number,
  how: Pick<Parameters<typeof runScreen>[0], 'workers' | 'shared'>,
  /** Processor seconds of other processes. */
  others: readonly (() => number)[] = [],
): Promise<{ readonly clock: number; readonly busy: number; readonly others: readonly number[] }> {
  let [first, last, before, done, busyBefore, busy] = [0, 0, 0, 0, 0, 0]
  let [othersBefore, othersNow]: (readonly number[])[] = [[], []]
  await runScreen({
    ...{ data: [data], out, threads: 1, seed: 1, resume: false, outside: [], falseAlarms: 0.01, ...how },
    onProgress: (message) => {
      const seen = /^checks: (\d+)/.exec(message)?.[1]
      if (seen === undefined) return
      done = Number(seen)
      last = performance.now()
      const { user, system } = process.cpuUsage()
      busy = (user + system) / 1e6
      othersNow = others.map((seconds) => seconds())
      // The first chunks load models and warm the compiler.
      if (first === 0 && done >= rows / 4) [first, before, busyBefore, othersBefore] = [last, done, busy, othersNow]
    },
  })
  rmSync(out, { recursive: true })
  const counted = done - before
  return {
    clock: counted / ((last - first) / 1000),
    busy: counted / (busy - busyBefore),
    others: (othersNow ?? []).map((seconds, at) => counted / (seconds - (othersBefore?.[at] ?? 0))),
  }
}

function startWorker(url: string): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', MAIN, 'screen-worker', '--queue', 'PARAPET_QUEUE'], {
    ...{ env: { ...process.env, PARAPET_QUEUE: url }, stdio: ['ignore', 'ignore', 'pipe'] },
  })
}

function ready(worker: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.stderr?.on('data', (piece: Buffer) => {
      if (piece.toString().includes('waiting for screens')) resolve()
    })
    worker.once('exit', (code) => reject(new Error(`A worker ended with ${code}.`)))
  })
}

/** User and system time of a process, by /proc (Linux); of one that has gone nothing. `ended` adds that of its children that have. */
function processorSeconds(pid: string, ended = false): number {
  const fields = statOf(pid)
  return fields.slice(11, ended ? 15 : 13).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS
}

/** Of all processes of the PostgreSQL that this process has started. */
function databaseSeconds(): number {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const parents = new Map(processes.map((pid) => [pid, statOf(pid)[1]]))
  const main = processes.filter(
    (pid) => parents.get(pid) === String(process.pid) && statOf(pid, true)[0]?.includes('(postgres'),
  )
  return processes.reduce((sum, pid) => {
    if (main.includes(pid)) return sum + processorSeconds(pid, true)
    return main.includes(parents.get(pid) ?? '') ? sum + processorSeconds(pid) : sum
  }, 0)
}

/** Fields after the name, or the name alone. */
function statOf(pid: string, name = false): readonly string[] {
  let text = ''
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return []
  }
  const end = text.lastIndexOf(')') + 1
  return name ? [text.slice(0, end)] : text.slice(end + 1).split(' ')
}

function shown(rate: number | null): string {
  return rate === null ? '' : rate.toFixed(0)
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2
}
