/**
 * Telephone numbers, international and national.
 *
 * A number with `+`, or one written the way its country writes numbers, is reported when libphonenumber's metadata accepts it. Any
 * other group of 6 to 15 digits needs a word before it (phone, call, …) or after it (office, fax, …) and must not look like a date,
 * a range of years or an amount.
 */
import type { CountryCode } from 'libphonenumber-js/min'
import { parsePhoneNumberFromString } from 'libphonenumber-js/min'
import type { PatternMatch, Recogniser } from '../../core/scan/index.ts'
import { regExpMatcher } from '../../core/scan/index.ts'
import { CONTEXT, WITHIN_IBAN, WORD, surroundings } from './candidate.ts'
import { CALL, LINE_AFTER, OTHER_NUMBER, PHONE } from './context.ts'
import type { PiiCountry } from './kinds.ts'
import { profileOf } from './profile.ts'

const MAX_LENGTH = 48
const LOOKAHEAD = 14
/** How far before a number a word still speaks of it. */
const NEAR = 40

const START = new RegExp(`(?<![${WORD}+]|[${WORD}][-/]|\\d[.,:(]|#|[$€£¥₹] ?)(?:\\+ ?\\(?|\\(\\+?)?\\d`, 'g')
const OPENING = new RegExp(
  `(?<![${WORD}+])(?:[+(]{1,2}(?:\\d|$)|\\d(?:[ ./()\\u2010-\\u2015\\u2212-]{0,3}\\d){0,3}[ ./()\\u2010-\\u2015\\u2212-]{0,3}(?:\\d|$))`,
  'g',
)
const GROUP = /(?:[ .\u2010-\u2015\u2212/-]{1,2}\(?|\(|(?<=\)) {0,2})\d{1,12}\)?/y
const FIRST_GROUP = /(?:\+ ?\(?|\(\+?)?\d{1,15}\)?/y
const EXTENSION = /(?: ?x ?|,? ?ext\.? ?| Durchwahl )\d{1,6}/iy
const CLOSE = new RegExp(`(?![${WORD}]|[.,:]\\d|/\\d|[\\u2010-\\u2015\\u2212-]\\d|%|°)`, 'y')

const DATE =
  /^(?:(?:19|20)\d{2}[-/. ](?:0?[1-9]|1[0-2])[-/. ](?:0?[1-9]|[12]\d|3[01])(?: \d{1,2})?|(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|[12]\d|3[01])[-/.](?:19|20)?\d{2}(?: \d{1,2})?)$/
const YEARS = /^(?:19|20)\d{2}[ \u2010-\u2015/-]{1,3}(?:19|20)\d{2}$/
const AMOUNT = /^[1-9]\d{0,2}(?:\.\d{3}){1,4}$/
const ADDRESS_V4 = /^\d{1,3}(?:\.\d{1,3}){3}$/
/** Area code, then groups; cheap, so that the metadata is asked only about what looks like a number. */
const NATIONAL_FORMAT =
  /^(?:\(\d{2,5}\) {0,2}|\(?0\d{0,5}\)?[ ./\u2010-\u2015\u2212-]{1,3})\d{1,9}(?:[ .\u2010-\u2015\u2212-]{1,2}\d{2,9}){0,4}$/
/** Punctuation of a Brazilian CPF. */
const TAX_NUMBER = /^\d{3}\.\d{3}\.\d{3}-\d{2}$/
const NORTH_AMERICAN = /^(?:1[ .-])?(?:\(\d{3}\)[ .-]?\d{3}[ .-]\d{4}|\d{3}([.-])\d{3}\1\d{4})$/

interface Extent {
  readonly end: number
  /** End without the extension. */
  readonly mainEnd: number
}

/** A recogniser of telephone numbers. `countries` are those whose national formats count without a word near by. */
export function phoneRecogniser(countries: readonly PiiCountry[], minScore: number): Recogniser {
  const score = (text: string, start: number, extent: Extent): number => {
    const main = text.slice(start, extent.mainEnd)
    const digits = main.replace(/\D/g, '')
    if (digits.length < 6 || digits.length > 17 || !/\d{2}/.test(main)) return 0
    if (DATE.test(main) || YEARS.test(main) || ADDRESS_V4.test(main)) return 0
    const { before, after } = surroundings(text, start, extent.end, LOOKAHEAD)
    return judge({ main, digits, before, after, extension: extent.end > extent.mainEnd }, countries)
  }
  const best = (text: string, start: number): Extent | null => {
    for (const extent of extents(text, start)) if (score(text, start, extent) >= minScore) return extent
    return null
  }
  return {
    id: 'phone',
    pattern: {
      source: START.source,
      exec(text: string, from: number): PatternMatch | null {
        START.lastIndex = from
        for (;;) {
          const match = START.exec(text)
          if (match === null) return null
          const extent = best(text, match.index)
          if (extent !== null) return { index: match.index, end: extent.end, groups: [] }
          START.lastIndex = match.index + 1
        }
      },
    },
    maxLength: MAX_LENGTH,
    lookbehind: CONTEXT,
    lookahead: LOOKAHEAD,
    needs: (text) => profileOf(text).run >= 6,
    opening: { pattern: regExpMatcher(OPENING), maxLength: 1 },
    accept(match, text) {
      const extent = best(text, match.index)
      return extent === null ? null : { label: 'pii.phone', score: score(text, match.index, extent) }
    },
  }
}

/** Ends of the number when 1, 2, … groups belong to it, longest first; at most four are tried. */
function extents(text: string, start: number): readonly Extent[] {
  FIRST_GROUP.lastIndex = start
  if (!FIRST_GROUP.test(text)) return []
  const ends = [FIRST_GROUP.lastIndex]
  for (let count = 0; count < 8; count++) {
    GROUP.lastIndex = ends.at(-1) ?? start
    if (!GROUP.test(text) || GROUP.lastIndex - start > 32) break
    ends.push(GROUP.lastIndex)
  }
  const found: Extent[] = []
  for (const groupEnd of ends.reverse()) {
    if (found.length === 4) break
    // "(tel: 123)": the bracket that closes the remark is not the number's.
    const open = countOpen(text, start, groupEnd)
    const mainEnd = open === -1 && text[groupEnd - 1] === ')' ? groupEnd - 1 : groupEnd
    if (open > 0 || open < -1) continue
    EXTENSION.lastIndex = mainEnd
    const end = EXTENSION.test(text) ? EXTENSION.lastIndex : mainEnd
    CLOSE.lastIndex = end
    if (CLOSE.test(text) && (open === 0 || mainEnd < groupEnd)) found.push({ end, mainEnd })
  }
  return found
}

function countOpen(text: string, start: number, end: number): number {
  let open = 0
  for (let index = start; index < end; index++) {
    if (text[index] === '(') open++
    else if (text[index] === ')') open--
  }
  return open
}

interface Reading {
  readonly main: string
  readonly digits: string
  readonly before: string
  readonly after: string
  readonly extension: boolean
}

function judge({ main, digits, before, after, extension }: Reading, countries: readonly PiiCountry[]): number {
  const near = before.slice(-NEAR)
  const strong = PHONE.test(near) || LINE_AFTER.test(after)
  const weak = strong || CALL.test(near)
  if (/^\(?\+/.test(main)) {
    return digits.length >= 7 && isValid(`+${digits}`, undefined) ? 1 : weak && digits.length >= 8 ? 0.75 : 0
  }
  if (OTHER_NUMBER.test(before)) return 0
  const grouped = /\d[^\d]+\d/.test(main)
  if (strong && (grouped || digits.length >= 7) && digits.length <= 15 && !AMOUNT.test(main)) return 0.85
  if (weak && !AMOUNT.test(main) && digits.length <= 15 && (grouped || digits.length >= 9)) return 0.75
  // The middle of a longer row of groups (a card number, an IBAN) may look like a national format.
  if (!grouped || /\d[ .-]$/.test(before) || /^[ .-]\d/.test(after) || WITHIN_IBAN.test(before)) return 0
  if (TAX_NUMBER.test(main)) return 0
  if (NORTH_AMERICAN.test(main)) {
    if (extension) return 0.8
    return countries.includes('US') && isValid(digits, 'US') ? 0.9 : 0
  }
  if (digits.startsWith('00')) return digits.length >= 10 && isValid(`+${digits.slice(2)}`, undefined) ? 0.8 : 0
  // National formats with the trunk prefix, or an area code in brackets.
  if (digits.length < 9 || !(digits.startsWith('0') || main.startsWith('('))) return 0
  if (!NATIONAL_FORMAT.test(main)) return 0
  return countries.some((country) => country !== 'US' && isValid(digits, country)) ? 0.7 : 0
}

function isValid(number: string, country: CountryCode | undefined): boolean {
  const parsed = parsePhoneNumberFromString(
    number,
    country === undefined ? { extract: false } : { extract: false, defaultCountry: country },
  )
  return parsed?.isValid() ?? false
}
