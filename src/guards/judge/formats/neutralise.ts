/**
 * Takes the force out of control tokens and delimiters inside judged texts: after the first character of each, one space is put in.
 *
 * A space and no zero-width character, because some tokenizers drop those before they look for control tokens. It runs on chat
 * messages as well, since many servers let a control token inside a message through. Words that merely resemble a delimiter stay.
 */
import { ParapetError } from '../../../spec/index.ts'

/** Control tokens of the chat templates in use, whichever model is asked. Bounded, so that matching stays linear. */
const CONTROL_TOKENS: readonly string[] = [
  '<[|\\uFF5C][^<>\\s]{1,60}[|\\uFF5C]>',
  '</?(?:s|bos|eos|pad|unk|think|score|guardian|no-think|confidence)>',
  '\\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\\]',
  '<</?SYS>>',
  '<(?:start|end)_of_[a-z_]{1,40}>',
]

export interface Delimiters {
  /** Strings that delimit wherever they stand. */
  readonly marks?: readonly string[]
  /** Strings that delimit at the start of a line, such as `User:`. */
  readonly lineStarts?: readonly string[]
}

/** A literal, whatever its spaces. Its second character must not be a space: the space put in would change nothing. */
function flexible(literal: string): string {
  if (!/^\S\S/.test(literal)) throw new ParapetError('internal', `"${literal}" cannot be broken by a space.`)
  const escaped = literal.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  return escaped.replace(/\s+/g, '\\s+').replace(/:$/, '[^\\S\\r\\n]*:')
}

/**
 * The pattern of everything that would delimit. Without case: models read `<end conversation>` as they read the real one. Marks may
 * have any spaces in them, line starts any before them.
 */
export function delimiterPattern({ marks = [], lineStarts = [] }: Delimiters): RegExp {
  const anywhere = [...CONTROL_TOKENS, ...marks.map(flexible)].map((source) => `(?=${source})`)
  // The cheap test first: the look-behind runs over spaces only where the words match.
  const atLineStart = lineStarts.map((literal) => `(?=${flexible(literal)})(?<=^[^\\S\\r\\n]*)`)
  return new RegExp(`(?:${[...anywhere, ...atLineStart].join('|')})[\\s\\S]`, 'gimu')
}

/** A function that breaks every control token and every given delimiter in a text. */
export function createNeutraliser(delimiters: Delimiters): (text: string) => string {
  const pattern = delimiterPattern(delimiters)
  return (text) => text.replace(pattern, '$& ')
}
