/**
 * Folds for cross-fitting: a sample is scored by a network that was taught neither its text nor its system prompt. Seeded; no fold depends
 * on labels or scores.
 */
import { placeOf } from '../generate/draw.ts'
import { sourceKey } from '../generate/clean.ts'
import { wordsKey } from '../generate/share-out.ts'
import type { TopicSample } from '../sample.ts'

export interface Folds {
  readonly count: number
  /** Fold of each sample's text, and of its system prompt. */
  readonly texts: Int32Array
  readonly systems: Int32Array
}

/** Folds, where there are as many system prompts. */
const MOST = 5

/** System prompts in turn, in a seeded order. A text of one system prompt alone goes with it; others in turn too, dressings together. */
export function foldsOf(samples: readonly TopicSample[], seed: number): Folds {
  const beside = new Map<string, Set<string>>()
  for (const sample of samples) {
    const systems = beside.get(sourceKey(sample)) ?? new Set()
    beside.set(sourceKey(sample), systems.add(wordsKey(sample.system)))
  }
  const systems = inTurn(new Set(samples.map(({ system }) => wordsKey(system))), seed)
  const shared = inTurn(new Set([...beside].flatMap(([text, { size }]) => (size > 1 ? [text] : []))), seed)
  const count = Math.min(MOST, systems.size)
  return {
    count,
    systems: Int32Array.from(samples, ({ system }) => (systems.get(wordsKey(system)) ?? 0) % count),
    texts: Int32Array.from(
      samples,
      (sample) => (shared.get(sourceKey(sample)) ?? systems.get(wordsKey(sample.system)) ?? 0) % count,
    ),
  }
}

/** A sample to score, beside a system prompt of the fold. */
export interface ScoredPlace {
  readonly at: number
  readonly system: string
}

/**
 * Places of samples that a fold's network may be taught, and of those it scores: all of the fold's texts. One whose system prompt is of
 * another fold is put beside one of this fold: all are of one application, so that its label is the same.
 */
export function placesOf(
  samples: readonly TopicSample[],
  { texts, systems }: Folds,
  fold: number,
): { readonly taught: readonly number[]; readonly scored: readonly ScoredPlace[] } {
  const all = [...texts.keys()]
  const own = [...new Set(samples.flatMap(({ system }, at) => (systems[at] === fold ? [system] : [])))]
  return {
    taught: all.filter((at) => texts[at] !== fold && systems[at] !== fold),
    scored: all
      .filter((at) => texts[at] === fold)
      .map((at) => {
        const { system = '' } = samples[at] ?? {}
        return { at, system: systems[at] === fold ? system : (own[at % own.length] ?? system) }
      }),
  }
}

function inTurn(keys: ReadonlySet<string>, seed: number): ReadonlyMap<string, number> {
  const order = [...keys].toSorted((one, other) => placeOf(one, seed) - placeOf(other, seed))
  return new Map(order.map((key, turn) => [key, turn]))
}
