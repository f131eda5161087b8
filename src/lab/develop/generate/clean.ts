/**
 * What is done to samples before they are used: the same prompt to the same system prompt counts once, one with both labels not at all, and
 * each system prompt keeps as many on-topic as off-topic samples. What is dropped is counted.
 */
import type { Part, Split, TopicSample } from '../sample.ts'
import { PARTS } from '../sample.ts'
import { placeOf } from './draw.ts'
import { normalised, wordsKey } from './share-out.ts'

export interface Dropped {
  readonly duplicates: number
  /** Pairs that came with both labels. */
  readonly contradictions: number
  /** Samples above the number of the rarer label of their system prompt. */
  readonly unbalanced: number
  /** Samples whose prompt, or a near-duplicate of it, stands in an earlier part beside another system prompt. */
  readonly repeated: number
}

export function cleanSamples(samples: readonly TopicSample[]): {
  readonly kept: readonly TopicSample[]
  readonly dropped: Omit<Dropped, 'repeated'>
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

/** Shares samples out by their system prompt: each is in one part, with its near-duplicates. */
export function splitBySystem(samples: readonly TopicSample[], seed: number): Split {
  const systems = [...new Set(samples.map(({ system }) => wordsKey(system)))].toSorted(
    (one, other) => placeOf(one, seed) - placeOf(other, seed),
  )
  const ends = [0.6, 0.8].map((share) => Math.max(1, Math.round(share * systems.length))) as [number, number]
  const part = new Map(
    systems.map((system, at): [string, Part] => [system, PARTS[at < ends[0] ? 0 : at < ends[1] ? 1 : 2]]),
  )
  return byPart((name) => samples.filter(({ system }) => part.get(wordsKey(system)) === name))
}

/**
 * Leaves out of each part what an earlier one holds: models repeat themselves beside different system prompts, and what was learnt by heart
 * must not be measured. Balances labels anew.
 */
export function withoutRepeats(split: Split): {
  readonly split: Split
  readonly repeated: number
  readonly unbalanced: number
} {
  const seen = new Set<string>()
  let [repeated, unbalanced] = [0, 0]
  const parts = PARTS.map((part) => {
    const fresh = split[part].filter((sample) => !seen.has(sourceKey(sample)))
    const kept = balanced(fresh)
    repeated += split[part].length - fresh.length
    unbalanced += fresh.length - kept.length
    for (const sample of split[part]) seen.add(sourceKey(sample))
    return kept
  })
  return { split: byPart((_, at) => parts[at] ?? []), repeated, unbalanced }
}

/** Equal for samples that are no separate evidence: dressings of one text, and near-duplicates. */
export function sourceKey({ prompt, from = prompt }: TopicSample): string {
  return wordsKey(from)
}

function byPart(of: (part: Part, at: number) => readonly TopicSample[]): Split {
  return Object.fromEntries(PARTS.map((part, at) => [part, of(part, at)])) as unknown as Split
}
