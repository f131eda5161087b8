/**
 * Looks over the text of a JSON body before it is parsed: nesting depth, keys given twice, `__proto__` as a key and, where a
 * door asks for it, characters that another reader of the same body would refuse or cut off at (NUL, half a surrogate pair).
 *
 * Two readers that disagree about a body are a way around a guard: one judges the first of two equal keys, the other obeys the
 * second. One linear pass; syntax itself is left to JSON.parse. Faults name an offset, never a key or a value.
 */

/** What is not allowed, and where. */
export interface JsonFault {
  readonly kind: 'depth' | 'duplicate' | 'proto' | 'unicode'
  /** UTF-16 offset in the body. */
  readonly offset: number
}

/** What is looked for beside duplicate keys and `__proto__`. */
export interface JsonRules {
  readonly maxDepth: number
  /** Refuse NUL characters and lone surrogates in strings. */
  readonly strictUnicode: boolean
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const SUSPICIOUS_ESCAPE = /\\u(?:0000|[dD][89a-fA-F])/
const BAD_CHARACTER = /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/

/** The first fault, or null. */
export function inspectJson(text: string, rules: JsonRules): JsonFault | null {
  const unicode = rules.strictUnicode && SUSPICIOUS_ESCAPE.test(text)
  /** Keys seen, per open object; null for an open array. */
  const open: (Set<string> | null)[] = []
  let expectsKey = false
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = closingQuote(text, at + 1)
        if (end === -1) return null
        const kind = faultOfString(text, at, end, expectsKey ? open[open.length - 1] : undefined, unicode)
        if (kind !== null) return { kind, offset: at }
        at = end
        break
      }
      case 0x7b: // {
        open.push(new Set())
        expectsKey = true
        if (open.length > rules.maxDepth) return { kind: 'depth', offset: at }
        break
      case 0x5b: // [
        open.push(null)
        expectsKey = false
        if (open.length > rules.maxDepth) return { kind: 'depth', offset: at }
        break
      case 0x7d: // }
      case 0x5d: // ]
        open.pop()
        expectsKey = false
        break
      case 0x2c: // ,
        expectsKey = open[open.length - 1] instanceof Set
        break
      case 0x3a: // :
        expectsKey = false
        break
      default:
    }
  }
  return null
}

function faultOfString(
  text: string,
  start: number,
  end: number,
  keys: Set<string> | null | undefined,
  unicode: boolean,
): JsonFault['kind'] | null {
  const isKey = keys instanceof Set
  if (!isKey && !unicode) return null
  const value = unescaped(text, start, end)
  if (unicode && BAD_CHARACTER.test(value)) return 'unicode'
  if (!isKey) return null
  if (value === '__proto__') return 'proto'
  if (keys.has(value)) return 'duplicate'
  keys.add(value)
  return null
}

function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at !== -1; at = text.indexOf('"', at + 1)) {
    let backslashes = 0
    while (at - 1 - backslashes >= from && text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1
    if (backslashes % 2 === 0) return at
  }
  return -1
}

function unescaped(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end)
  if (!inner.includes('\\')) return inner
  try {
    return JSON.parse(text.slice(start, end + 1)) as string
  } catch {
    // Not JSON; the parser proper will say so.
    return inner
  }
}
