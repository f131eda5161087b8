/**
 * Thresholds from rows that are known to be clean: all fitted checks together flag at most a share of them. Every check gets the score of
 * the same rank, the lowest rank at which (flagged + 1) / (rows + 1) stays within the share (conformal risk control, Angelopoulos et al.
 * 2022, eq. 4, whose risk here is that any check flags a row). It holds for clean rows like those of the reference, and says nothing about
 * what is found.
 */
import { ParapetError } from '../../spec/errors.ts'
import { checkSpec } from './checks/check-list.ts'

export type Thresholds = Readonly<Record<string, number>>

/** Thresholds as they stand in the list of checks. */
export function defaultThresholds(names: readonly string[]): Thresholds {
  return Object.fromEntries(
    names.flatMap((name) => {
      const spec = checkSpec(name)
      return spec === undefined ? [] : [[name, spec.threshold]]
    }),
  )
}

/**
 * Fitted ones over them. A row without a score of a check is not flagged by it. Throws `input_invalid` where the rows are too few for the
 * share.
 */
export function fitThresholds(rows: readonly Readonly<Record<string, number>>[], share: number): Thresholds {
  const names = [...new Set(rows.flatMap((scores) => Object.keys(scores)))]
  const fitted = fittedChecks(rows)
  const allowed = Math.floor(share * (rows.length + 1) + 1e-9) - 1
  if (allowed < 0)
    throw new ParapetError(
      'input_invalid',
      `A reference of ${rows.length} rows is too small for a share of ${share}: it needs ${Math.ceil(1 / share - 1)}.`,
    )
  // What yes-or-no checks flag is flagged whatever the ranks are.
  const fixed = defaultThresholds(names.filter((name) => !fitted.includes(name)))
  const orders = new Map(
    fitted.map((name) => [name, rows.flatMap((scores) => scores[name] ?? []).toSorted((left, right) => right - left)]),
  )
  const at = (rank: number): Thresholds =>
    Object.fromEntries([
      ...Object.entries(fixed),
      ...fitted.map(
        (name) =>
          [name, Math.max(checkSpec(name)?.floor ?? 0, orders.get(name)?.[rank] ?? Number.POSITIVE_INFINITY)] as const,
      ),
    ])
  let best = at(0)
  for (let rank = 1; rank < rows.length; rank += 1) {
    const next = at(rank)
    if (rows.filter((scores) => isFlagged(scores, next)).length > allowed) break
    best = next
  }
  return best
}

/** Checks with scores here whose thresholds are fitted. */
export function fittedChecks(rows: readonly Readonly<Record<string, number>>[]): readonly string[] {
  const names = new Set(rows.flatMap((scores) => Object.keys(scores)))
  return [...names].filter((name) => (checkSpec(name)?.floor ?? null) !== null)
}

/** Whether any check lies above its threshold. */
export function isFlagged(scores: Readonly<Record<string, number>>, thresholds: Thresholds): boolean {
  for (const name in scores) if ((scores[name] ?? 0) > (thresholds[name] ?? Number.POSITIVE_INFINITY)) return true
  return false
}
