/**
 * Keeps the texts of control tokens, written by a user, from becoming control tokens (prompt-format injection).
 *
 * A mark, a character that occurs nowhere in the inputs, is put behind the first character of such a text, so that it no longer
 * matches; it is taken out again after the search for control tokens and before the text is cut into words. A text without marks
 * is encoded exactly as it would have been without this file.
 */

export interface ControlTexts {
  /** Breaks texts of control tokens, in any case of letters, and one that begins at the end and might go on after it. */
  weakly(text: string, mark: string): string
  /**
   * Breaks after every character that a control token begins with: whatever a template cuts out or joins, no control token
   * starts in the text.
   */
  strongly(text: string, mark: string): string
  /** The control tokens that a text with marks still holds, in order. */
  found(text: string): readonly string[]
}

/**
 * Control tokens of one character have no inside where a mark fits: both ways leave that character out.
 */
export function controlTexts(tokens: readonly string[]): ControlTexts {
  const characters = tokens.map((token) => [...token])
  const single = alternatives(characters.flatMap((token) => (token.length === 1 ? token : [])))
  const longer = characters.filter((token) => token.length > 1)
  const all = alternatives(tokens)
  const whole = alternatives(longer.map((token) => token.join('')))
  const first = alternatives(longer.map(([character = '']) => character))
  const begun = new Set(
    longer.flatMap((token) =>
      token.slice(1).map((_, end) =>
        token
          .slice(0, end + 1)
          .join('')
          .toLowerCase(),
      ),
    ),
  )
  const longest = Math.max(0, ...[...begun].map((text) => text.length))

  const breakAt = (text: string, pattern: string | undefined, mark: string): string =>
    // The lookahead finds texts that overlap; the function keeps `$` in a mark from meaning something.
    pattern === undefined ? text : text.replace(new RegExp(`(?=${pattern})[^]`, 'giu'), (found) => found + mark)
  const withoutSingle = (text: string): string =>
    single === undefined ? text : text.replace(new RegExp(single, 'gu'), '')
  const endsBegun = (text: string): boolean => {
    const end = text.slice(-longest).toLowerCase()
    for (let from = 0; from < end.length; from += 1) if (begun.has(end.slice(from))) return true
    return false
  }

  return {
    weakly(text, mark) {
      const kept = withoutSingle(text)
      const broken = breakAt(kept, whole, mark)
      // Behind white space a mark would keep a template from trimming it.
      return longest > 0 && endsBegun(kept) && !/\s$/u.test(kept) ? broken + mark : broken
    },
    strongly(text, mark) {
      return breakAt(withoutSingle(text), first, mark)
    },
    found(text) {
      return all === undefined ? [] : (text.match(new RegExp(all, 'gu')) ?? [])
    },
  }
}

/** Noncharacters and characters of private use: what real texts hardly hold. */
const MARKS = /[\uFDD0-\uFDEF\uE000-\uF8FF]/gu

/**
 * A character that none of the texts holds, so that nothing joined from them holds it either, and that passes `survives`.
 * Undefined when there is none, which takes a text with thousands of different characters of private use.
 */
export function unusedMark(texts: Iterable<string>, survives: (mark: string) => boolean): string | undefined {
  const used = new Set<string>()
  for (const text of texts) for (const mark of text.match(MARKS) ?? []) used.add(mark)
  for (const [first, last] of [
    [0xfdd0, 0xfdef],
    [0xe000, 0xf8ff],
  ] as const)
    for (let code = first; code <= last; code += 1) {
      const mark = String.fromCharCode(code)
      if (!used.has(mark) && survives(mark)) return mark
    }
  return undefined
}

/** The value with `change` applied to every string in it, however deep, and `changeKey` to every key. */
export function mapStrings(
  value: unknown,
  change: (text: string) => string,
  changeKey: (key: string) => string,
): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((part) => mapStrings(part, change, changeKey))
  if (value === null || typeof value !== 'object') return value
  // Templates see the own entries of every object, whatever its class.
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [changeKey(key), mapStrings(part, change, changeKey)]),
  )
}

function alternatives(texts: readonly string[]): string | undefined {
  const different = [...new Set(texts)].toSorted((one, other) => other.length - one.length)
  if (different.length === 0) return undefined
  return `(?:${different.map((text) => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)).join('|')})`
}
