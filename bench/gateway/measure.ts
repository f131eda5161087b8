/** One contender in one round: what is measured, in which order, and for how long. */
import type { Contender } from './contenders.ts'
import type { Bounds } from './load.ts'
import { closedLoop, openLoop, streams } from './load.ts'

/** How much of everything. */
export interface Effort {
  readonly rounds: number
  readonly warmUp: number
  readonly one: Bounds
  readonly many: Bounds
  readonly open: Bounds
  readonly paced: Bounds & { readonly concurrency: number }
  readonly flat: Bounds & { readonly concurrency: number }
  /** Requests after which memory is read. */
  readonly memory: readonly [early: number, late: number]
}

export const FULL: Effort = {
  rounds: 3,
  warmUp: 3000,
  one: { count: 2000, ms: 3000 },
  many: { count: 40_000, ms: 4000 },
  open: { count: 40_000, ms: 4000 },
  paced: { count: 40, ms: 3000, concurrency: 20 },
  flat: { count: 5000, ms: 3000, concurrency: 8 },
  memory: [10_000, 100_000],
}

/** Enough to see that everything runs; its figures mean nothing. */
export const QUICK: Effort = {
  rounds: 1,
  warmUp: 100,
  one: { count: 100, ms: 1000 },
  many: { count: 500, ms: 1000 },
  open: { count: 300, ms: 1000 },
  paced: { count: 4, ms: 1000, concurrency: 4 },
  flat: { count: 20, ms: 1000, concurrency: 4 },
  memory: [200, 600],
}

export const CONCURRENCY = 64
/** Requests a second of the open loop on the model server alone. */
const MOST_DIRECT = 1000
/** Two hundred tokens, a hundred a second. */
export const PACED = 'paced-200-100'
const FLAT = 'flat-200'

/** Figures of one contender in one round. Times in milliseconds. */
export interface Figures {
  readonly alone: { readonly rate: number; readonly p50: number; readonly p99: number }
  readonly many: { readonly rate: number; readonly p50: number; readonly p99: number; readonly cpuPerRequest: number }
  /** Open loop at half its rate at `CONCURRENCY`; `direct` is the model server alone at the same rate. */
  readonly open: {
    readonly rate: number
    readonly p50: number
    readonly p99: number
    readonly direct: { readonly p50: number; readonly p99: number }
  }
  readonly paced: StreamFigures
  readonly flat: StreamFigures
  /** Requests that a guard stopped, of those that were answered. */
  readonly stopped: number
  readonly asked: number
  readonly failed: number
}

export interface StreamFigures {
  readonly firstP50: number
  readonly firstP99: number
  /** Tokens of streams that were read to their end. */
  readonly tokensPerSecond: number
  readonly eventsPerSecond: number
  /** Microseconds of processor time for each token. */
  readonly cpuPerToken: number
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

export async function measure(contender: Contender, direct: Contender, effort: Effort, seed: number): Promise<Figures> {
  const { target } = contender
  await closedLoop(target, 16, { count: effort.warmUp, ms: 5000 })
  const alone = await closedLoop(target, 1, effort.one)
  const before = contender.cpu()
  const many = await closedLoop(target, CONCURRENCY, effort.many)
  const cpu = spent(contender, before)
  const rate = (many.latencies.length * 1000) / many.ms
  // The model server alone is faster than the generator can open connections: it is compared at the others' rates only.
  const openRate = contender === direct ? MOST_DIRECT : rate / 2
  const open = await openLoop(target, openRate, effort.open, seed)
  const openDirect = contender === direct ? open : await openLoop(direct.target, openRate, effort.open, seed)
  const paced = await streamFigures(contender, PACED, effort.paced)
  const flat = await streamFigures(contender, FLAT, effort.flat)
  return {
    alone: { rate: (alone.latencies.length * 1000) / alone.ms, ...percentiles(alone.latencies) },
    many: { rate, ...percentiles(many.latencies), cpuPerRequest: (cpu * 1000) / many.latencies.length },
    open: { rate: openRate, ...percentiles(open.latencies), direct: percentiles(openDirect.latencies) },
    paced: paced.figures,
    flat: flat.figures,
    stopped: alone.stopped + many.stopped + open.stopped,
    asked: [alone, many, open].reduce((sum, { latencies }) => sum + latencies.length, 0),
    failed: alone.failed + many.failed + open.failed + paced.failed + flat.failed,
  }
}

async function streamFigures(
  contender: Contender,
  model: string,
  { concurrency, ...bounds }: Effort['paced'],
): Promise<{ readonly figures: StreamFigures; readonly failed: number }> {
  const before = contender.cpu()
  const { first, events, tokens, failed, ms } = await streams(contender.target, model, concurrency, bounds)
  const cpu = spent(contender, before)
  const figures = {
    firstP50: percentile(first, 0.5),
    firstP99: percentile(first, 0.99),
    tokensPerSecond: (tokens * 1000) / ms,
    eventsPerSecond: (events * 1000) / ms,
    cpuPerToken: (cpu * 1000) / tokens,
  }
  return { figures, failed }
}

/** Resident memory after a small and a large number of requests, of a process of its own. */
export async function measureMemory(
  contender: Contender,
  [early, late]: Effort['memory'],
): Promise<{
  readonly early: number
  readonly late: number
  readonly failed: number
}> {
  const first = await closedLoop(contender.target, 16, { count: early, ms: 120_000 })
  const atFirst = await settledRss(contender)
  const rest = await closedLoop(contender.target, 16, { count: late - early, ms: 400_000 })
  return { early: atFirst, late: await settledRss(contender), failed: first.failed + rest.failed }
}

/** Median of some readings, so that one collection of garbage does not decide. */
async function settledRss(contender: Contender): Promise<number> {
  const readings: number[] = []
  for (let index = 0; index < 9; index += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    readings.push(contender.rss() ?? Number.NaN)
  }
  return median(readings)
}

function percentiles(values: readonly number[]): { readonly p50: number; readonly p99: number } {
  return { p50: percentile(values, 0.5), p99: percentile(values, 0.99) }
}

function spent(contender: Contender, before: number | null): number {
  const after = contender.cpu()
  return before === null || after === null ? Number.NaN : after - before
}
