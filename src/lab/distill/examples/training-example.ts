/**
 * What a guard learns from: a text in parts, some of which it must say. Parts are cut where the run-time engine cuts them too (a prompt is
 * encoded on its own, an answer follows it), so that training and judging see the same tokens. How parts weigh is `turn-weights.ts`.
 */
import type { TextTokenizer } from '../../../nn/tokenizer/tokenizer-json.ts'
import type { EncodedConversation } from '../../train/decoder/index.ts'
import { type Reduction, turnWeights } from './turn-weights.ts'

export type LearntTurn = 'label' | 'critique' | 'reasoning'

export interface ExamplePart {
  readonly text: string
  /** Which turn of the guard it is; absent for what it is given. */
  readonly learn?: LearntTurn
}

export interface TrainingExample {
  readonly id: string
  readonly parts: readonly ExamplePart[]
}

/** Ends every turn of the guard, in both formats. */
export const END_OF_TURN = '<|eot_id|>'

/** Control tokens of the prompts: Llama 3's. */
export const CONTROL_TOKENS: readonly string[] = [
  ...['<|begin_of_text|>', '<|end_of_text|>', '<|start_header_id|>', '<|end_header_id|>', END_OF_TURN],
]

export interface EncodeExampleOptions {
  readonly tokenizer: TextTokenizer
  /** Longest example, in tokens. */
  readonly maxLength: number
  readonly reduction: Reduction
}

/** Nothing for an example that is too long: cut, it would teach to stop in the middle. */
export function encodeExample(
  { parts }: TrainingExample,
  { tokenizer, maxLength, reduction }: EncodeExampleOptions,
): EncodedConversation | undefined {
  const encoded = parts.map(({ text, learn }) => ({ ids: tokenizer.encode(text, { special: true }), learn }))
  const ids = encoded.flatMap((part) => part.ids)
  if (ids.length > maxLength) return undefined
  const counts: Partial<Record<LearntTurn, number>> = {}
  for (const { ids: own, learn } of encoded) if (learn !== undefined) counts[learn] = (counts[learn] ?? 0) + own.length
  const weightOf = turnWeights(counts, reduction)
  const weights = encoded.flatMap(({ ids: own, learn }) => own.map(() => (learn === undefined ? 0 : weightOf(learn))))
  return { ids: Int32Array.from(ids), weights: Float32Array.from(weights) }
}
