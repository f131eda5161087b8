/** Latency of a subject's attempts in milliseconds: nearest-rank percentiles, of all attempts that ran, failures included. */

export interface Latency {
  readonly p50: number
  readonly p99: number
}

/** The smallest value with at least `share` of the values at or below it; null without values. */
export function percentile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((left, right) => left - right)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? null
}

/** Median and 99th percentile; null where nothing ran. */
export function latencyOf(milliseconds: readonly number[]): Latency | null {
  const p50 = percentile(milliseconds, 0.5)
  const p99 = percentile(milliseconds, 0.99)
  return p50 === null || p99 === null ? null : { p50, p99 }
}
