/**
 * Hazard categories: for each hazard, how well its head tells texts labelled with it from texts labelled with others.
 *
 * Harmless texts take no part: they would measure harm once more.
 */
import type { DevData } from '../dev-data.ts'
import { distinct } from '../dev-data.ts'
import type { Figures } from '../figures.ts'
import { figuresOf, meanOf } from '../figures.ts'
import { HAZARDS } from '../../../src/core/taxonomy/index.ts'
import { HAZARD_SETS, hazardsOf } from '../hazards.ts'
import type { ScoredDevRow, SectionResult } from '../section.ts'
import { scoreRows } from '../section.ts'
import { ABSENT, decimal } from '../table.ts'
import type { Tier } from '../tiers.ts'

const LEAST_POSITIVES = 10

interface LabelledRow extends ScoredDevRow {
  readonly set: string
  readonly hazards: ReadonlySet<string>
}

interface HazardFigures {
  readonly hazard: string
  readonly name: string
  readonly positives: number
  readonly negatives: number
  readonly sources: readonly string[]
  /** Among all; null below ten positives, and where the model has no such head. */
  readonly all: Figures | null
  /** Among prompts alone, and among answers alone: what tells one from the other is no hazard. */
  readonly prompts: Figures | null
  readonly answers: Figures | null
}

export async function measureCategories(tier: Tier, data: DevData): Promise<SectionResult> {
  const rows = await labelledRows(tier, data)
  const hazards = HAZARDS.flatMap(({ id, name }) => hazardFigures(rows, id, name))
  const all = macroOf(hazards.map((one) => one.all))
  const prompts = macroOf(hazards.map((one) => one.prompts))
  const answers = macroOf(hazards.map((one) => one.answers))
  const absent = Object.keys(HAZARD_SETS).filter((set) => data.rows(set) === null)
  return {
    tables: [
      {
        caption: `${rows.length} harmful texts that carry a hazard label; a hazard counts from ${LEAST_POSITIVES} texts on`,
        head: ['hazard', 'with it', 'with others', 'AUROC', 'AUROC, prompts', 'AUROC, answers', 'sources'],
        rows: [
          ...hazards.map((one) => [
            `${one.hazard} ${one.name}`,
            String(one.positives),
            String(one.negatives),
            ...[one.all, one.prompts, one.answers].map(aucCell),
            one.sources.join(', '),
          ]),
          ['macro (hazards)', '', '', ...[all, prompts, answers].map(macroCell), ''],
        ],
      },
    ],
    aims: [{ name: 'macro AUROC of the hazards', value: all.value, target: 0.85, kind: 'at least', unit: '' }],
    notes: absent.map((set) => `${set}: ${ABSENT}.`),
    figures: { hazards, macro: { all, prompts, answers } },
  }
}

/** Hazards without a text are left out. */
function hazardFigures(rows: readonly LabelledRow[], hazard: string, name: string): readonly HazardFigures[] {
  const own = rows.filter(({ hazards }) => hazards.has(hazard))
  if (own.length === 0) return []
  return [
    {
      hazard,
      name,
      positives: own.length,
      negatives: rows.length - own.length,
      sources: [...new Set(own.map(({ set }) => set))],
      all: figuresAmong(rows, hazard),
      prompts: figuresAmong(
        rows.filter(({ row }) => row.response === null),
        hazard,
      ),
      answers: figuresAmong(
        rows.filter(({ row }) => row.response !== null),
        hazard,
      ),
    },
  ]
}

function figuresAmong(rows: readonly LabelledRow[], hazard: string): Figures | null {
  const ranked = rows.flatMap(({ hazards, scored }) => {
    const score = scored.scores.categories[hazard]
    return score === undefined ? [] : { label: hazards.has(hazard) ? (1 as const) : (0 as const), score }
  })
  const positives = ranked.filter(({ label }) => label === 1).length
  return positives < LEAST_POSITIVES || positives === ranked.length ? null : figuresOf(ranked)
}

interface Macro {
  readonly value: number | null
  readonly hazards: number
}

/** Mean over the hazards that count. */
function macroOf(figures: readonly (Figures | null)[]): Macro {
  const counted = figures.flatMap((one) => (one === null ? [] : one.areaUnderRoc.value))
  return { value: meanOf(counted), hazards: counted.length }
}

function macroCell({ value, hazards }: Macro): string {
  return `${decimal(value, 3)} (${hazards})`
}

async function labelledRows(tier: Tier, data: DevData): Promise<readonly LabelledRow[]> {
  const labelled: LabelledRow[] = []
  for (const set of Object.keys(HAZARD_SETS)) {
    const rows = distinct(data.rows(set)?.filter(({ label }) => label === 1) ?? [])
    const named = rows.filter(({ categories }) => hazardsOf(set, categories).size > 0)
    for (const one of await scoreRows(tier, named))
      labelled.push({ ...one, set, hazards: hazardsOf(set, one.row.categories) })
  }
  return labelled
}

function aucCell(figures: Figures | null): string {
  if (figures === null) return 'not counted'
  const { value, interval } = figures.areaUnderRoc
  return interval === null
    ? decimal(value, 3)
    : `${decimal(value, 3)} [${decimal(interval.low, 3)}, ${decimal(interval.high, 3)}]`
}
