/**
 * The labels that guards report, as far as they are known beforehand. Used to notice typing mistakes in a policy.
 *
 * Families with open names below them (`rule.<id>`, `secret.<vendor>`) are known by their first part only. Guards of other
 * packages may report labels that are not here: an unknown label is worth a warning, never an error.
 */
import { HAZARDS } from './hazards.ts'
import { nearest } from './nearest.ts'

/** Labels with a fixed name. */
export const LABELS: readonly string[] = [
  'prompt_harm',
  'response_harm',
  'refusal',
  'off_topic',
  'injection',
  'injection.direct',
  'injection.indirect',
  'toxicity',
  ...HAZARDS.map(({ id }) => id),
]

/** First parts of labels whose continuation depends on a guard's options or library. */
export const LABEL_FAMILIES: readonly string[] = [
  'pii',
  'secret',
  'unicode',
  'limit',
  'egress',
  'prompt_leak',
  'structured',
  'rule',
  'clause',
  'media',
  'conversation',
  'grounding',
  'chunk',
]

/** Whether a guard may report this label, or one below it. */
export function isKnownLabel(label: string): boolean {
  if (LABELS.includes(label)) return true
  const dot = label.indexOf('.')
  return LABEL_FAMILIES.includes(dot < 0 ? label : label.slice(0, dot))
}

/** The known label that was probably meant, or undefined. */
export function suggestLabel(label: string): string | undefined {
  const whole = nearest(label, [...LABELS, ...LABEL_FAMILIES])
  if (whole !== undefined) return whole
  const dot = label.indexOf('.')
  if (dot < 0) return undefined
  const family = nearest(label.slice(0, dot), LABEL_FAMILIES)
  return family === undefined ? undefined : family + label.slice(dot)
}
