/**
 * What each tier was taught, by head and language, as its file says. The guard marks a result above one half in a language that is
 * untested for the head; it says nothing of how good a head is there.
 */
import { fileURLToPath } from 'node:url'
import { loadEmbeddedClassifier, MODEL_FILES } from '../../../src/engines/embedded/index.ts'
import type { ClassifierEngine, Coverage } from '../../../src/spec/index.ts'
import type { SectionResult } from '../section.ts'
import type { Table } from '../table.ts'
import type { ModelPaths } from '../tiers.ts'
import { deepPathOf } from '../tiers.ts'

/** Languages of the model card, in its order. */
export const CARD_LANGUAGES = ['en', 'de', 'fr', 'es', 'it', 'pt', 'zh', 'ja', 'ko', 'ar', 'hi', 'ru'] as const
/** Heads of the model card, in its order; hazards follow. */
const HEADS = ['prompt_harm', 'response_harm', 'refusal', 'injection_direct', 'injection_indirect', 'toxicity'] as const
const SIGNS: Readonly<Record<Coverage, string>> = { trained: 'T', transferred: '~', untested: '–' }

type Card = ClassifierEngine['card']['heads']

export async function measureCoverage(paths: ModelPaths): Promise<SectionResult> {
  const { fast } = paths
  const deepPath = deepPathOf(paths)
  const tiers = deepPath === null ? ({ deep: 'off' } as const) : ({ deep: 'auto', deepPath } as const)
  const { card } = await loadEmbeddedClassifier(fast ?? fileURLToPath(MODEL_FILES.classifier), tiers)
  const cards = Object.entries({ fast: card.heads, ...(card.deep === undefined ? {} : { deep: card.deep }) })
  return {
    tables: cards.map(([tier, heads]) => coverageTable(tier, heads)),
    aims: [],
    notes: [
      'T trained: at least 200 rows of either label, translations among them. ~ transferred: fewer, or of one label. – untested.',
    ],
    figures: Object.fromEntries(cards),
  }
}

/** A row for each head and hazard, a column for each language. A language that a card does not name is untested. */
export function coverageTable(tier: string, heads: Card): Table {
  const hazards = Object.keys(heads).filter((head) => /^S\d+$/.test(head))
  const names = [...HEADS, ...hazards.toSorted((left, right) => Number(left.slice(1)) - Number(right.slice(1)))]
  return {
    caption: `Coverage, ${tier}`,
    head: ['head', ...CARD_LANGUAGES],
    rows: names.map((head) => [
      head,
      ...CARD_LANGUAGES.map((language) => SIGNS[heads[head]?.[language] ?? 'untested']),
    ]),
  }
}
