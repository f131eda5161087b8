/**
 * The one JSON object in a model's answer. Words and a Markdown fence may stand around it; it repairs nothing, and an answer with two
 * objects has none, because one of them may be the user's, repeated.
 */

/** Longer answers are none. */
export const LONGEST_ANSWER = 100_000

/** The object with its keys in lower case; null for anything else, two keys of one name included. */
export function answerObject(text: string): Readonly<Record<string, unknown>> | null {
  // A list of objects is no object, although there is one in it.
  if (text.length > LONGEST_ANSWER || /^\s*\[[^]*\]\s*$/.test(text)) return null
  const found = topLevelObjects(text)
  if (found?.length !== 1) return null
  let value: unknown
  try {
    value = JSON.parse(found[0] ?? '')
  } catch {
    return null
  }
  const keys = topLevelKeys(found[0] ?? '').map((key) => key.toLowerCase())
  if (new Set(keys).size !== keys.length) return null
  const entries = Object.entries(value as Readonly<Record<string, unknown>>)
  return Object.fromEntries(entries.map(([key, item]) => [key.toLowerCase(), item]))
}

/** Texts between a brace and its partner, strings inside them respected; null where a brace has no partner. */
function topLevelObjects(text: string): readonly string[] | null {
  const found: string[] = []
  let [depth, start, quoted] = [0, 0, false]
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at]
    if (quoted) {
      if (char === '\\') at += 1
      else if (char === '"') quoted = false
    } else if (char === '{') {
      if (depth === 0) start = at
      depth += 1
    } else if (depth > 0 && char === '"') quoted = true
    else if (char === '}') {
      depth -= 1
      if (depth < 0) return null
      if (depth === 0) found.push(text.slice(start, at + 1))
    }
  }
  return depth === 0 ? found : null
}

/** Keys of the outermost object of valid JSON, as often as they stand there. */
function topLevelKeys(json: string): readonly string[] {
  const keys: string[] = []
  let [depth, last] = [0, '""']
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\[\s\S])*"|[{}[\]:]/g)) {
    if (token === '{' || token === '[') depth += 1
    else if (token === '}' || token === ']') depth -= 1
    else if (token === ':') {
      if (depth === 1) keys.push(JSON.parse(last) as string)
    } else last = token
  }
  return keys
}
