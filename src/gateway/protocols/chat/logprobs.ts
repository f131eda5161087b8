/**
 * Log-probabilities spell the answer out again, token by token. They are passed on only beside exactly the words they spell; beside
 * anything else (a modified text, another cut) they would show what the guards took out.
 *
 * The tokens that were not taken (`top_logprobs`) are in no text that was judged. They stay as long as each is one token by its look;
 * anything longer, and anything that is not of the published form, takes all of them away.
 */
import type { JsonObject } from '../../../contract/index.ts'
import { asArray, isJsonObject } from '../../../contract/index.ts'

/** The choice as it may be passed on beside these words. */
export function withMatchingLogprobs(choice: JsonObject, content: string, refusal: string): JsonObject {
  const { logprobs } = choice
  if (logprobs === undefined || logprobs === null) return choice
  const matches =
    isJsonObject(logprobs) &&
    Object.keys(logprobs).every((key) => key === 'content' || key === 'refusal') &&
    isTokens(logprobs['content']) &&
    isTokens(logprobs['refusal']) &&
    spelled(logprobs['content']) === content &&
    spelled(logprobs['refusal']) === refusal
  return matches ? choice : { ...choice, logprobs: null }
}

const KEYS: ReadonlySet<string> = new Set(['token', 'bytes', 'logprob', 'top_logprobs'])
/** At most one run of characters between white space. */
const ONE_TOKEN = /^\s*\S{0,64}\s*$/

/** Whether the entries are of the published form and say the same in `token` and in `bytes`. */
function isTokens(entries: unknown): boolean {
  if (entries === undefined || entries === null) return true
  return (
    Array.isArray(entries) && entries.every((entry) => isToken(entry) && asArray(entry['top_logprobs']).every(isLikely))
  )
}

function isToken(entry: unknown): entry is JsonObject {
  if (!isJsonObject(entry) || !Object.keys(entry).every((key) => KEYS.has(key))) return false
  const { token, bytes } = entry
  if (typeof token !== 'string') return false
  if (bytes === undefined || bytes === null) return true
  if (!Array.isArray(bytes) || !bytes.every((byte) => typeof byte === 'number')) return false
  // Part of a character is no text by itself; servers write it in ways of their own.
  const text = decode(bytes)
  return text === token || text.includes('\uFFFD')
}

function isLikely(entry: unknown): boolean {
  return isToken(entry) && entry['top_logprobs'] === undefined && ONE_TOKEN.test(String(entry['token']))
}

function spelled(entries: unknown): string {
  const list = asArray(entries).filter(isJsonObject)
  const inBytes = list.length > 0 && list.every((entry) => Array.isArray(entry['bytes']))
  if (inBytes) return decode(list.flatMap((entry) => asArray(entry['bytes']) as readonly number[]))
  return list.map((entry) => String(entry['token'] ?? '')).join('')
}

function decode(bytes: readonly number[]): string {
  return new TextDecoder().decode(Uint8Array.from(bytes))
}
