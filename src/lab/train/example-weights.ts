/**
 * What each example counts in the fast tier: large groups do not drown small ones, translations count less than originals, and every
 * language has the same share of harmful prompts, so that its words alone are no evidence.
 */
import { isTranslated, type Example } from './examples.ts'

/** A group of this many examples has weight 1; smaller ones count more for each, larger ones less. */
const GROUP_SIZE = 1500
const GROUP_POWER = 0.7
const MOST = 4
/** A translated row repeats what its original says, in rougher words. */
const TRANSLATION_WEIGHT = 0.35
/** The head by which languages are balanced, and how far. */
const BALANCED = 'prompt_harm'
const MOST_BALANCE = 3
const REFERENCE = 'en'

/** One weight an example, in their order. */
export function exampleWeights(examples: readonly Example[]): readonly number[] {
  const sizes = new Map<string, number>()
  for (const { group } of examples) sizes.set(group, (sizes.get(group) ?? 0) + 1)
  const weights = examples.map((example) => {
    const share = Math.min(MOST, (GROUP_SIZE / (sizes.get(example.group) ?? 1)) ** GROUP_POWER)
    return example.weight * share * (isTranslated(example) ? TRANSLATION_WEIGHT : 1)
  })
  const factors = harmlessFactors(examples, weights)
  return weights.map((weight, index) => {
    const { language = '', targets } = examples[index] as Example
    return targets[BALANCED] === 0 ? weight * (factors.get(language) ?? 1) : weight
  })
}

/** By how much a language's harmless prompts must count more, to stand to its harmful ones as the English do. */
function harmlessFactors(examples: readonly Example[], weights: readonly number[]): ReadonlyMap<string, number> {
  const sums = new Map<string, [harmless: number, harmful: number]>()
  examples.forEach(({ language = '', targets }, index) => {
    const label = targets[BALANCED]
    if (label === undefined) return
    const pair = sums.get(language) ?? [0, 0]
    pair[label] += weights[index] ?? 0
    sums.set(language, pair)
  })
  const [harmless, harmful] = sums.get(REFERENCE) ?? [0, 0]
  if (harmless === 0 || harmful === 0) return new Map()
  return new Map(
    [...sums].flatMap(([language, [none, some]]): [string, number][] => {
      if (none === 0 || some === 0) return []
      const factor = some / none / (harmful / harmless)
      return [[language, Math.min(MOST_BALANCE, Math.max(1 / MOST_BALANCE, factor))]]
    }),
  )
}
