/**
 * Makes characters visible that a browser would not show, or that would change how the text around them is shown: zero-width and
 * other ignorable characters, direction controls, control characters, unusual spaces, tag characters (which can spell a hidden
 * message), lone surrogates, and piles of combining marks.
 *
 * Such characters never reach the page as themselves, so a text cannot be re-ordered by its own controls. Emoji stay whole: the
 * joiners and selectors inside a recommended sequence are part of a visible picture. Text keeps its line feeds and tabs.
 */

/** A stretch of plain text, or a sign that stands for characters one cannot see. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  /**
   * `short` is drawn, `name` is for reading aloud. It stands for `count` characters; `times` says how often the same one stands
   * there in a row.
   */
  | {
      readonly kind: 'sign'
      readonly short: string
      readonly name: string
      readonly count: number
      readonly times: number
    }

const NAMES: Readonly<Record<number, readonly [short: string, name: string]>> = {
  0x0000: ['NUL', 'null character'],
  0x0008: ['BS', 'backspace'],
  0x000d: ['CR', 'carriage return'],
  0x001b: ['ESC', 'escape'],
  0x007f: ['DEL', 'delete'],
  0x0085: ['NEL', 'next line'],
  0x00ad: ['SHY', 'soft hyphen'],
  0x034f: ['CGJ', 'combining grapheme joiner'],
  0x061c: ['ALM', 'Arabic letter mark'],
  0x180e: ['MVS', 'Mongolian vowel separator'],
  0x200b: ['ZWSP', 'zero width space'],
  0x200c: ['ZWNJ', 'zero width non-joiner'],
  0x200d: ['ZWJ', 'zero width joiner'],
  0x200e: ['LRM', 'left-to-right mark'],
  0x200f: ['RLM', 'right-to-left mark'],
  0x2028: ['LSEP', 'line separator'],
  0x2029: ['PSEP', 'paragraph separator'],
  0x202a: ['LRE', 'left-to-right embedding'],
  0x202b: ['RLE', 'right-to-left embedding'],
  0x202c: ['PDF', 'end of embedding'],
  0x202d: ['LRO', 'left-to-right override'],
  0x202e: ['RLO', 'right-to-left override'],
  0x202f: ['NNBSP', 'narrow no-break space'],
  0x2060: ['WJ', 'word joiner'],
  0x2066: ['LRI', 'left-to-right isolate'],
  0x2067: ['RLI', 'right-to-left isolate'],
  0x2068: ['FSI', 'first strong isolate'],
  0x2069: ['PDI', 'end of isolate'],
  0x2800: ['BLANK', 'blank Braille pattern'],
  0x3164: ['HF', 'Hangul filler'],
  0xfeff: ['BOM', 'byte order mark'],
}

/** Marks of one character that are drawn; more would climb over the lines around. */
const MARKS = 4

/**
 * Emoji (kept), a line end (kept), tag characters, one unseen character in a row, a lone surrogate, a pile of marks. Format
 * characters that are visible (Arabic number signs and their like) are not unseen.
 */
const SPECIAL =
  /(?<kept>\p{RGI_Emoji}|\r\n)|(?<tags>[\u{E0000}-\u{E007F}]+)|(?<unseen>[[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2028\u2029\u1680\u2000-\u200A\u202F\u205F\u2800]--[\t\n\u0600-\u0605\u06DD\u070F\u0890\u0891\u08E2\u{110BD}\u{110CD}]])\k<unseen>*|(?<lone>\p{Cs})|(?<pile>\p{M}{5,})/gv

/** The text as pieces to show, in order. Joined, the texts and counts account for every character. */
export function toPieces(text: string): readonly Piece[] {
  const pieces: Piece[] = []
  let from = 0
  const plain = (to: number): void => {
    if (to > from) pieces.push({ kind: 'text', text: text.slice(from, to) })
  }
  for (const match of text.matchAll(SPECIAL)) {
    const { kept, tags, unseen, pile } = match.groups ?? {}
    if (kept !== undefined) continue
    const [found] = match
    const drawn = pile === undefined ? '' : [...pile].slice(0, MARKS).join('')
    plain(match.index + drawn.length)
    pieces.push(pile !== undefined ? pileSign(pile) : tags !== undefined ? tagSign(tags) : unseenSign(unseen, found))
    from = match.index + found.length
  }
  plain(text.length)
  return pieces
}

function pileSign(pile: string): Piece {
  const count = [...pile].length - MARKS
  return { kind: 'sign', short: 'MARKS', name: 'combining marks', count, times: count }
}

/** Tag characters repeat ASCII invisibly; what they spell is shown. */
function tagSign(tags: string): Piece {
  const codes = [...tags].map((tag) => (tag.codePointAt(0) ?? 0) - 0xe0000)
  const spelled = codes.map((code) => (code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : '')).join('')
  return {
    kind: 'sign',
    short: spelled === '' ? 'TAG' : `TAGS “${spelled}”`,
    name: spelled === '' ? 'tag characters' : `tag characters that spell ${spelled}`,
    count: codes.length,
    times: 1,
  }
}

function unseenSign(unseen: string | undefined, found: string): Piece {
  const code = found.codePointAt(0) ?? 0
  const hex = code.toString(16).toUpperCase().padStart(4, '0')
  const [short, name] =
    NAMES[code] ?? (unseen === undefined ? [hex, `half a character`] : [`U+${hex}`, 'character that is not visible'])
  const count = [...found].length
  return { kind: 'sign', short, name: `${name}, U+${hex}`, count, times: count }
}

/** One line of somebody else's text (a name, a label) that cannot break the page: made visible and cut. */
export function toLine(text: string, limit = 120): string {
  const line = toPieces(text.slice(0, limit * 2).replaceAll(/[\t\n\r]+/g, ' '))
    .map((piece) => (piece.kind === 'text' ? piece.text : `‹${piece.short}›`))
    .join('')
  const letters = [...line]
  return letters.length > limit || text.length > limit * 2 ? `${letters.slice(0, limit).join('')}…` : line
}
