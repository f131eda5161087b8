/**
 * Whether the rows that passed look like the rows that thresholds were fitted on: the two-sample test of Kolmogorov and Smirnov for each
 * fitted check. Thresholds promise a share of false alarms for rows like the reference only. Flagged rows are left out on both sides, so
 * that a little poison does not make a good reference look wrong; much poison that passes does, and that is worth the same warning.
 */
import { isFlagged, type Thresholds } from '../thresholds.ts'

export interface CheckDistance {
  readonly check: string
  /** Largest difference of the two shares of rows up to a score, 0…1. */
  readonly distance: number
  /** Of such a difference by chance, times the number of checks. */
  readonly p: number
}

export interface Unlikeness {
  /** Largest distance first. */
  readonly checks: readonly CheckDistance[]
  /** Whether one of them is too large to promise anything, or most rows are flagged. */
  readonly unlike: boolean
}

type Scores = Readonly<Record<string, number>>

/** Smaller differences move the share of false alarms little, however sure they are. */
const LEAST = 0.08
const LEVEL = 0.001
/** Rows of a side below which nothing is said. */
const FEWEST = 50

/** `set` and `reference` are scores of rows; checks that one side lacks are left out. */
export function unlikenessOf(
  set: readonly Scores[],
  reference: readonly Scores[],
  thresholds: Thresholds,
  fitted: readonly string[],
): Unlikeness {
  const kept = [set, reference].map((rows) => rows.filter((scores) => !isFlagged(scores, thresholds)))
  const measured = fitted.flatMap((check) => {
    const [ours, theirs] = kept.map((rows) => sortedScores(rows, check))
    if (ours === undefined || theirs === undefined || Math.min(ours.length, theirs.length) < FEWEST) return []
    const distance = largestDifference(ours, theirs)
    return [{ check, distance, chance: chanceOf(distance, ours.length, theirs.length) }]
  })
  const checks = measured
    .map(({ check, distance, chance }) => ({ check, distance, p: Math.min(1, chance * measured.length) }))
    .toSorted((left, right) => right.distance - left.distance)
  // Where most rows are flagged, those that passed tell nothing any more.
  const mostFlagged = set.length >= FEWEST && (kept[0]?.length ?? 0) < set.length / 2
  return { checks, unlike: mostFlagged || checks.some(({ distance, p }) => distance >= LEAST && p < LEVEL) }
}

function sortedScores(rows: readonly Scores[], check: string): Float64Array {
  return Float64Array.from(rows.flatMap((scores) => scores[check] ?? [])).toSorted()
}

/** Of the two empirical distribution functions; both lists are in rising order. */
function largestDifference(left: Float64Array, right: Float64Array): number {
  let [a, b, largest] = [0, 0, 0]
  while (a < left.length && b < right.length) {
    const value = Math.min(left[a] ?? Infinity, right[b] ?? Infinity)
    while (a < left.length && left[a] === value) a += 1
    while (b < right.length && right[b] === value) b += 1
    largest = Math.max(largest, Math.abs(a / left.length - b / right.length))
  }
  return largest
}

/** Kolmogorov's limit with Stephens' correction for small samples (1970). */
function chanceOf(distance: number, left: number, right: number): number {
  const size = Math.sqrt((left * right) / (left + right))
  const lambda = (size + 0.12 + 0.11 / size) * distance
  // The series does not converge near 0, where the chance is 1.
  if (lambda < 0.3) return 1
  let sum = 0
  for (let k = 1; k <= 20; k += 1) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * lambda * lambda)
  return Math.max(0, Math.min(1, sum))
}
