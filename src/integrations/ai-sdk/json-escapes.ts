/**
 * Writes `\uXXXX` in growing JSON text as the character it stands for, so that guards read what the tool will read. Escapes that
 * JSON needs (quotes, backslashes, control characters) and lone surrogates stay.
 */

/** Decodes one text that comes in pieces. */
export interface EscapeDecoder {
  /** The decoded piece, without an escape that has only begun. */
  push(piece: string): string
  /** What was still waiting. */
  end(): string
}

export function createEscapeDecoder(): EscapeDecoder {
  let rest = ''
  return {
    push(piece) {
      const step = decode(rest + piece, false)
      rest = step.rest
      return step.text
    },
    end() {
      const { text } = decode(rest, true)
      rest = ''
      return text
    },
  }
}

/** The whole text decoded. */
export function decodeEscapes(text: string): string {
  return decode(text, true).text
}

const HEX = /^[\da-fA-F]*$/
/** Length of `\uXXXX`. */
const LENGTH = 6

function decode(source: string, final: boolean): { readonly text: string; readonly rest: string } {
  let text = ''
  let from = 0
  for (let at = source.indexOf('\\'); at >= 0; at = source.indexOf('\\', at)) {
    const first = codeAt(source, at)
    const pair = isHigh(first) ? codeAt(source, at + LENGTH) : null
    if (!final && (first === 'begun' || pair === 'begun'))
      return { text: text + source.slice(from, at), rest: source.slice(at) }
    const length = typeof first === 'number' ? LENGTH : 2
    if (typeof first === 'number' && typeof pair === 'number' && pair >= 0xdc00 && pair <= 0xdfff) {
      text += source.slice(from, at) + String.fromCharCode(first, pair)
      at += 2 * LENGTH
      from = at
    } else if (typeof first === 'number' && isFree(first)) {
      text += source.slice(from, at) + String.fromCharCode(first)
      at += length
      from = at
    } else {
      at += length
    }
  }
  return { text: text + source.slice(from), rest: '' }
}

/** The code of the escape at this place; `begun` when the text ends in the middle of it, null when there is none. */
function codeAt(source: string, at: number): number | 'begun' | null {
  const written = source.slice(at, at + LENGTH)
  if (written.length < LENGTH && HEX.test(written.slice(2)) && '\\u'.startsWith(written.slice(0, 2))) return 'begun'
  return written.startsWith('\\u') && HEX.test(written.slice(2)) ? parseInt(written.slice(2), 16) : null
}

function isHigh(code: number | 'begun' | null): boolean {
  return typeof code === 'number' && code >= 0xd800 && code <= 0xdbff
}

/** JSON does not need this character written as an escape. */
function isFree(code: number): boolean {
  return code >= 0x20 && code !== 0x22 && code !== 0x5c && (code < 0xd800 || code > 0xdfff)
}
