/** How long one prompt takes once its scope was read, and how many pairs that is in a minute. One at a time, one thread. */
import type { TextClassifierEngine } from '../../../spec/index.ts'
import { latencyOf } from '../../eval/metrics/latency.ts'
import type { Latency } from '../develop-run.ts'
import type { Pair } from '../model/encode.ts'

/** Prompts before the first that is timed. */
export const WARM_UP = 10

/** Each prompt is given a number of its own, so that none is answered from a cache. Times vary from run to run. */
export async function measureLatency(
  engine: TextClassifierEngine,
  pairs: readonly Pair[],
  runtime: string,
): Promise<Latency> {
  const times: number[] = []
  const read = new Set<string>()
  for (const [at, { system, prompt }] of pairs.entries()) {
    if (at < WARM_UP || !read.has(system)) await engine.classify([{ text: `${prompt} (${at})`, context: system }])
    read.add(system)
    const started = performance.now()
    await engine.classify([{ text: `${prompt} ${at}`, context: system }])
    times.push(performance.now() - started)
  }
  const { p50, p99 } = latencyOf(times) ?? { p50: Number.NaN, p99: Number.NaN }
  // On a machine that others use, the fastest tenth says more of the work than the median does.
  const fast = times.toSorted((one, other) => one - other)[Math.floor(times.length / 10)] ?? Number.NaN
  const all = times.reduce((sum, time) => sum + time, 0)
  return { runtime, median: p50, fast, p99, pairsPerMinute: Math.round((60_000 * times.length) / all) }
}
