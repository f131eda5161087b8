/**
 * Preference data as token ids: the prompt as the chat template writes it up to the head of the answer, the response up to and with the
 * token that ends it. Rows that are too long are left out and counted, never cut: a cut answer would teach to stop in the middle.
 */
import type { ChatMessage } from '../../nn/tokenizer/chat-template.ts'
import type { TextTokenizer } from '../../nn/tokenizer/tokenizer-json.ts'
import { ParapetError } from '../../spec/errors.ts'
import type { Message } from '../../spec/index.ts'
import type { LabelledTurn, PreferencePair } from './pairs.ts'
import type { ResponseTokens } from './sequence-log-probabilities.ts'

export interface EncodePreferencesOptions {
  readonly tokenizer: TextTokenizer
  /** Longest row kept, prompt and response together, in tokens. */
  readonly maxLength: number
}

export interface EncodedPair {
  readonly chosen: ResponseTokens
  readonly rejected: ResponseTokens
  readonly weight: number
}

export interface EncodedTurn {
  readonly turn: LabelledTurn
  readonly tokens: ResponseTokens
}

export interface EncodedRows<Row> {
  readonly rows: readonly Row[]
  /** Rows that were longer than `maxLength`. */
  readonly leftOut: number
}

/** A pair is left out when either of its responses is too long. */
export function encodePairs(
  pairs: readonly PreferencePair[],
  options: EncodePreferencesOptions,
): EncodedRows<EncodedPair> {
  return keptRows(pairs, ({ prompt, chosen, rejected, weight = 1 }) => {
    const encoded = { chosen: fitted(prompt, chosen, options), rejected: fitted(prompt, rejected, options) }
    return encoded.chosen === undefined || encoded.rejected === undefined
      ? undefined
      : { chosen: encoded.chosen, rejected: encoded.rejected, weight }
  })
}

export function encodeTurns(
  turns: readonly LabelledTurn[],
  options: EncodePreferencesOptions,
): EncodedRows<EncodedTurn> {
  return keptRows(turns, (turn) => {
    const tokens = fitted(turn.prompt, turn.response, options)
    return tokens === undefined ? undefined : { turn, tokens }
  })
}

/** Throws `input_invalid` for contents that are not text, `configuration` for a template that does not end what it began. */
export function encodeResponse(prompt: readonly Message[], response: string, tokenizer: TextTokenizer): ResponseTokens {
  const messages = prompt.map(chatMessage)
  const before = tokenizer.encodeChat(messages, { addGenerationPrompt: true })
  const whole = tokenizer.encodeChat([...messages, { role: 'assistant', content: response }])
  if (!before.every((id, at) => whole[at] === id))
    throw new ParapetError(
      'configuration',
      'With this chat template an answer does not follow the text that asks for it. Use a template that writes each message independently of later ones.',
    )
  const said = whole.slice(before.length)
  const { endToken } = tokenizer
  if (endToken === undefined) return { prompt: before, response: said }
  // What a template writes after the end token, such as a line break, is never sampled and not learnt.
  const end = said.lastIndexOf(endToken)
  return { prompt: before, response: end < 0 ? [...said, endToken] : said.slice(0, end + 1) }
}

/** A message as the chat template sees it. */
export function chatMessage({ role, content, toolCalls }: Message): ChatMessage {
  if (toolCalls !== undefined && toolCalls.length > 0)
    throw new ParapetError(
      'input_invalid',
      'A prompt holds tool calls. Write them out as text; only text is learnt from.',
    )
  if (typeof content === 'string') return { role, content }
  const texts = content.map((part) => {
    if (part.type === 'text') return part.text
    throw new ParapetError('input_invalid', 'A prompt holds media. Leave such rows out; only text is learnt from.')
  })
  return { role, content: texts.join('\n') }
}

function fitted(
  prompt: readonly Message[],
  response: string,
  { tokenizer, maxLength }: EncodePreferencesOptions,
): ResponseTokens | undefined {
  const tokens = encodeResponse(prompt, response, tokenizer)
  return tokens.prompt.length + tokens.response.length <= maxLength ? tokens : undefined
}

function keptRows<Given, Row>(given: readonly Given[], encode: (row: Given) => Row | undefined): EncodedRows<Row> {
  const rows = given.flatMap((row): readonly Row[] => {
    const encoded = encode(row)
    return encoded === undefined ? [] : [encoded]
  })
  return { rows, leftOut: given.length - rows.length }
}
