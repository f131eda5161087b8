/**
 * Log-probabilities spell a completion out again, token by token. They are passed on only beside exactly the words they spell. The
 * likely tokens that were not taken (`top_logprobs`) are words of their own, which nothing spells: they are judged as a text beside
 * the completion and come back only as they were.
 *
 * Only the form that OpenAI publishes for completions is understood. Any other (a list of entries, as chat has it) is left out.
 */
import type { JsonObject, JsonValue } from '../../../contract/index.ts'
import { isJsonObject } from '../../../contract/index.ts'
import { carriesText } from '../../carries-text.ts'
import type { Alternatives } from './raw.ts'

/** Log-probabilities in two halves. */
export interface SplitLogprobs {
  /** What may stand beside the text; null when it spells another one. */
  readonly spelled: JsonObject | null
  /** `top_logprobs`, when it holds words. */
  readonly alternatives: Alternatives | null
}

const NOTHING: SplitLogprobs = { spelled: null, alternatives: null }

/** @param text the words they have to spell */
export function splitLogprobs(logprobs: JsonValue | undefined, text: string): SplitLogprobs {
  if (!isJsonObject(logprobs)) return NOTHING
  const { tokens, token_logprobs: chances, text_offset: offsets, top_logprobs: top } = logprobs
  if (!Array.isArray(tokens) || !tokens.every((token: JsonValue) => typeof token === 'string')) return NOTHING
  if (spell(tokens) !== text) return NOTHING
  const likely = isTop(top, tokens.length) ? top : null
  const spelled = {
    tokens: tokens as readonly string[],
    ...(isNumbers(chances, tokens.length) ? { token_logprobs: chances } : {}),
    ...(isNumbers(offsets, tokens.length) ? { text_offset: offsets } : {}),
  }
  if (likely === null)
    return { spelled: top === null ? { ...spelled, top_logprobs: null } : spelled, alternatives: null }
  if (!carriesText(likely)) return { spelled: { ...spelled, top_logprobs: likely }, alternatives: null }
  return { spelled, alternatives: { kind: 'alternatives', value: likely, data: JSON.stringify(likely) } }
}

/** Part of a character, which is no text by itself: `bytes:\xe2\x82`. */
const BYTES = /^bytes:((?:\\x[0-9a-f]{2})+)$/

function spell(tokens: readonly string[]): string {
  if (!tokens.some((token) => BYTES.test(token))) return tokens.join('')
  const encoder = new TextEncoder()
  const bytes = tokens.flatMap((token) => {
    const escaped = BYTES.exec(token)?.[1]
    if (escaped === undefined) return [...encoder.encode(token)]
    return escaped
      .slice(2)
      .split(String.raw`\x`)
      .map((byte) => Number.parseInt(byte, 16))
  })
  return new TextDecoder().decode(Uint8Array.from(bytes))
}

function isNumbers(value: JsonValue | undefined, length: number): value is readonly (number | null)[] {
  if (!Array.isArray(value) || value.length !== length) return false
  return value.every((item: JsonValue) => typeof item === 'number' || item === null)
}

function isTop(value: JsonValue | undefined, length: number): value is readonly (JsonObject | null)[] {
  if (!Array.isArray(value) || value.length !== length) return false
  return value.every(
    (item: JsonValue) =>
      item === null || (isJsonObject(item) && Object.values(item).every((chance) => typeof chance === 'number')),
  )
}
