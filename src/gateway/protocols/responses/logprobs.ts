/**
 * Log-probabilities spell the answer out again, token by token, and name the tokens that nearly stood there instead. They are
 * shown only beside exactly the text they spell, and the other tokens are judged.
 */
import type { JsonObject, JsonValue } from '../../../contract/index.ts'
import { asArray, isJsonObject } from '../../../contract/index.ts'

export interface TokenWords {
  /** The text they spell; null when they do not spell the one beside them, or say more than a token. */
  readonly spelled: string | null
  /** The other tokens, as a JSON list; empty when there are none. */
  readonly alternatives: string
}

const ENTRY_KEYS: ReadonlySet<string> = new Set(['token', 'logprob', 'bytes', 'top_logprobs'])

/** @param text the text beside them */
export function readLogprobs(entries: readonly JsonValue[], text: string): TokenWords {
  const none: TokenWords = { spelled: null, alternatives: '' }
  const alternatives = new Set<string>()
  for (const entry of entries) {
    if (!isJsonObject(entry) || !isToken(entry)) return none
    for (const other of asArray(entry['top_logprobs'])) {
      if (!isJsonObject(other) || !isToken(other)) return none
      if (other['token'] !== entry['token'] && other['token'] !== undefined) alternatives.add(String(other['token']))
    }
  }
  const tokens = entries as readonly JsonObject[]
  if (tokens.map(({ token }) => String(token)).join('') !== text && spelledInBytes(tokens) !== text) return none
  return { spelled: text, alternatives: alternatives.size === 0 ? '' : JSON.stringify([...alternatives]) }
}

/** A token, its number and its bytes, and nothing beside it. */
function isToken(entry: JsonObject): boolean {
  const { token, logprob, bytes } = entry
  if (Object.keys(entry).some((key) => !ENTRY_KEYS.has(key))) return false
  if (token !== undefined && typeof token !== 'string') return false
  if (logprob !== undefined && logprob !== null && typeof logprob !== 'number') return false
  return bytes === undefined || bytes === null || sayTheSame(asArray(bytes), token ?? '')
}

/** Half a character has no text; servers write its bytes as escapes or as U+FFFD. */
const HALF_CHARACTER = /^(?:(?:bytes:)?(?:\\x[0-9a-fA-F]{2}){1,8}|\ufffd{1,8})$/

function sayTheSame(bytes: readonly JsonValue[], token: string): boolean {
  const decoded = decode(bytes)
  return decoded === token || (decoded === null && HALF_CHARACTER.test(token))
}

function spelledInBytes(tokens: readonly JsonObject[]): string | null {
  if (!tokens.every(({ bytes }) => Array.isArray(bytes))) return null
  return decode(tokens.flatMap(({ bytes }) => asArray(bytes)))
}

function decode(bytes: readonly JsonValue[]): string | null {
  if (!bytes.every((byte) => typeof byte === 'number' && byte >= 0 && byte < 256)) return null
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes as number[]))
  } catch {
    return null
  }
}
