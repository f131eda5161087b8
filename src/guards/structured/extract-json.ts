/**
 * Finds the JSON of an answer: the whole of it, or what stands in its only Markdown fence. Does not repair JSON.
 */

/** The JSON part of an answer. */
export interface ExtractedJson {
  readonly json: string
  /** There was something around it. */
  readonly wrapped: boolean
}

const FENCE = '```'

/** The part of an answer that should be JSON; null when there is none, or more than one fence. */
export function extractJson(text: string, allowFences: boolean): ExtractedJson | null {
  const trimmed = text.trim()
  if (trimmed === '') return null
  const first = trimmed.indexOf(FENCE)
  // Three back-ticks inside a JSON string are no fence.
  if (first < 0 || trimmed.startsWith('{') || trimmed.startsWith('[') || trimmed.startsWith('"')) {
    return { json: trimmed, wrapped: false }
  }
  if (!allowFences) return null
  const lineEnd = trimmed.indexOf('\n', first)
  const last = trimmed.lastIndexOf(FENCE)
  if (lineEnd < 0 || last <= lineEnd) return null
  const json = trimmed.slice(lineEnd + 1, last).trim()
  return json === '' ? null : { json, wrapped: true }
}
