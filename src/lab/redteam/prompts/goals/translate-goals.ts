/**
 * Goals in languages they were not written in, by Apertium where it is installed. A translation in which too many words stayed as they
 * were is left out and counted: an attack in half a language would be reported as one in a whole one.
 */
import { APERTIUM_ROUTES, translateWithApertium } from '../../../translate/apertium.ts'
import type { Goal, GoalSet } from './goal.ts'

/** Share of words that may stay untranslated. */
const UNKNOWN = 0.3

export interface TranslatedGoals {
  readonly set: GoalSet
  /** Translations left out, by language. */
  readonly left: Readonly<Record<string, number>>
}

/** Languages that can be reached from English. */
export const TRANSLATABLE: readonly string[] = Object.keys(APERTIUM_ROUTES)

/** English goals get the languages; others stay as they are. Rejects with `engine_unavailable` without Apertium. */
export async function translateGoals(set: GoalSet, languages: readonly string[]): Promise<TranslatedGoals> {
  const goals = set.goals(1)
  const texts = new Map<string, Record<string, string>>(goals.map(({ id, texts: given }) => [id, { ...given }]))
  const left: Record<string, number> = {}
  for (const language of languages.filter((code) => TRANSLATABLE.includes(code))) {
    const missing = goals.filter((goal) => goal.texts['en'] !== undefined && goal.texts[language] === undefined)
    const translated = await translateWithApertium(
      missing.map((goal) => goal.texts['en'] ?? ''),
      APERTIUM_ROUTES[language] ?? [],
    )
    missing.forEach((goal, at) => {
      const { text = '', words = 0, unknown = 1 } = translated[at] ?? {}
      const own = texts.get(goal.id)
      if (own !== undefined && text !== '' && unknown <= UNKNOWN * words) own[language] = text
      else left[language] = (left[language] ?? 0) + 1
    })
  }
  const translatedGoals = goals.map((goal): Goal => ({ ...goal, texts: texts.get(goal.id) ?? goal.texts }))
  return {
    left,
    set: { ...set, goals: () => translatedGoals, version: `${set.version}+apertium:${languages.join(',')}` },
  }
}
