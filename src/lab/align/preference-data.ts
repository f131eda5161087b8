/** A file of preference data of either form, and the part of it that is held out by prompt. */
import { createRandom } from '../../nn/random.ts'
import { ParapetError } from '../../spec/errors.ts'
import type { AlignmentData } from './alignment-examples.ts'
import { promptKey, shuffled } from './pairs.ts'
import { parseLabelledTurns, parsePreferencePairs } from './preference-file.ts'

/**
 * Pairs where the first row has a field `chosen`, labelled turns otherwise; one file holds one form. Throws `input_invalid` with all
 * bad lines.
 */
export function readPreferenceData(text: string, name: string): AlignmentData {
  const first = text.split('\n').find((line) => line.trim() !== '')
  if (first === undefined)
    throw new ParapetError('input_invalid', `${name} is empty. Give a pair or a labelled turn a line.`)
  return /^\s*\{.*"chosen"\s*:/.test(first)
    ? { pairs: parsePreferencePairs(text, name) }
    : { turns: parseLabelledTurns(text, name) }
}

/** Share of the prompts that is held out. */
const HELD_OUT = 0.1

/** A tenth of the prompts, drawn by the seed, with all of their rows; at least one prompt stays to learn from. */
export function holdOut(
  data: AlignmentData,
  seed: number,
): { readonly learnt: AlignmentData; readonly heldOut: AlignmentData } {
  const rows = 'pairs' in data ? data.pairs : data.turns
  const keys = [...new Set(rows.map(({ prompt }) => promptKey(prompt)))]
  const count = Math.min(keys.length - 1, Math.max(1, Math.round(keys.length * HELD_OUT)))
  const held = new Set(shuffled(keys, createRandom(seed)).slice(0, count))
  const part = (inside: boolean): AlignmentData =>
    'pairs' in data
      ? { pairs: data.pairs.filter(({ prompt }) => held.has(promptKey(prompt)) === inside) }
      : { turns: data.turns.filter(({ prompt }) => held.has(promptKey(prompt)) === inside) }
  return { learnt: part(false), heldOut: part(true) }
}
