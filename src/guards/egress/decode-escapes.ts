/**
 * Undoes the escapes under which a URL still works: JSON (`\/`, `\u0068`) in tool arguments, character references (`&#58;`,
 * `&colon;`) in Markdown and HTML. Keeps where every character came from.
 */

/** Decoded text. `origin[i]` is where character `i` began; one more entry for the end. */
export interface Decoded {
  readonly text: string
  /** null: nothing was decoded, positions are the same. */
  readonly origin: readonly number[] | null
}

const ESCAPE =
  /\\(?:u([0-9a-fA-F]{4})|([/\\nrt"]))|&(?:#([0-9]{1,7})|#[xX]([0-9a-fA-F]{1,6})|(colon|sol|period|amp|commat|lpar|rpar|num|quest|equals|bsol));?/g
const NAMED: Readonly<Record<string, string>> = {
  colon: ':',
  sol: '/',
  period: '.',
  amp: '&',
  commat: '@',
  lpar: '(',
  rpar: ')',
  num: '#',
  quest: '?',
  equals: '=',
  bsol: '\\',
}

/** Decodes a text; gives it back as it is when it has no escape. */
export function decodeEscapes(text: string): Decoded {
  if (!text.includes('\\') && !text.includes('&')) return { text, origin: null }
  const origin: number[] = []
  let out = ''
  let at = 0
  const copy = (to: number): void => {
    for (; at < to; at++) origin.push(at)
  }
  for (const match of text.matchAll(ESCAPE)) {
    const decoded = valueOf(match)
    if (decoded === null) continue
    out += text.slice(at, match.index)
    copy(match.index)
    out += decoded
    for (let index = 0; index < decoded.length; index++) origin.push(match.index)
    at = match.index + match[0].length
  }
  if (out === '') return { text, origin: null }
  out += text.slice(at)
  copy(text.length)
  origin.push(text.length)
  return { text: out, origin }
}

function valueOf(match: RegExpExecArray): string | null {
  const [, unicode, simple, decimal, hexadecimal, named] = match
  if (unicode !== undefined) return String.fromCharCode(Number.parseInt(unicode, 16))
  if (simple !== undefined) return simple === '/' ? '/' : simple === '\\' || simple === '"' ? null : ' '
  if (named !== undefined) return NAMED[named] ?? null
  const code = decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number(decimal)
  return code > 0x1f && code <= 0x10ffff ? String.fromCodePoint(code) : null
}
