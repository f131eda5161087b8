/** What the model should reach, and whether it does. The comparison is made on the unrounded value. */

export interface Aim {
  readonly name: string
  /** In the unit of the target; null where it could not be measured. */
  readonly value: number | null
  readonly target: number
  readonly kind: 'at least' | 'at most'
  /** Written behind value and target. */
  readonly unit: string
}

export type Verdict = 'reached' | 'not measured' | `MISSED by ${string}`

/** An aim about a share of 0…1, with a target in per cent. */
export function percentAim(name: string, value: number | null, kind: Aim['kind'], target: number): Aim {
  return { name, value: value === null ? null : 100 * value, target, kind, unit: '%' }
}

export function verdictOf({ value, target, kind }: Aim): Verdict {
  if (value === null) return 'not measured'
  const short = kind === 'at least' ? target - value : value - target
  return short <= 0 ? 'reached' : `MISSED by ${short.toPrecision(2)}`
}
