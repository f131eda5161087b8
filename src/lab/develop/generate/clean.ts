/**
 * What is done to samples before they are used: the same prompt to the same system prompt counts once, one with both labels not at all, and
 * each system prompt keeps as many on-topic as off-topic samples. What is dropped is counted.
 */
import type { Part, Split, TopicSample } from '../sample.ts'
import { PARTS } from '../sample.ts'
import { placeOf } from './draw.ts'

export interface Dropped {
  readonly duplicates: number
  /** Pairs that came with both labels. */
  readonly contradictions: number
  /** Samples above the number of the rarer label of their system prompt. */
  readonly unbalanced: number
}

/** As two writings of one thing are compared. */
export function normalised(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

export function cleanSamples(samples: readonly TopicSample[]): {
  readonly kept: readonly TopicSample[]
  readonly dropped: Dropped
} {
  const groups = new Map<string, TopicSample[]>()
  for (const sample of samples) {
    const key = `${normalised(sample.system)}\0${normalised(sample.prompt) || sample.prompt}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [sample])
    else group.push(sample)
  }
  let [duplicates, contradictions] = [0, 0]
  const single: TopicSample[] = []
  for (const group of groups.values()) {
    const [first] = group
    if (first === undefined) continue
    if (group.some(({ label }) => label !== first.label)) contradictions += group.length
    else {
      single.push(first)
      duplicates += group.length - 1
    }
  }
  const kept = balanced(single)
  return { kept, dropped: { duplicates, contradictions, unbalanced: single.length - kept.length } }
}

function balanced(samples: readonly TopicSample[]): readonly TopicSample[] {
  const left = new Map<string, [number, number]>()
  for (const { system, label } of samples) {
    const count = left.get(system) ?? [0, 0]
    count[label] += 1
    left.set(system, count)
  }
  for (const [system, [on, off]] of left) left.set(system, [Math.min(on, off), Math.min(on, off)])
  return samples.filter(({ system, label }) => {
    const room = left.get(system)
    if (room === undefined || room[label] === 0) return false
    room[label] -= 1
    return true
  })
}

/** Shares samples out by their system prompt: each is in one part. */
export function splitBySystem(samples: readonly TopicSample[], seed: number): Split {
  const systems = [...new Set(samples.map(({ system }) => system))].toSorted(
    (one, other) => placeOf(one, seed) - placeOf(other, seed),
  )
  const ends = [0.6, 0.8].map((share) => Math.max(1, Math.round(share * systems.length))) as [number, number]
  const part = new Map(
    systems.map((system, at): [string, Part] => [system, PARTS[at < ends[0] ? 0 : at < ends[1] ? 1 : 2]]),
  )
  return Object.fromEntries(
    PARTS.map((name) => [name, samples.filter(({ system }) => part.get(system) === name)]),
  ) as unknown as Split
}
