/**
 * Finds a category for harmful rows whose source names none that the schema has. The paper maps by hand what it can and asks a chat model
 * three times about the rest (arXiv 2502.05163); here a classifier trained on the rows that are mapped says its likeliest category.
 *
 * Done once, on the seed, before the game: later rows inherit what was found. `Jailbreak prompts` is never given, it is not about content.
 * A classifier with one output needs no categories, and none are looked for: such rows are only marked as harmful.
 */
import { JAILBREAK, type LabelTargets, targetsAt } from './labels.ts'
import { type ClassifierSettings, trainLabelClassifier } from './label-classifier.ts'
import type { SeedRow } from './proposal.ts'

/** Where nothing is mapped that could teach. */
const WITHOUT_TEACHER = targetsAt([1])

export interface LabelledSeed {
  readonly rows: readonly (SeedRow & { readonly targets: LabelTargets })[]
  /** Rows whose category was found by the classifier. */
  readonly found: number
}

export function labelUnmapped(rows: readonly SeedRow[], settings: ClassifierSettings, seed: number): LabelledSeed {
  const known = rows.flatMap(({ text, targets }) => (targets === null ? [] : [{ text, targets }]))
  const found = settings.outputs === 'one' ? 0 : rows.length - known.length
  const teaches = known.some(({ targets }) => targets.includes(1)) && known.some(({ targets }) => !targets.includes(1))
  const teacher = found === 0 || !teaches ? null : trainLabelClassifier(known, settings, seed)
  return {
    found,
    rows: rows.map((row) => {
      if (row.targets !== null) return { ...row, targets: row.targets }
      return { ...row, targets: teacher === null ? WITHOUT_TEACHER : targetsAt([likeliest(teacher.logits(row.text))]) }
    }),
  }
}

function likeliest(logits: ArrayLike<number>): number {
  return Array.from(logits).reduce(
    (best, value, place, all) => (place !== JAILBREAK && value > (all[best] ?? -Infinity) ? place : best),
    0,
  )
}
