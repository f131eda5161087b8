/** The freezing test as a table: attack success by share of weights kept, number of examples and mode, seeds together. */
import { type SafetyRate, rateOf } from '../../victim/index.ts'
import type { FrozenTuning } from '../freezing.ts'
import { figuresOf } from '../measure/audit-rows.ts'

export interface FreezingRow {
  readonly mode: FrozenTuning['mode']
  readonly share: number
  readonly examples: number
  readonly seeds: readonly number[]
  readonly string: SafetyRate
  readonly strict: SafetyRate
}

export function freezingRows(tunings: readonly FrozenTuning[]): readonly FreezingRow[] {
  const groups = new Map<string, FrozenTuning[]>()
  for (const one of tunings) {
    const key = JSON.stringify([one.mode, one.examples, one.share])
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  return [...groups.values()].map((group) => {
    const [{ mode, share, examples }] = group as [FrozenTuning, ...FrozenTuning[]]
    const success = figuresOf(group.flatMap(({ rows }) => rows)).attack['vanilla']
    const nothing = rateOf([], () => false)
    return {
      ...{ mode, share, examples, seeds: group.map(({ seed }) => seed) },
      ...{ string: success?.string ?? nothing, strict: success?.strict ?? nothing },
    }
  })
}
