/**
 * Log-probabilities spell the answer out again, token by token. They are passed on only beside exactly the words they spell;
 * beside anything else (a modified text, another cut) they would show what the guards took out.
 */
import type { JsonObject } from '../../../contract/index.ts'
import { asArray, isJsonObject } from '../../../contract/index.ts'

/** The choice as it may be passed on beside these words. */
export function withMatchingLogprobs(choice: JsonObject, content: string, refusal: string): JsonObject {
  const { logprobs } = choice
  if (logprobs === undefined || logprobs === null) return choice
  const matches =
    isJsonObject(logprobs) && spelled(logprobs['content']) === content && spelled(logprobs['refusal']) === refusal
  return matches ? choice : { ...choice, logprobs: null }
}

function spelled(entries: unknown): string {
  const list = asArray(entries).filter(isJsonObject)
  const bytes = list.flatMap((entry) => asArray(entry['bytes']))
  const spelledInBytes =
    list.length > 0 &&
    list.every((entry) => Array.isArray(entry['bytes'])) &&
    bytes.every((byte) => typeof byte === 'number')
  if (spelledInBytes) return new TextDecoder().decode(Uint8Array.from(bytes))
  return list.map((entry) => String(entry['token'] ?? '')).join('')
}
