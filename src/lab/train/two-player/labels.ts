/**
 * DuoGuard's label schema (arXiv 2502.05163 and its released code): twelve categories in a fixed order, several at once, safe is no
 * category at all. Records of Parapet become such labels by the map from hazards.
 *
 * It does not guess: a harmful record whose categories fit no hazard is told apart, and `label-unmapped.ts` decides about it.
 */
import { hazardNames } from '../../../core/taxonomy/other-taxonomies.ts'
import { hazardsOfCategories } from '../hazard-map.ts'
import type { TrainingRecord } from '../records.ts'

/** In the order of the paper's outputs. */
export const DUOGUARD_LABELS = [
  'Violent crimes',
  'Non-violent crimes',
  'Sex-related crimes',
  'Child sexual exploitation',
  'Specialized advice',
  'Privacy',
  'Intellectual property',
  'Indiscriminate weapons',
  'Hate',
  'Suicide and self-harm',
  'Sexual content',
  'Jailbreak prompts',
] as const

export type DuoGuardLabel = (typeof DUOGUARD_LABELS)[number]

/** Place of the category that has no hazard: attacks on the model itself. */
export const JAILBREAK: number = DUOGUARD_LABELS.indexOf('Jailbreak prompts')

/** Twelve targets, 1 for a category that applies. All zero is safe. */
export type LabelTargets = readonly (0 | 1)[]

/** A sigmoid strictly above this triggers its category. */
export const DECISION_THRESHOLD = 0.5

/** Safe: no category. */
export function safeTargets(): LabelTargets {
  return DUOGUARD_LABELS.map(() => 0)
}

/** Targets with the given places set. */
export function targetsAt(places: Iterable<number>): LabelTargets {
  const set = new Set(places)
  return DUOGUARD_LABELS.map((_, place) => (set.has(place) ? 1 : 0))
}

/** Places of the categories that an MLCommons hazard (`S1`…`S14`) stands for; none for defamation, elections and code interpreters. */
export function placesOfHazard(id: string): readonly number[] {
  const known: readonly string[] = DUOGUARD_LABELS
  return hazardNames(id, 'duoguard').flatMap((name) => {
    const place = known.indexOf(name)
    return place < 0 ? [] : [place]
  })
}

/** Targets of a record; null for a harmful one none of whose categories has a place here. */
export function targetsOfRecord({
  task,
  label,
  categories,
}: Pick<TrainingRecord, 'task' | 'label' | 'categories'>): LabelTargets | null {
  if (label === 0) return safeTargets()
  if (task === 'injection') return targetsAt([JAILBREAK])
  const own = categories.filter((name) => /^S\d+$/.test(name))
  const places = [...hazardsOfCategories(categories), ...own].flatMap(placesOfHazard)
  return places.length === 0 ? null : targetsAt(places)
}

/** What the twelve probabilities say. */
export interface LabelDecision {
  readonly unsafe: boolean
  /** The largest probability: the score of rankings. */
  readonly score: number
  /** Places of the categories above the threshold. */
  readonly triggered: readonly number[]
}

/** Unsafe exactly where the largest sigmoid is above one half; one half itself is safe. */
export function decide(probabilities: ArrayLike<number>): LabelDecision {
  const all = Array.from(probabilities)
  const score = all.reduce((most, value) => Math.max(most, value), 0)
  const triggered = all.flatMap((value, place) => (value > DECISION_THRESHOLD ? [place] : []))
  return { unsafe: score > DECISION_THRESHOLD, score, triggered }
}
