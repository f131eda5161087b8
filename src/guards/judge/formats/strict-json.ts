/**
 * Reads an answer that must be one JSON object: nothing around it but a Markdown fence, no key twice. It repairs nothing.
 */

export type JsonObject = Readonly<Record<string, unknown>>

const FENCE = '```'
/** Longer answers are of no format here. */
export const LONGEST_ANSWER = 100_000

/** The whole of the text in a fence, or the text. */
function unfenced(text: string): string {
  const trimmed = text.trim()
  const opening = /^```[a-z]{0,10}[^\S\n]*\n/i.exec(trimmed)?.[0]
  if (opening === undefined || !trimmed.endsWith(FENCE) || trimmed.length < opening.length + FENCE.length)
    return trimmed
  return trimmed.slice(opening.length, -FENCE.length).trim()
}

/** The object, or null where the text is anything else. */
export function parseJsonObject(text: string): JsonObject | null {
  if (text.length > LONGEST_ANSWER) return null
  const json = unfenced(text)
  if (!json.startsWith('{')) return null
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  // `JSON.parse` keeps the last of two equal keys: a second label would silently replace the first.
  return countTopLevelKeys(json) === Object.keys(value).length ? (value as JsonObject) : null
}

/** Keys of the outermost object of valid JSON. */
function countTopLevelKeys(json: string): number {
  let depth = 0
  let keys = 0
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\[\s\S])*"|[{}[\]:]/g)) {
    if (token === '{' || token === '[') depth += 1
    else if (token === '}' || token === ']') depth -= 1
    else if (token === ':' && depth === 1) keys += 1
  }
  return keys
}

/** A list of strings, or null. */
export function stringList(value: unknown): readonly string[] | null {
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : null
}
