/**
 * The atoms of a sentence in which a claim can be exactly wrong: numbers, dates, and whether it denies. Four languages have words for
 * them (English, German, French, Spanish); digits are read in every one.
 */
import { type Word, plain, wordsOf } from './words.ts'

export interface Quantity {
  /** Everything that it can mean: `1.250` is a thousand or one and a quarter. */
  readonly values: readonly number[]
  readonly start: number
  readonly end: number
}

/** Fields that are there are known. Ranges are those of the text. */
export interface CalendarDate {
  readonly year?: number
  readonly month?: number
  readonly day?: number
  readonly start: number
  readonly end: number
}

export interface Atoms {
  readonly numbers: readonly Quantity[]
  readonly dates: readonly CalendarDate[]
}

const MONTH_NAMES: readonly (readonly string[])[] = [
  ['january', 'januar', 'jänner', 'janvier', 'enero', 'jan'],
  ['february', 'februar', 'février', 'fevrier', 'febrero', 'feb', 'fév'],
  ['march', 'märz', 'mars', 'marzo', 'mar'],
  ['april', 'avril', 'abril', 'apr', 'avr', 'abr'],
  ['may', 'mai', 'mayo'],
  ['june', 'juni', 'juin', 'junio', 'jun'],
  ['july', 'juli', 'juillet', 'julio', 'jul'],
  ['august', 'août', 'aout', 'agosto', 'aug'],
  ['september', 'septembre', 'septiembre', 'sept', 'sep'],
  ['october', 'oktober', 'octobre', 'octubre', 'oct', 'okt'],
  ['november', 'novembre', 'noviembre', 'nov'],
  ['december', 'dezember', 'décembre', 'decembre', 'diciembre', 'dec', 'dez', 'déc'],
]
const MONTHS: Readonly<Record<string, number>> = Object.fromEntries(
  MONTH_NAMES.flatMap((names, index) => names.map((name) => [plain(name), index + 1])),
)
const MONTH = String.raw`(?:${MONTH_NAMES.flat().join('|')})(?!\p{L})`
const DATE = new RegExp(
  [
    String.raw`(?<!\d)(?<iy>\d{4})-(?<im>\d{2})-(?<id>\d{2})(?!\d)`,
    String.raw`(?<!\d)(?<nd>\d{1,2})[./](?<nm>\d{1,2})[./](?<ny>\d{4})(?!\d)`,
    String.raw`(?<!\d)(?<wd>\d{1,2})(?:\.|st|nd|rd|th|er)?\s(?:of\s|de\s)?(?<wm>${MONTH})\.?(?:,?\s(?:de\s|del\s)?(?<wy>\d{4})(?!\d))?`,
    String.raw`(?<!\p{L})(?<am>${MONTH})\.?\s(?:(?<ad>\d{1,2})(?:st|nd|rd|th)?(?!\d)(?:,?\s(?<ay>\d{4})(?!\d))?|(?:de\s)?(?<by>\d{4})(?!\d))`,
  ].join('|'),
  'giu',
)
const NUMBER =
  /(?<![\p{L}\d])\d{1,3}(?:[.,'’\u00a0\u202f ]\d{3})+(?:[.,]\d{1,9})?(?!\d)|(?<![\p{L}\d])\d{1,18}(?:[.,]\d{1,9})?(?!\d)/gu
const NUMBER_WORDS: ReadonlyMap<string, number> = new Map(
  [
    'two zwei deux dos',
    'three drei trois tres',
    'four vier quatre cuatro',
    'five funf cinq cinco',
    'six sechs seis',
    'seven sieben sept siete',
    'eight acht huit ocho',
    'nine neun neuf nueve',
    'ten zehn dix diez',
    'eleven elf onze once',
    'twelve zwolf douze doce',
  ].flatMap((names, index) => names.split(' ').map((name) => [name, index + 2] as const)),
)

/** Numbers and dates of a text. Digits that belong to a date are no number. */
export function atomsOf(text: string, words: readonly Word[] = wordsOf(text)): Atoms {
  const dates: CalendarDate[] = []
  for (const match of text.matchAll(DATE)) {
    const fields = dateOf(match.groups ?? {})
    if (fields !== null) dates.push({ ...fields, start: match.index, end: match.index + match[0].length })
  }
  const numbers: Quantity[] = []
  let at = 0
  for (const match of text.matchAll(NUMBER)) {
    const [start, end] = [match.index, match.index + match[0].length]
    while (at < dates.length && (dates[at]?.end ?? 0) <= start) at += 1
    if ((dates[at]?.start ?? Infinity) < end) continue
    numbers.push({ values: readingsOf(match[0]), start, end })
  }
  for (const { text: word, start } of words) {
    const value = NUMBER_WORDS.get(plain(word))
    if (value !== undefined) numbers.push({ values: [value], start, end: start + word.length })
  }
  return { numbers, dates }
}

function dateOf(groups: Readonly<Record<string, string | undefined>>): Omit<CalendarDate, 'start' | 'end'> | null {
  const name = groups['wm'] ?? groups['am']
  const month = name === undefined ? Number(groups['im'] ?? groups['nm']) : (MONTHS[plain(name)] ?? 0)
  const day = groups['id'] ?? groups['nd'] ?? groups['wd'] ?? groups['ad']
  const year = groups['iy'] ?? groups['ny'] ?? groups['wy'] ?? groups['ay'] ?? groups['by']
  // Month first, as in the United States, where the second place can be no month.
  const swapped = name === undefined && month > 12
  const [first, second] = swapped ? [month, Number(day)] : [day === undefined ? undefined : Number(day), month]
  if (second < 1 || second > 12 || (first !== undefined && (first < 1 || first > 31))) return null
  return {
    month: second,
    ...(first === undefined ? {} : { day: first }),
    ...(year === undefined ? {} : { year: Number(year) }),
  }
}

/** What a run of digits can mean: a group of three behind one mark is a thousand in one country and a fraction in another. */
function readingsOf(text: string): readonly number[] {
  const grouped = /^\d{1,3}(?:[.,'’\u00a0\u202f ]\d{3})+(?:[.,]\d{1,9})?$/.test(text)
  const decimal = Number(text.replace(',', '.'))
  if (!grouped) return [decimal]
  const marks = text.replace(/\d/g, '')
  const last = marks.at(-1) as string
  const fraction = marks.length > 1 && last !== marks[0]
  const whole = fraction
    ? Number(`${text.slice(0, text.lastIndexOf(last)).replace(/\D/g, '')}.${text.slice(text.lastIndexOf(last) + 1)}`)
    : Number(text.replace(/\D/g, ''))
  return Number.isNaN(decimal) || decimal === whole ? [whole] : [whole, decimal]
}

export function sameQuantity(left: Quantity, right: Quantity): boolean {
  return left.values.some((value) => right.values.includes(value))
}

/** Whether nothing that both dates say differs. */
export function datesAgree(left: CalendarDate, right: CalendarDate): boolean {
  const agree = (one: number | undefined, other: number | undefined): boolean =>
    one === undefined || other === undefined || one === other
  return agree(left.year, right.year) && agree(left.month, right.month) && agree(left.day, right.day)
}

/** A text without its dates, whose words would count as words of its subject. */
export function withoutDates(text: string, { dates }: Atoms): string {
  let rest = ''
  let from = 0
  for (const { start, end } of dates) {
    rest += `${text.slice(from, start)} `
    from = end
  }
  return rest + text.slice(from)
}

/** Names of two or more words in a row that begin with capitals. */
export function namesOf(text: string): readonly string[] {
  return text.match(/(?<![\p{L}\p{M}'’-])\p{Lu}[\p{L}\p{M}'’-]{1,40}(?:\s\p{Lu}[\p{L}\p{M}'’-]{1,40})+/gu) ?? []
}
