/**
 * What weights are scored on: safety examples D_s (forbidden requests with their refusals) and utility examples D_u (allowed requests and
 * everyday tasks with their answers), of the training split, as token ids that say which tokens are the response (arXiv 2402.05162 §3).
 */
import type { TextTokenizer } from '../../nn/tokenizer/tokenizer-json.ts'
import { createRandom } from '../../nn/random.ts'
import { ParapetError } from '../../spec/errors.ts'
import { shuffle } from '../train/decoder/batches.ts'
import { type EncodedConversation, encodeConversation } from '../train/decoder/encode.ts'
import { learntTokens } from '../train/decoder/next-token-loss.ts'
import { worldExamples } from '../victim/world-examples.ts'
import { LANGUAGES } from '../world/languages/index.ts'
import { WORLD_LANGUAGES, type WorldMessage } from '../world/types.ts'

/**
 * `full` scores on the whole response; `short` from the sentence on that holds a refusal word, without what is said before it; `decision`
 * on the first tokens of that sentence alone, where it is settled that the answer refuses.
 */
export type SafetyForm = 'full' | 'short' | 'decision'

/** Tokens that `decision` keeps. */
const DECISION_TOKENS = 2

export interface AttributionData {
  readonly safety: readonly EncodedConversation[]
  readonly utility: readonly EncodedConversation[]
}

export interface AttributionDataOptions {
  readonly tokenizer: TextTokenizer
  readonly maxLength: number
  /** Examples of each of the two sets; the paper has 128. */
  readonly examples: number
  /** Draws the examples. */
  readonly seed: number
  /** `full` if absent. */
  readonly form?: SafetyForm
}

/** Utility examples are half allowed requests, three eighths tasks, one eighth questions of knowledge: what utility is measured on. */
export function attributionData(options: AttributionDataOptions): AttributionData {
  const { examples, seed, form = 'full' } = options
  const tasks = Math.round((3 * examples) / 8)
  const lore = Math.round(examples / 8)
  const utility = [
    ...worldExamples({ kind: 'benign', count: examples - tasks - lore, seed }),
    ...worldExamples({ kind: 'task', count: tasks, seed }),
    ...worldExamples({ kind: 'lore', count: lore, seed }),
  ]
  shuffle(utility, createRandom(seed))
  const refusals = worldExamples({ kind: 'refused', count: examples, seed })
  return {
    safety: safetyExamples(refusals, options, form),
    utility: encodeExamples(utility, options),
  }
}

function safetyExamples(
  refusals: readonly (readonly WorldMessage[])[],
  options: AttributionDataOptions,
  form: SafetyForm,
): readonly EncodedConversation[] {
  if (form === 'full') return encodeExamples(refusals, options)
  const examples = encodeExamples(refusals, options, judgementOf)
  return form === 'short' ? examples : examples.map((example) => firstTokens(example, DECISION_TOKENS))
}

function firstTokens({ ids, weights }: EncodedConversation, count: number): EncodedConversation {
  let left = count
  return { ids, weights: weights.map((weight) => (weight !== 0 && left-- > 0 ? weight : 0)) }
}

/**
 * Conversations as examples. `from` says where in the last answer what is scored begins, at its beginning if absent. Throws
 * `input_invalid` when none of the conversations fits into the model.
 */
export function encodeExamples(
  conversations: readonly (readonly WorldMessage[])[],
  { tokenizer, maxLength }: Pick<AttributionDataOptions, 'tokenizer' | 'maxLength'>,
  from: (answer: string) => number = () => 0,
): readonly EncodedConversation[] {
  const encode = (messages: readonly WorldMessage[]): EncodedConversation | undefined =>
    encodeConversation({ messages }, { tokenizer, maxLength })
  const encoded = conversations.flatMap((messages) => {
    const whole = encode(messages)
    const start = from(messages.at(-1)?.content ?? '')
    if (whole === undefined || start === 0) return whole ?? []
    const head = encode(messages.map((message, at) => (at === messages.length - 1 ? cut(message, start) : message)))
    const shared = whole.ids.findIndex((id, at) => head?.ids[at] !== id)
    return { ids: whole.ids, weights: whole.weights.map((weight, at) => (at < shared ? 0 : weight)) }
  })
  if (!encoded.some((example) => learntTokens(example) > 0))
    throw new ParapetError(
      'input_invalid',
      `There is nothing to score weights on: none of ${conversations.length} conversations fits into ${maxLength} tokens.`,
    )
  return encoded
}

const cut = (message: WorldMessage, start: number): WorldMessage => ({
  ...message,
  content: message.content.slice(0, start),
})

/** Where the sentence begins that holds the first refusal word; 0 without one. */
function judgementOf(answer: string): number {
  const lower = answer.toLowerCase()
  const places = WORLD_LANGUAGES.flatMap((code) => LANGUAGES[code].refusalWords.map((word) => lower.indexOf(word)))
  const first = places.filter((place) => place >= 0).toSorted((one, other) => one - other)[0] ?? 0
  return answer.slice(0, first).search(/[^.!?]*$/)
}
