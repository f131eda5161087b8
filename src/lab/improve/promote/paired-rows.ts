/** What two versions said of the same pinned texts, side by side, and counts of where they differ. */
import type { PredictionRecord } from '../../eval/run-format.ts'
import type { PinnedSet, PinRole } from './pins.ts'

/** One text under both versions. */
export interface JudgedPair {
  readonly set: string
  readonly role: PinRole
  readonly language: string
  readonly categories: readonly string[]
  readonly label: 0 | 1
  /** Flagged at the threshold; what failed counts as flagged. */
  readonly current: boolean
  readonly candidate: boolean
}

/** How a part of the pinned texts fared. */
export interface SliceChange {
  readonly name: string
  readonly rows: number
  readonly positives: number
  /** Wrong decisions. */
  readonly errorsBefore: number
  readonly errorsAfter: number
  /** Wrong only before; wrong only after. */
  readonly better: number
  readonly worse: number
}

/** Pairs in the order of the sets. */
export function pairsOf(
  sets: readonly PinnedSet[],
  predictions: readonly PredictionRecord[],
  { current, candidate }: { readonly current: string; readonly candidate: string },
): readonly JudgedPair[] {
  const flagged = new Map(predictions.map(({ subject, set, id, flagged: is }) => [`${subject}\n${set}\n${id}`, is]))
  return sets.flatMap(({ set, role }) =>
    set.samples.map(({ id, language, categories, label }) => ({
      ...{ set: set.name, role, language, categories, label },
      current: flagged.get(`${current}\n${set.name}\n${id}`) ?? true,
      candidate: flagged.get(`${candidate}\n${set.name}\n${id}`) ?? true,
    })),
  )
}

export function changeOf(name: string, pairs: readonly JudgedPair[]): SliceChange {
  const wrong = (pair: JudgedPair, of: 'current' | 'candidate'): boolean => pair[of] !== (pair.label === 1)
  const count = (test: (pair: JudgedPair) => boolean): number => pairs.filter(test).length
  return {
    ...{ name, rows: pairs.length, positives: count(({ label }) => label === 1) },
    errorsBefore: count((pair) => wrong(pair, 'current')),
    errorsAfter: count((pair) => wrong(pair, 'candidate')),
    better: count((pair) => wrong(pair, 'current') && !wrong(pair, 'candidate')),
    worse: count((pair) => !wrong(pair, 'current') && wrong(pair, 'candidate')),
  }
}

/** By a key that a pair has once or several times, the largest first. */
export function changesBy(
  pairs: readonly JudgedPair[],
  keysOf: (pair: JudgedPair) => readonly string[],
): readonly SliceChange[] {
  const groups = new Map<string, JudgedPair[]>()
  for (const pair of pairs)
    for (const key of new Set(keysOf(pair))) {
      const group = groups.get(key) ?? []
      group.push(pair)
      groups.set(key, group)
    }
  return [...groups]
    .map(([name, group]) => changeOf(name, group))
    .toSorted((left, right) => right.rows - left.rows || (left.name < right.name ? -1 : 1))
}
