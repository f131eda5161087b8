/**
 * Keeps texts of users and notes of models from acting on the prompts they stand in: what would close a delimiter or start a turn is
 * broken by a space, delimiters carry a nonce that the text does not hold, notes are one short line. What a text says it leaves alone.
 */
import { hashText } from '../../core/text/index.ts'

/** The tags of the prompts, and the control tokens of chat templates in use. Bounded, so that matching stays linear. */
const DELIMITERS = new RegExp(
  [
    '<(?=\\s{0,8}/?\\s{0,8}(?:SANDBOX|SYSTEM_INSTRUCTIONS|SYSTEM_TIP|SYSTEM_CHECK_RESULT)\\b)',
    '<(?=[|\\uFF5C][^<>\\s]{1,60}[|\\uFF5C]>)',
    '<(?=/?(?:s|bos|eos|pad|unk|think)>|</?SYS>>|(?:start|end)_of_[a-z_]{1,40}>)',
    '\\[(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\\])',
  ].join('|'),
  'giu',
)

/** Breaks every delimiter and control token by a space after its first character. */
export function neutralise(text: string): string {
  return text.replace(DELIMITERS, '$& ')
}

const NONCE_LENGTH = 12

/** Hexadecimal digits that none of the texts holds. They follow from the texts, so that equal prompts are equal to the byte. */
export function absentNonce(texts: readonly string[]): string {
  const all = texts.join('\n').toLowerCase()
  for (let attempt = 0; ; attempt += 1) {
    const nonce = hashText(`${attempt}:${all}`).slice(0, NONCE_LENGTH)
    if (!all.includes(nonce)) return nonce
  }
}

/** Control characters, line separators and marks of direction, which have no place in a note. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu

/** A note as one line of at most `most` UTF-16 units, cut between words where there are any. */
export function oneLine(note: string, most: number): string {
  // What is far too long is cut first: the patterns need not see it.
  const line = neutralise(note.slice(0, 8 * most).replace(UNSEEN, ' '))
    .replaceAll(/\s+/g, ' ')
    .trim()
  if (line.length <= most) return line
  const cut = line.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')
  return `${cut.includes(' ') ? cut.replace(/\s+\S*$/, '') : cut}…`
}
