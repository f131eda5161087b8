/**
 * Parts of sets: by task, by language, and a seeded sample of each. A set that was cut says so in its name, so that no report mistakes
 * it for the whole. It reads nothing and balances no labels.
 */
import { createRandom } from '../../nn/random.ts'
import type { EvaluationSet } from './sample.ts'

export interface SampleChoice {
  readonly tasks?: readonly string[] | undefined
  /** BCP 47 codes; `de` also takes `de-AT`. */
  readonly languages?: readonly string[] | undefined
  /** Most samples of a set. */
  readonly limit?: number | undefined
  readonly seed: number
}

/** The sets with what was chosen of them, in their order; those of which nothing is left are dropped. */
export function chooseSamples(sets: readonly EvaluationSet[], choice: SampleChoice): readonly EvaluationSet[] {
  return sets.flatMap((set): readonly EvaluationSet[] => {
    if (choice.tasks !== undefined && !choice.tasks.includes(set.task)) return []
    const { languages } = choice
    const spoken =
      languages === undefined
        ? set.samples
        : set.samples.filter(({ language }) => languages.some((one) => isOfLanguage(language, one)))
    const samples = draw(spoken, choice.limit ?? spoken.length, choice.seed)
    if (samples.length === 0) return []
    if (samples.length === set.samples.length) return [set]
    const notes = [
      ...(languages === undefined || spoken.length === set.samples.length ? [] : [languages.join(' ')]),
      ...(samples.length === spoken.length ? [] : [`${samples.length} of ${spoken.length}`]),
    ]
    return [{ ...set, name: `${set.name} [${notes.join(', ')}]`, samples }]
  })
}

function isOfLanguage(language: string, wanted: string): boolean {
  return language === wanted || language.startsWith(`${wanted}-`)
}

/** The first of a seeded shuffle, in their old order. */
function draw<Item>(items: readonly Item[], limit: number, seed: number): readonly Item[] {
  if (items.length <= limit) return items
  const random = createRandom(seed)
  const ranked = items.map((_, index) => ({ index, rank: random() }))
  const drawn = new Set(
    ranked
      .toSorted((left, right) => left.rank - right.rank)
      .slice(0, limit)
      .map(({ index }) => index),
  )
  return items.filter((_, index) => drawn.has(index))
}
