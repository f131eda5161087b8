/**
 * Dates of birth, passports, driving licences and self-introductions: things that only their surroundings make personal.
 */
import type { Candidate, Shape } from './candidate.ts'
import { CLOSE, OPEN, WORD, compact } from './candidate.ts'
import * as words from './context.ts'
import { isDigit } from './profile.ts'

const MONTHS =
  'jan(?:uary|uar|vier|eiro|vāris)?|feb(?:ruary|ruar|braio|rero)?|fév(?:rier)?|fev(?:ereiro)?|mar(?:ch|s|zo|ço|et)?|märz|maart|apr(?:il|ile)?|avr(?:il)?|abr(?:il)?|may|mai|mayo|maio|mei|maggio|' +
  'jun(?:e|i|io|ho)?|juin|giugno|jul(?:y|i|io|ho)?|juillet|luglio|aug(?:ust|ustus)?|août|aout|agosto|ago|sep(?:t|tember|tembre|tiembre)?|set(?:embro|tembre)?|oct(?:ober|obre|ubre)?|okt(?:ober)?|out(?:ubro)?|' +
  'ott(?:obre)?|nov(?:ember|embre|iembre|embro)?|dec(?:ember)?|dez(?:ember|embro)?|déc(?:embre)?|dic(?:embre|iembre)?|января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря|' +
  'stycznia|lutego|marca|kwietnia|maja|czerwca|lipca|sierpnia|września|października|listopada|grudnia|ocak|şubat|mart|nisan|mayıs|haziran|temmuz|ağustos|eylül|ekim|kasım|aralık'
const DAY = '(?:0?[1-9]|[12]\\d|3[01])'
const MONTH = '(?:0?[1-9]|1[0-2])'
const YEAR = '(?:19|20)\\d{2}'

const DATE_OF_BIRTH: Shape = {
  kind: 'date_of_birth',
  pattern: new RegExp(
    `(?<![${WORD}]|[${WORD}][-/.])(?:${YEAR}([-/.])${MONTH}\\1${DAY}|${DAY}([-/.])${DAY}\\2(?:${YEAR}|\\d{2})|${DAY}(?:st|nd|rd|th|º|\\.)? (?:of |de |del )?(?:${MONTHS})\\.?,? (?:de |del )?${YEAR}|` +
      `(?:${MONTHS})\\.? ${DAY}(?:st|nd|rd|th)?,? ${YEAR}|${YEAR}年 ?${MONTH}月 ?${DAY}日|${YEAR}년 ?${MONTH}월 ?${DAY}일)(?![${WORD}]|[-/.]\\d)`,
    'gi',
  ),
  maxLength: 40,
  opening: new RegExp(
    `(?<![${WORD}])(?:\\d{1,4}(?:$|[-/. a-zº年년])|(?:${MONTHS})\\.? ?(?:\\d|$)|[a-z\\u00DF-\\u024F\\u0430-\\u044F]{1,12}$)`,
    'gi',
  ),
  gate: (profile) => profile.digits >= 4,
  anchor: { lead: 14, at: beginsDate },
  judge: ({ before }) => (words.BORN.test(before.slice(-40)) ? 0.9 : 0),
}

/** 年 and 년, which follow a year. */
const YEAR_HAN = 0x5e74
const YEAR_HANGUL = 0xb144
/** Letters, marks and spaces between a day and its year at most, in any of the orders above. */
const DATE_GAP = 30

/** Whether the digits at `from` may be the first of a date: a year before a separator, or a day with more digits behind it. */
function beginsDate(text: string, from: number, next: number): boolean {
  let end = from + 1
  while (end < from + 5 && isDigit(text.charCodeAt(end))) end++
  const length = end - from
  if (length > 2 && length !== 4) return false
  const after = text.charCodeAt(end)
  const separated = after >= 0x2d && after <= 0x2f
  if (length === 4) return isCentury(text, from) && (separated || after === YEAR_HAN || after === YEAR_HANGUL)
  if (separated) return true
  return next < end + DATE_GAP && isCentury(text, next)
}

function isCentury(text: string, at: number): boolean {
  const tens = text.charCodeAt(at + 1)
  return text.charCodeAt(at) === 0x31 ? tens === 0x39 : text.charCodeAt(at) === 0x32 && tens === 0x30
}

const PASSPORT: Shape = {
  kind: 'passport',
  pattern: new RegExp(
    `${OPEN}(?:[A-Za-z]{0,3}\\d{6,9}|\\d{2}[A-Za-z]{2}\\d{5}|\\d{2} \\d{2} \\d{6}|[A-Za-z]\\d{2}[A-Za-z]{2}\\d{4}|[CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ0-9]{8})${CLOSE}`,
    'g',
  ),
  maxLength: 12,
  gate: (profile) => profile.digits >= 4 && (profile.solid >= 6 || profile.mixed >= 9),
  judge: (candidate) => judgeDocument(candidate, words.PASSPORT),
}

const DRIVER_LICENCE: Shape = {
  kind: 'driver_licence',
  pattern: new RegExp(`${OPEN}(?:[A-Za-z]{1,5}-?\\d[A-Za-z0-9-]{4,15}|\\d[A-Za-z0-9-]{4,15})${CLOSE}`, 'g'),
  maxLength: 22,
  gate: (profile) => profile.digits >= 5 && profile.document,
  anchor: { lead: 6, at: beginsDocument },
  judge: (candidate) => judgeDocument(candidate, words.DRIVER),
}

/** Whether the first five letters, digits and hyphens from a digit on, and at most ten more, hold the four digits that are needed. */
function beginsDocument(text: string, from: number): boolean {
  let digits = 0
  for (let index = from; index < from + 16; index++) {
    const code = text.charCodeAt(index)
    if (isDigit(code)) digits++
    else if (!isAlphabetic(code) && code !== 0x2d) return digits >= 4 && index >= from + 5
  }
  return digits >= 4
}

function isAlphabetic(code: number): boolean {
  const folded = code | 32
  return folded >= 0x61 && folded <= 0x7a
}

/** At least half of the characters must be digits: a word is no document number. */
function judgeDocument({ value, before }: Candidate, evidence: RegExp): number {
  const text = compact(value)
  const digits = text.replace(/\D/g, '').length
  if (digits < 4 || digits * 2 < text.length || /^\d{4}-\d\d-\d\d$/.test(value)) return 0
  if (words.OTHER_NUMBER.test(before)) return 0
  return evidence.test(before.slice(-48)) ? 0.85 : 0
}

const UPPER = 'A-Z\\u00C0-\\u00DE\\u0100-\\u017F\\u0391-\\u03A9\\u0410-\\u042F'
const LOWER = 'a-z\\u00DF-\\u024F\\u03AC-\\u03CE\\u0430-\\u044F'
/** A capitalised word, with an inner capital, apostrophe or hyphen. */
export const NAME_WORD: string = `[${UPPER}](?:['’][${UPPER}])?[${LOWER}]{1,20}(?:[-'’]?[${UPPER}][${LOWER}]{1,20})?`
export const FULL_NAME: string = `${NAME_WORD}(?: (?:(?:van|von|de|da|di|del|der|la|le|dos|bin|al) ){0,2}(?:${NAME_WORD}|[A-Z]\\.)){0,3}`

const INTRODUCTION =
  "(?:my name is|my name's|i am called|name:|full name is|ich heiße|ich heisse|mein name ist|je m['’]appelle|mon nom est|me llamo|mi nombre es|mi chiamo|il mio nome è|meu nome é|chamo-me|me chamo|" +
  'mijn naam is|ik heet|nazywam się|mam na imię|benim adım|adım|tên tôi là|nama saya|меня зовут|моё имя)'

const INTRODUCED: Shape = {
  kind: 'name',
  pattern: new RegExp(
    `(?<=(?<![${WORD}])(?:${caseless(INTRODUCTION)}) )${FULL_NAME}(?![${WORD}])|(?<=我叫|我的名字是|我是|名字叫)[\\u4E00-\\u9FFF]{2,4}(?=[，。,.!！、\\s]|$)|` +
      '(?<=私の名前は|名前は|私は)[\\u4E00-\\u9FFF\\u3040-\\u30FF]{2,10}(?=です|と申します|といいます)|(?<=제 이름은 |저는 |이름은 )[\\uAC00-\\uD7AF]{2,4}(?=입니다|이고|이에요|예요|라고|이라고)',
    'g',
  ),
  maxLength: 200,
  opening: new RegExp(
    `(?<=(?<![${WORD}])(?:${caseless(INTRODUCTION)}) )[${UPPER}]|(?<=我叫|是|名字叫|は)[\\u4E00-\\u9FFF\\u3040-\\u30FF]|(?<=이름은 |저는 )[\\uAC00-\\uD7AF]`,
    'g',
  ),
  gate: (profile) => profile.introduction,
  judge: () => 0.8,
}

const HONOURED: Shape = {
  kind: 'name',
  pattern: new RegExp(
    `(?<=(?<![${WORD}])(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Herr|Herrn|Frau|Mme|Mlle|Monsieur|Madame|Sr|Sra|Srta|Señor|Señora|Don|Doña|Sig|Signor|Signora|Dott|Senhor|Senhora|Dona|Meneer|Mevrouw|Pan|Pani|г-н|г-жа)\\.? )${FULL_NAME}(?![${WORD}])`,
    'g',
  ),
  maxLength: 200,
  gate: () => true,
  judge: () => 0.75,
}

/** Both cases of a pattern's first letters: `i` on the whole pattern would make names of small words. */
function caseless(pattern: string): string {
  return pattern.replace(
    /(^|[|(:])([a-zа-я])/g,
    (_, lead: string, letter: string) => `${lead}[${letter}${letter.toUpperCase()}]`,
  )
}

/** Shapes that need a word before them. */
export const PERSONAL: readonly Shape[] = [DATE_OF_BIRTH, PASSPORT, DRIVER_LICENCE]
/** "My name is …" in many languages. */
export const INTRODUCTIONS: readonly Shape[] = [INTRODUCED]
/** Names after a title (Dr., Frau, Mme …). */
export const HONORIFICS: readonly Shape[] = [HONOURED]
