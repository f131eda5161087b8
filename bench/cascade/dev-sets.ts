/** The development sets of prompts as cascades of the embedded guard's two tiers, even rows against odd ones. A set without a file is left out. */
import { DevData, distinct, inputOf } from '../model/dev-data.ts'
import { openTier, scoreOf } from '../model/tiers.ts'
import type { Staged } from './staged.ts'

const SETS = [
  ['ToxicChat', 'toxic_chat'],
  ['OpenAI moderation', 'guardreasoner_openai_moderation'],
  ['Aegis', 'aegis_safety_test'],
  ['WildGuardTest, part', 'wildguardtest_prompt_partial'],
  ['XSTest', 'xstest'],
] as const

export async function devSets(folder: string): Promise<readonly Staged[]> {
  const data = new DevData(folder)
  const [fast, deep] = [await openTier('fast', {}), await openTier('deep', {})]
  if (fast === null || deep === null) return []
  const staged: Staged[] = []
  for (const [name, set] of SETS) {
    const rows = data.rows(set, 'prompt_harm')
    if (rows === null) continue
    const scored: { readonly label: 0 | 1; readonly first: number; readonly second: number }[] = []
    let milliseconds = 0
    for (const row of distinct(rows)) {
      const input = inputOf(row)
      const second = await deep.score(input)
      milliseconds += second.milliseconds
      scored.push({
        label: row.label,
        ...{ first: scoreOf(await fast.score(input), 'prompt_harm'), second: scoreOf(second, 'prompt_harm') },
      })
    }
    const half = (odd: number): Staged['chosenOn'] => {
      const kept = scored.filter((_, at) => at % 2 === odd)
      return {
        labels: kept.map(({ label }) => label),
        classifier: kept.map(({ first }) => first),
        judge: kept.map(({ second }) => second),
      }
    }
    const cost = `${(milliseconds / scored.length).toFixed(1)} ms`
    staged.push({ name, chosenOn: half(0), reportedOn: half(1), cost })
  }
  return staged
}
