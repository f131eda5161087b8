/** Figures as a reader sees them: shares in per cent with one decimal, "–" where a figure is not defined. */
import type { Interval } from '../metrics/binomial.ts'

const NONE = '–'

/** 0.8731 → "87.3". */
export function inPercent(value: number | null): string {
  return value === null ? NONE : (100 * value).toFixed(1)
}

/** "84.1 to 90.2", empty without an interval. */
export function intervalInPercent(interval: Interval | null): string {
  return interval === null ? '' : `${inPercent(interval.low)} to ${inPercent(interval.high)}`
}

/** A difference in points, with its sign. */
export function inPoints(value: number | null): string {
  if (value === null) return NONE
  const points = (100 * value).toFixed(1)
  return value > 0 ? `+${points}` : points.replace('-', '−')
}

/** Three decimals. */
export function inDecimals(value: number | null): string {
  return value === null ? NONE : value.toFixed(3)
}

/** Thousands apart: 10,000. */
export function inWhole(value: number | null): string {
  return value === null ? NONE : value.toLocaleString('en-US', { maximumFractionDigits: 0 })
}

/** A p value; tiny ones as a bound. */
export function inProbability(value: number): string {
  return value < 0.001 ? '< 0.001' : value.toFixed(3)
}

/** Milliseconds with three significant digits. */
export function inMilliseconds(value: number): string {
  return value >= 100 ? inWhole(value) : String(Number(value.toPrecision(3)))
}
