/**
 * What `JSON.parse` does not tell: keys that stand twice in one object, and how deep a value is nested. A key that stands twice is read
 * differently by different programs, so such a row can show the screen one text and the trainer another.
 *
 * It expects JSON that parses; of other text it says something harmless.
 */

export interface JsonShape {
  /** Objects and lists inside one another, at most. */
  readonly depth: number
  /** Whether an object has a key twice, compared as the strings they stand for. */
  readonly doubled: boolean
}

export function inspectJson(text: string): JsonShape {
  let depth = 0
  let deepest = 0
  let doubled = false
  /** Keys of the objects that are open; null for a list. */
  const open: (Set<string> | null)[] = []
  let expectsKey = false
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case 34: {
        const end = stringEnd(text, at)
        const keys = open.at(-1)
        if (expectsKey && keys !== null && keys !== undefined) {
          const key = unescaped(text.slice(at, end + 1))
          doubled ||= keys.has(key)
          keys.add(key)
          expectsKey = false
        }
        at = end
        break
      }
      case 123:
        open.push(new Set())
        expectsKey = true
        deepest = Math.max(deepest, ++depth)
        break
      case 91:
        open.push(null)
        expectsKey = false
        deepest = Math.max(deepest, ++depth)
        break
      case 125:
      case 93:
        open.pop()
        expectsKey = false
        depth -= 1
        break
      case 44:
        expectsKey = open.at(-1) !== null
        break
      default:
    }
  }
  return { depth: deepest, doubled }
}

/** Place of the quote that ends a string. */
function stringEnd(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let slashes = 0
    while (text.charCodeAt(at - 1 - slashes) === 92) slashes += 1
    if (slashes % 2 === 0) return at
  }
  return text.length
}

/** `"\u0061"` and `"a"` are the same key. */
function unescaped(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1)
  try {
    return String(JSON.parse(quoted))
  } catch {
    return quoted
  }
}
