/**
 * One cheap pass over a text that tells which recognisers can find anything in it.
 *
 * Every field is a necessary condition only: a text in which a recogniser would match always has the profile that the recogniser
 * asks for, whatever stands around the match (`profile.test.ts`). The last profile is kept because all recognisers ask about the
 * same string in turn.
 */

export interface TextProfile {
  /** Number of ASCII digits. */
  readonly digits: number
  /** Most ASCII digits in a stretch whose gaps are at most three characters. */
  readonly run: number
  /** Most ASCII digits in a row. */
  readonly solid: number
  /** Most capital letters A–Z in a row. */
  readonly capitals: number
  /** Longest run of ASCII letters and digits that holds a digit. */
  readonly coded: number
  /** Longest run of ASCII letters and digits in which a letter and a digit stand side by side. */
  readonly mixed: number
  /** There is a run of five or more ASCII letters, digits and hyphens with four digits. */
  readonly document: boolean
  /** Two digits end twelve or more letters, digits, full stops and slashes, with a hyphen or space before the two at most. */
  readonly company: boolean
  /** Most full stops between digits in a row: `1.2.3` has two. */
  readonly dots: number
  readonly at: boolean
  readonly colons: number
  readonly hyphens: number
  /** Two colons with nothing but hexadecimal digits and full stops between them. */
  readonly colonPair: boolean
  /** `cf`, `c.f`, `codice` or `fiscale`, in any case. */
  readonly fiscal: boolean
  /** There is a character from U+3000 on: ideographs, kana, Hangul syllables and much else. */
  readonly eastAsian: boolean
  /** Something that may be the end of "my name is " in any of the languages known, and what may begin a name after it. */
  readonly introduction: boolean
}

const WIDEST_GAP = 3
/** Letters, digits, full stops and slashes of a company number before its last two digits. */
const COMPANY_BODY = 12
/** Longest stretch between two colons of a network address. */
const COLON_GAP = 40

const NOTHING: TextProfile = {
  digits: 0,
  run: 0,
  solid: 0,
  capitals: 0,
  coded: 0,
  mixed: 0,
  document: false,
  company: false,
  dots: 0,
  at: false,
  colons: 0,
  hyphens: 0,
  colonPair: false,
  fiscal: false,
  eastAsian: false,
  introduction: false,
}

let lastText: string | undefined
let lastProfile: TextProfile = NOTHING
/** Where rows of digits begin in the last text. */
let lastRows: readonly number[] = []

/** Profile of `text`. */
export function profileOf(text: string): TextProfile {
  if (text !== lastText) {
    const rows: number[] = []
    lastProfile = computeProfile(text, rows)
    lastText = text
    lastRows = rows
  }
  return lastProfile
}

/** Offsets at which rows of ASCII digits begin, in order. The last profile stays as it is. */
export function digitRows(text: string): readonly number[] {
  if (text === lastText) return lastRows
  const rows: number[] = []
  let before = false
  for (let index = 0; index < text.length; index++) {
    const digit = isDigit(text.charCodeAt(index))
    if (digit && !before) rows.push(index)
    before = digit
  }
  return rows
}

/** Whether a UTF-16 unit is an ASCII digit. */
export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

/** Forgets the last text, so that no judged text stays in memory longer than its check. */
export function forgetProfile(): void {
  lastText = undefined
  lastRows = []
}

/** What a UTF-16 unit below 128 is to the pass; 0 needs no look. */
const KINDS = new Uint8Array(128)
const DIGIT = 1
const CAPITAL = 2
const AT = 3
const COLON = 4
const HYPHEN = 5
/** May be part of a word of `fiscal`. */
const FISCAL = 6
for (let code = 0x30; code <= 0x39; code++) KINDS[code] = DIGIT
for (let code = 0x41; code <= 0x5a; code++) KINDS[code] = CAPITAL
KINDS[0x40] = AT
KINDS[0x3a] = COLON
KINDS[0x2d] = HYPHEN
for (const letter of 'fd') KINDS[letter.charCodeAt(0)] = FISCAL

type Draft = { -readonly [Field in keyof TextProfile]: TextProfile[Field] }

function computeProfile(text: string, rows: number[]): TextProfile {
  const profile: Draft = { ...NOTHING }
  const tokens = new TokenReader(text, profile, rows)
  let capitals = 0
  let lastCapital = -2
  let lastColon = -1
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code >= 128) {
      if (code >= 0x3000) profile.eastAsian = true
      if (code >= 0xc0 && !profile.introduction) profile.introduction = introducesForeign(text, index, code)
      continue
    }
    const kind = KINDS[code] as number
    if (kind === 0) continue
    if (kind === DIGIT) {
      if (index >= tokens.end) tokens.read(index)
    } else if (kind === CAPITAL) {
      capitals = lastCapital === index - 1 ? capitals + 1 : 1
      lastCapital = index
      if (capitals > profile.capitals) profile.capitals = capitals
      if (!profile.introduction) profile.introduction = introduces(text, index)
      if (code === 0x46 || code === 0x44) profile.fiscal ||= isFiscal(text, index, code + 32)
    } else if (kind === FISCAL) {
      if (!profile.fiscal) profile.fiscal = isFiscal(text, index, code)
    } else if (kind === AT) profile.at = true
    else if (kind === HYPHEN) profile.hyphens++
    else {
      if (lastColon >= 0) profile.colonPair ||= onlyHexBetween(text, lastColon + 1, index)
      lastColon = index
      profile.colons++
    }
  }
  return profile
}

/** Parts of tokens: runs of ASCII letters, digits, full stops, slashes and hyphens. */
const PART = new Uint8Array(128)
const LETTER = 2
const STOP = 3
const SLASH = 4
const DASH = 5
for (let code = 0x41; code <= 0x5a; code++) PART[code] = PART[code + 32] = LETTER
for (let code = 0x30; code <= 0x39; code++) PART[code] = DIGIT
PART[0x2e] = STOP
PART[0x2f] = SLASH
PART[0x2d] = DASH

function partAt(text: string, index: number): number {
  const code = text.charCodeAt(index)
  return code < 128 ? (PART[code] as number) : 0
}

/** Looks closer at tokens that hold a digit. */
class TokenReader {
  /** End of the last token read. */
  end = 0
  readonly #text: string
  readonly #profile: Draft
  #lastDigit = -WIDEST_GAP - 2
  readonly #rows: number[]
  #run = 0
  #solid = 0

  constructor(text: string, profile: Draft, rows: number[]) {
    this.#text = text
    this.#profile = profile
    this.#rows = rows
  }

  /** Reads the token around its first digit. */
  read(digit: number): void {
    const text = this.#text
    const profile = this.#profile
    let start = digit
    while (start > this.end && partAt(text, start - 1) !== 0) start--
    let index = start
    // Letters and digits; with hyphens (and how many are digits); with full stops and slashes.
    let plain = 0
    let digitIn = false
    let mixedIn = false
    let dashed = 0
    let dashedDigits = 0
    let company = 0
    let bodyBefore = 0
    let dots = 0
    let before = 0
    for (let part = partAt(text, index); ; part = partAt(text, ++index)) {
      if (part === DIGIT) {
        this.#count(index)
        if (before === LETTER) mixedIn = true
        digitIn = true
        plain++
        dashed++
        dashedDigits++
        company++
        if (before === DIGIT && !profile.company)
          profile.company = company >= COMPANY_BODY + 2 || (company === 2 && this.#hasBody(index - 1, bodyBefore))
      } else if (part === LETTER) {
        if (before === DIGIT) mixedIn = true
        plain++
        dashed++
        company++
        dots = 0
      } else {
        if (digitIn && plain > profile.coded) profile.coded = plain
        if (mixedIn && plain > profile.mixed) profile.mixed = plain
        plain = 0
        digitIn = false
        mixedIn = false
        if (part === STOP && before === DIGIT) {
          dots++
          if (dots > profile.dots) profile.dots = dots
        } else dots = 0
        if (part !== DASH) {
          if (dashed >= 5 && dashedDigits >= 4) profile.document = true
          dashed = 0
          dashedDigits = 0
        } else dashed++
        if (part === STOP || part === SLASH) company++
        else {
          bodyBefore = company
          company = 0
        }
        if (part === 0) break
      }
      before = part
    }
    this.end = index
  }

  /** Counts a digit. */
  #count(index: number): void {
    const profile = this.#profile
    const gap = index - this.#lastDigit - 1
    this.#lastDigit = index
    profile.digits++
    this.#run = gap > WIDEST_GAP ? 1 : this.#run + 1
    this.#solid = gap > 0 ? 1 : this.#solid + 1
    if (gap > 0) this.#rows.push(index)
    if (this.#run > profile.run) profile.run = this.#run
    if (this.#solid > profile.solid) profile.solid = this.#solid
  }

  /** Whether the body of a company number stands before a hyphen or space at `index` - 1. */
  #hasBody(index: number, beforeHyphen: number): boolean {
    const separator = this.#text.charCodeAt(index - 1)
    if (separator === 0x2d) return beforeHyphen >= COMPANY_BODY
    if (separator !== 0x20) return false
    for (let at = index - 2; at > index - 2 - COMPANY_BODY; at--) {
      const part = at < 0 ? 0 : partAt(this.#text, at)
      if (part === 0 || part === DASH) return false
    }
    return true
  }
}

function onlyHexBetween(text: string, from: number, to: number): boolean {
  if (to - from > COLON_GAP) return false
  for (let index = from; index < to; index++) {
    const code = text.charCodeAt(index)
    const folded = code | 32
    if (!((code >= 0x30 && code <= 0x39) || (folded >= 0x61 && folded <= 0x66) || code === 0x2e)) return false
  }
  return true
}

/** Whether a word of `fiscal` has its `f` or `d` here. */
function isFiscal(text: string, index: number, letter: number): boolean {
  const before = text.charCodeAt(index - 1) | 32
  if (letter === 0x64) return before === 0x6f && foldedEquals(text, index - 2, 'codice')
  if (before === 0x63 || (before === 0x2e && (text.charCodeAt(index - 2) | 32) === 0x63)) return true
  return (text.charCodeAt(index + 1) | 32) === 0x69 && foldedEquals(text, index, 'fiscale')
}

function foldedEquals(text: string, from: number, word: string): boolean {
  if (from < 0) return false
  for (let index = 0; index < word.length; index++) {
    if ((text.charCodeAt(from + index) | 32) !== word.charCodeAt(index)) return false
  }
  return true
}

/** Last two characters of what introduces a name before a space, for names in letters with two cases. */
const ENDINGS: ReadonlySet<string> = new Set([
  'is',
  "'s",
  'ed',
  'e:',
  'ße',
  'se',
  'st',
  'le',
  'mo',
  'es',
  ' è',
  ' é',
  'me',
  'et',
  'ię',
  'ım',
  'là',
  'ya',
  'ут',
  'мя',
])
/** Last letter before a name in ideographs or Hangul, and what may stand before it. */
const FOREIGN_ENDINGS: Readonly<Record<string, string>> = { 叫: '我字', 是: '我字', は: '前私', 은: '름', 는: '저' }

/** Whether a name that begins with the capital at `index` may be introduced. */
function introduces(text: string, index: number): boolean {
  return text.charCodeAt(index - 1) === 0x20 && ENDINGS.has(text.slice(Math.max(0, index - 3), index - 1))
}

/** The same for a unit beyond ASCII: a capital letter of such an alphabet, or the last letter of an introduction. */
function introducesForeign(text: string, index: number, code: number): boolean {
  if (code < 0x430) return introduces(text, index)
  const before = FOREIGN_ENDINGS[text.charAt(index)]
  return before !== undefined && index > 0 && before.includes(text.charAt(index - 1))
}
