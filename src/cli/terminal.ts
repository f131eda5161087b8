/**
 * Words on a terminal: colours where wanted, and text made safe to print. A judged text may hold escape sequences that would
 * move the cursor or change the terminal's title; they are shown, never sent.
 */

export type Colour = 'red' | 'green' | 'yellow' | 'dim' | 'bold'

export type Paint = (colour: Colour, text: string) => string

const CODES: Readonly<Record<Colour, readonly [number, number]>> = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  dim: [2, 22],
  bold: [1, 22],
}

/** A function that colours text, or leaves it alone. */
export function createPaint(colours: boolean): Paint {
  if (!colours) return (_colour, text) => text
  return (colour, text) => `\u001B[${CODES[colour][0]}m${text}\u001B[${CODES[colour][1]}m`
}

/** Control characters but line feed and tab, bidirectional controls and other invisible format characters. */
const UNSAFE = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/g

/** Text as it can be printed: characters that a terminal would act on are written as `\u{…}`. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)
}

/** JSON whose characters a terminal would act on are escaped; parses to the same value. */
export function printableJson(json: string): string {
  return json.replace(UNSAFE, (char) =>
    char === '\n' ? char : `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  )
}
