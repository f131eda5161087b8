/**
 * Wrappers of the shape jailbreaks use (personas, games, stories, rule lists, formats) around harmless requests, and the very same
 * wrappers around harmful rows of the data, so that the wrapper says nothing about `prompt_harm`.
 *
 * A persona that drops all rules is an attack as such: its rows carry the category `jailbreak_shape`, and whoever trains an
 * injection head on `prompt_harm` rows must mask them there. Honest role play also comes as `injection` of label 0.
 */
import type { TrainingRecord } from '../train/records.ts'
import {
  harmfulPayload,
  harmlessPayload,
  joinParts,
  sayOne,
  toRow,
  type RowGenerator,
  type SynthContext,
} from './rows.ts'
import { between, pick, sample } from './template.ts'

export type WrapperShape = 'honest' | 'scene' | 'jailbreak_shape'

export interface Wrapper {
  readonly shape: WrapperShape
  /** The text, with the request put in. */
  readonly around: (payload: string) => string
}

/** Stands for what is put in later while the text around it is made; no template holds it. */
export const HOLE = '\u0000'

/** A wrapper in the context's language. */
export function inventWrapper(context: SynthContext, shape: WrapperShape): Wrapper {
  const { phrases, random } = context
  const lists = { honest: phrases.honestRoles, scene: phrases.shapedScenes, jailbreak_shape: phrases.unboundRoles }
  const intro = sayOne(context, lists[shape])
  const more =
    random() < 0.3 ? [sayOne(context, pick([phrases.shapedScenes, phrases.fillers, phrases.honestRoles], random))] : []
  const rules = random() < 0.7 ? [ruleList(context, shape)] : []
  const ask = sayOne(context, phrases.asks, { payload: HOLE })
  const closing = random() < 0.2 ? [sayOne(context, phrases.closers)] : []
  const order = random()
  const parts =
    order < 0.7
      ? [intro, ...more, ...rules, ask, ...closing]
      : order < 0.85
        ? [ask, intro, ...rules, ...more]
        : [...more, intro, ask, ...rules, ...closing]
  const text = joinParts(context, parts)
  return { shape, around: (payload) => text.split(HOLE).join(payload) }
}

function ruleList(context: SynthContext, shape: WrapperShape): string {
  const { phrases, random } = context
  const pool = shape === 'honest' ? phrases.rules : [...phrases.rules, ...phrases.suppression]
  const rules = sample(pool, between(1, 7, random), random).map((rule) => sayOne(context, [rule]))
  const style = random()
  if (style < 0.35) return rules.map((rule, index) => `${index + 1}. ${rule}`).join('\n')
  if (style < 0.6) return rules.map((rule) => `- ${rule}`).join('\n')
  return joinParts(context, rules)
}

export const benignWrapped: RowGenerator = (context) => {
  const { random } = context
  const roll = random()
  const shape: WrapperShape = roll < 0.4 ? 'honest' : roll < 0.75 ? 'scene' : 'jailbreak_shape'
  const wrapper = inventWrapper(context, shape)
  const harmless = harmlessPayload(context)
  const row = (task: TrainingRecord['task'], label: 0 | 1, payload: typeof harmless, categories: readonly string[]) =>
    toRow(context, {
      generator: 'benign-wrapped',
      task,
      label,
      prompt: wrapper.around(payload.text),
      categories,
      origins: [payload.origin],
    })
  if (shape === 'honest' && random() < 0.4) return [row('injection', 0, harmless, ['direct', 'synth', 'honest_role'])]
  const harmful = harmfulPayload(context)
  const calm = row('prompt_harm', 0, harmless, ['synth', 'wrapped', shape])
  if (harmful === undefined) return [calm]
  return [calm, row('prompt_harm', 1, harmful, [...(harmful.origin?.categories ?? []), 'synth', 'wrapped', shape])]
}
