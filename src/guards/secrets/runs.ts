/**
 * Runs of characters that a secret needs: long ones of token characters, shorter ones that may be an assigned value. Ordinary text
 * has few, and they are found by looking at every so-manieth character first, and mostly only there.
 *
 * It says where something may be, never that something is there.
 */

/** Letters, digits and signs of keys and tokens, and of what stands around them in links and assignments. */
const TOKEN: Uint8Array = tableOf('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+/=.~%:-')
/** Letters, digits, `_`, `+`, `/` and `-`: what the body of a token is made of. */
const BODY: Uint8Array = tableOf('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-')
/** ASCII without white space, quotes, angle brackets, commas, semicolons and ampersands: what an assigned value is made of. */
const VALUE: Uint8Array = tableOf('').fill(1)
for (const separator of '\t\n\v\f\r "\'`<>,;&') VALUE[separator.charCodeAt(0)] = 0

/** Shortest run of token characters that a token of a known shape is, or stands in. */
export const TOKEN_RUN = 20

/** All runs of `TOKEN_RUN` or more token characters, with a space between them. */
export function tokenRuns(text: string): string {
  let runs = ''
  for (let start = runStart(text, 0, TOKEN_RUN, TOKEN); start >= 0;) {
    const end = runEnd(text, start + TOKEN_RUN, TOKEN)
    runs += `${text.slice(start, end)} `
    start = runStart(text, end, TOKEN_RUN, TOKEN)
  }
  return runs
}

/** Whether the text has `length` characters of token bodies in a row. */
export function hasBodyRun(text: string, length: number): boolean {
  return runStart(text, 0, length, BODY) >= 0
}

/** Whether `wanted` is true of a run of `least` or more characters that may be an assigned value. */
export function someValue(text: string, least: number, wanted: (start: number, end: number) => boolean): boolean {
  for (let start = runStart(text, 0, least, VALUE); start >= 0;) {
    const end = runEnd(text, start + least, VALUE)
    if (wanted(start, end)) return true
    start = runStart(text, end, least, VALUE)
  }
  return false
}

/** Start of the first run of `length` characters of the table at or after `from`, or -1. */
function runStart(text: string, from: number, length: number, table: Uint8Array): number {
  let start = from
  while (start + length <= text.length) {
    let index = start + length - 1
    while (index >= start && isIn(table, text.charCodeAt(index))) index -= 1
    if (index < start) return start
    start = index + 1
  }
  return -1
}

function runEnd(text: string, from: number, table: Uint8Array): number {
  let end = from
  while (end < text.length && isIn(table, text.charCodeAt(end))) end += 1
  return end
}

function isIn(table: Uint8Array, code: number): boolean {
  return code < 128 && table[code] === 1
}

function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(128)
  for (const character of characters) table[character.charCodeAt(0)] = 1
  return table
}
