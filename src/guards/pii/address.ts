/**
 * Postal addresses: street forms of nine languages, post-office boxes, postal codes with a place, and codes announced by a word.
 *
 * Patterns only, no gazetteer: a street without a type word ("Broadway 12"), a place alone and a country alone are not found. Every
 * repetition is bounded, so the search is linear.
 */
import type { Shape } from './candidate.ts'
import { WORD } from './candidate.ts'
import { digitRows } from './profile.ts'

const UPPER = 'A-Z\\u00C0-\\u00DE\\u0391-\\u03A9\\u0410-\\u042F'
const LETTERS = "A-Za-z\\u00C0-\\u024F\\u0370-\\u052F'’.-"
/** A word of a street or place name. */
const W = `[${LETTERS}]{1,24}`
/** A capitalised one. */
const C = `[${UPPER}][${LETTERS}]{0,23}`
const NUMBER = '\\d{1,5}(?:[ -]?[A-Za-z](?![A-Za-z]))?'

/** Flat, suite, floor. */
const UNIT = '(?:[Aa]pt\\.?|[Ss]uite|[Ss]te\\.?|[Uu]nit|[Ff]lat|[Ff]loor|[Rr]oom) ?#?\\d{1,5}[A-Za-z]?'
const US_PLACE = `(?:${C}(?: ${C}){0,3}),? (?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY])`
const US_TAIL = `${US_PLACE}(?: \\d{5}(?:-\\d{4})?)?(?![A-Za-z])`
const UK_CODE = '[A-Z]{1,2}\\d[A-Z\\d]? ?\\d[A-BD-HJLNP-UW-Z]{2}'
const EURO_TAIL = `(?:[A-Z]{1,2}-)?\\d{4,5}(?:-\\d{3})? ${C}(?:[ -]${C}){0,2}`
/** What may follow a street: unit, then postal code and place. */
const TAIL = `(?:,?\\s{1,3}${UNIT})?(?:,?\\s{1,3}(?:${US_TAIL}|${EURO_TAIL}|(?:${C},?\\s)?${UK_CODE}))?`

const EN_TYPES =
  '[Ss]treet|[Ss]t|[Aa]venue|[Aa]ve|[Rr]oad|[Rr]d|[Dd]rive|[Dd]r|[Ll]ane|[Ll]n|[Bb]oulevard|[Bb]lvd|[Cc]ourt|[Ct]|[Ww]ay|[Pp]lace|[Pp]l|[Ss]quare|[Tt]errace|[Pp]arkway|[Pp]kwy|[Hh]ighway|[Hh]wy|[Cc]ircle|[Cc]rescent|[Cc]lose|[Gg]rove|[Tt]rail|[Mm]ews'
const EN = `${NUMBER} (?:${W} ){1,4}(?:${EN_TYPES})(?![A-Za-z])\\.?`
const DE_TYPES = 'straße|strasse|str\\.|gasse|weg|platz|allee|ufer|damm|ring'
const DE = `[${UPPER}][${LETTERS}]{1,20}?(?:${DE_TYPES})\\s${NUMBER}`
const DE_OPENERS = '(?:Am|An der|An den|Im|In der|Auf dem|Zum|Zur|Unter den) '
const DE_OPEN = `${DE_OPENERS}${C}(?: ${C})? ${NUMBER}`
const NL_TYPES = 'straat|laan|plein|gracht|kade|singel|dijk|dreef|vej|gade|gatan|vägen|veien|gata|katu|tie'
const NL = `[${UPPER}][${LETTERS}]{1,20}?(?:${NL_TYPES})\\s${NUMBER}`
const FR = `${NUMBER}(?: ?(?:bis|ter))?,? (?:rue|avenue|av\\.|boulevard|bd|place|chemin|impasse|allée|quai|route|cours|passage|Rue|Avenue|Boulevard|Place|Chemin|Impasse|Allée|Quai|Route|Cours) (?:(?:de|du|des|la|le|les|d['’]|l['’]|de la|de l['’]) ?)?${C}(?:[ -]${W}){0,3}`
const ROMANCE_TYPES =
  '(?:Calle|C/|Avenida|Avda\\.?|Av\\.|Plaza|Paseo|Camino|Carrera|Carretera|Ronda|Via|Viale|Piazza|Corso|Largo|Vicolo|Strada|Rua|R\\.|Travessa|Praça|Alameda|Rodovia|Estrada|ul\\.|ulica|Rue|calle|avenida|via|viale|piazza|corso|rua|travessa|praça|ул\\.|улица|проспект|пр\\.)'
const ROMANCE_OPEN = `${ROMANCE_TYPES} ?(?:(?:de|del|di|da|do|dos|das|della|dei|la|los|las|el) ){0,2}`
const ROMANCE = `${ROMANCE_OPEN}${C}(?: ${W}){0,3},? ?(?:nº ?|n\\. ?|n\\.º ?|núm\\. ?|número |д\\. ?|дом )?${NUMBER}`
const BOX =
  '(?:P\\.? ?O\\.? ?[Bb]ox|PO BOX|p\\.o\\. box|Postfach|Apartado|Casella postale|Caixa Postal|PSC|Unit|unit|psc) ?\\d{1,6}(?:,? [Bb]ox \\d{1,5})?(?:\\s(?:APO|FPO|DPO|apo|fpo|dpo) (?:A[AEP]|a[aep]) \\d{5})?'
const SHIP = '(?:APO|FPO|DPO) A[AEP] \\d{5}'
const JP =
  '〒 ?\\d{3}-\\d{4}|[\\u4E00-\\u9FFF]{2,3}[都道府県][\\u4E00-\\u9FFF\\u3040-\\u30FF]{1,8}[市区町村][\\u4E00-\\u9FFF\\u3040-\\u30FF]{0,10}\\d{1,4}(?:[-丁目番地号]{1,3}\\d{1,4}){0,3}[号]?'
const CN =
  '(?:[\\u4E00-\\u9FFF]{2,8}[省市区县]){1,3}[\\u4E00-\\u9FFF]{2,8}[路街道巷]\\d{1,5}[号弄](?:\\d{1,4}[室楼号])?'
const KR =
  '(?:[\\uAC00-\\uD7AF]{2,8}[시도] )?(?:[\\uAC00-\\uD7AF]{1,6}[시군구] )[\\uAC00-\\uD7AF0-9]{1,10}[로길] \\d{1,4}(?:-\\d{1,3})?'

/** Something that may still become the begin of a Western address, or is one; the last word of a growing text always may. */
const WESTERN_OPENING = [
  `${NUMBER} ?(?:${W} ){0,4}(?:(?:${EN_TYPES})(?![A-Za-z])|(?:${W})?$)`,
  `\\d{1,5}[ a-z]{0,4},?(?: ?(?:[Rr]ue|[Aa]v|[Bb]oul|bd|[Pp]la|[Cc]he|[Ii]mp|[Aa]ll|[Qq]uai|[Rr]oute|[Cc]ours|pass)|[ A-Za-z]{0,4}$)`,
  `${ROMANCE_TYPES}`,
  `(?:[Aa]pt|[Ss]uite|[Ss]te|[Uu]nit|[Ff]lat|[Ff]loor|[Rr]oom)\\.? ?(?:[#\\d]|$)`,
  `(?:P\\.? ?O|p\\.o|Postf|Apart|Casella|Caixa|PSC|psc|APO|FPO|DPO)`,
  `[${UPPER}][${LETTERS}]{0,40}(?:${DE_TYPES}|${NL_TYPES})\\s(?:\\d|$)`,
  `(?:Am|Im|Zum|Zur|An de[rn]|In der|Auf dem|Unter den) (?:[${UPPER}]|$)`,
  `${C}(?: ${C}){0,3},? [A-Z]{2} \\d`,
  `${C}(?: ${C}){0,3}(?:,? ?[A-Z]{0,2} ?)?$`,
  `(?:D|A|CH|F|B|NL|L)-\\d`,
  `[${LETTERS}/]{1,41}(?: [a-z]{0,3})?$`,
].join('|')

/** A full stop or comma after an address belongs to the sentence. */
function withoutClosingMark(matched: string): number {
  return matched.replace(/[.,'’-]{1,3}$/, '').length
}

/** How a Western address begins that does not begin with its number, up to the first letter of its name. */
const NAME_FIRST = new RegExp(`(?:${ROMANCE_OPEN}|${DE_OPENERS})[${UPPER}]`)
/** What stands before the first digit of the others that do not begin with it. */
const BEFORE_NUMBER = new RegExp(
  `(?<=(?:${DE_TYPES}|${NL_TYPES})\\s|(?:[Bb]ox|BOX|Postfach|Apartado|postale|Postal|PSC|[Uu]nit|psc) ?|[A-Z]{2} |[A-Z]-|` +
    `(?:[Aa]pt\\.?|[Ss]uite|[Ss]te\\.?|[Uu]nit|[Ff]lat|[Ff]loor|[Rr]oom) ?#?)\\d`,
  'y',
)

/** Whether an address in `text` from `from` on may begin before its first digit. */
function mayBeginWithName(text: string, from: number): boolean {
  for (const digit of digitRows(text)) {
    BEFORE_NUMBER.lastIndex = digit
    if (digit >= from && BEFORE_NUMBER.test(text)) return true
  }
  return NAME_FIRST.test(from === 0 ? text : text.slice(from))
}

const STREET: Shape = {
  kind: 'address',
  pattern: new RegExp(
    `(?<![${WORD}]|\\d[.,:-])(?:(?:${EN}|${FR}|${ROMANCE}|${DE}|${DE_OPEN}|${NL}|${BOX})${TAIL}|${SHIP}|${UNIT}|${US_PLACE} \\d{5}(?:-\\d{4})?|(?:D|A|CH|F|B|NL|L)-\\d{4,5} ${C})(?![0-9A-Za-z])`,
    'g',
  ),
  maxLength: 320,
  opening: new RegExp(`(?<![${WORD}])(?:${WESTERN_OPENING})`, 'g'),
  gate: (profile) => profile.digits > 0,
  // Most texts with digits have no name that an address could begin with.
  anchor: { lead: 0, at: () => true, unless: mayBeginWithName },
  trim: withoutClosingMark,
  judge: () => 0.7,
}

const EAST_ASIAN: Shape = {
  kind: 'address',
  pattern: new RegExp(`${JP}|${CN}|${KR}`, 'g'),
  maxLength: 80,
  opening: /〒|[\u4E00-\u9FFF]|[\uAC00-\uD7AF]/g,
  gate: (profile) => profile.digits > 0 && profile.eastAsian,
  judge: () => 0.7,
}

const CODE: Shape = {
  kind: 'address',
  pattern: new RegExp(
    `(?<![${WORD}]|[${WORD}][-/.])(?:\\d{5}(?:-\\d{3,4})?|\\d{3}-\\d{4}|${UK_CODE}|\\d{4} ?[A-Z]{2}|\\d{6})(?![${WORD}]|[-/.]\\d)`,
    'g',
  ),
  maxLength: 12,
  gate: (profile) =>
    profile.digits >= 2 && (profile.solid >= 5 || profile.capitals >= 2 || (profile.solid >= 4 && profile.hyphens > 0)),
  judge: ({ before }) =>
    /(?:zip|post|postal|area)[ -]?code|\bzip\b|postleitzahl|\bplz\b|code postal|código postal|codigo postal|\bcep\b|\bcap\b|郵便番号|邮编|우편번호|индекс|पिन कोड|\bpin code/i.test(
      before.slice(-32),
    )
      ? 0.8
      : 0,
}

/** Shapes of postal addresses. */
export const ADDRESSES: readonly Shape[] = [STREET, EAST_ASIAN, CODE]
