/**
 * National numbers of twelve countries.
 *
 * A number whose check (or whose own punctuation) makes a chance hit rare is reported alone; every other one needs a word before it
 * that says what it is. A word that says it is something else (order, invoice, serial …) silences the weaker ones.
 */
import type { Candidate, Shape } from './candidate.ts'
import { CLOSE, OPEN, SEPARATOR as S, compact } from './candidate.ts'
import * as words from './context.ts'
import type { PiiKind } from './kinds.ts'
import { isAdvertisedSsn, isBrCnpj, isBrCpf, isUsItin, isUsSsn } from './national-americas.ts'
import { fitKrRrn, isCnResidentId, isInAadhaar, isInPan, isJpMyNumber } from './national-asia.ts'
import {
  isDeIdCard,
  isDeTaxId,
  isEsDni,
  isEsNie,
  isFrNir,
  isItCodiceFiscale,
  isPtNif,
  isUkNhs,
  isUkNino,
} from './national-europe.ts'
import { isDigit } from './profile.ts'

interface NationalRule {
  readonly kind: PiiKind
  readonly body: string
  readonly maxLength: number
  /** Digits a match has at least. */
  readonly digits: number
  /** Replaces the test for so many digits near each other, where letters stand between or in place of them. */
  readonly gate?: Shape['gate']
  readonly anchor?: Shape['anchor']
  readonly valid: (compacted: string) => boolean
  readonly words: RegExp
  /** Score without a word before it; 0 or absent: a word is needed. */
  readonly alone?: (value: string) => number
}

const DASHED_SSN = /^\d{3}[\u2010-\u2015\u2212-]\d{2}/

const RULES: readonly NationalRule[] = [
  {
    kind: 'us_ssn',
    body: `\\d{3}(${S})\\d{2}\\1\\d{4}`,
    maxLength: 11,
    digits: 9,
    valid: isUsSsn,
    words: words.SSN,
    alone: (value) => (DASHED_SSN.test(value) && !isAdvertisedSsn(compact(value)) ? 0.7 : 0),
  },
  {
    kind: 'us_itin',
    body: `9\\d{2}(${S})\\d{2}\\1\\d{4}`,
    maxLength: 11,
    digits: 9,
    valid: isUsItin,
    words: words.ITIN,
    alone: (value) => (DASHED_SSN.test(value) ? 0.7 : 0),
  },
  {
    kind: 'uk_nino',
    body: `[A-Za-z]{2}${S}\\d{2}${S}\\d{2}${S}\\d{2}${S}[A-Da-d]`,
    maxLength: 13,
    digits: 6,
    valid: isUkNino,
    words: words.NINO,
    alone: (value) => (/^[A-Z]{2}/.test(value) && /[A-D]$/.test(value) ? 0.75 : 0),
  },
  { kind: 'uk_nhs', body: `\\d{3}(${S})\\d{3}\\1\\d{4}`, maxLength: 12, digits: 10, valid: isUkNhs, words: words.NHS },
  {
    kind: 'de_tax_id',
    body: `\\d{2}${S}\\d{3}${S}\\d{3}${S}\\d{3}`,
    maxLength: 14,
    digits: 11,
    valid: isDeTaxId,
    words: words.DE_TAX,
  },
  {
    kind: 'de_id_card',
    body: '[CFGHJKLMNPRTVWXYZcfghjklmnprtvwxyz](?=[A-Za-z0-9]{0,7}\\d)[CFGHJKLMNPRTVWXYZcfghjklmnprtvwxyz0-9]{8}\\d?',
    maxLength: 10,
    digits: 1,
    gate: (profile) => profile.mixed >= 9,
    // People often leave the check digit out; the word before it has to do then.
    valid: (value) => (value.length === 9 ? /^[A-Z](?=.*\d.*\d)/.test(value) : isDeIdCard(value)),
    words: words.DE_ID,
  },
  {
    kind: 'fr_nir',
    body: `[1-478]${S}\\d{2}${S}\\d{2}${S}(?:\\d{2}|2[ABab])${S}\\d{3}${S}\\d{3}${S}\\d{2}`,
    maxLength: 21,
    digits: 14,
    valid: isFrNir,
    words: /nir|sécu|insee|securité|sécurité/i,
    alone: () => 0.9,
  },
  {
    kind: 'es_dni',
    body: '(?:\\d{8}|\\d{2}\\.\\d{3}\\.\\d{3})[- ]?[A-Za-z]',
    maxLength: 12,
    digits: 8,
    valid: isEsDni,
    words: words.ES_ID,
    alone: (value) => (/[\d-][A-Z]$/.test(value) ? 0.75 : 0),
  },
  {
    kind: 'es_nie',
    body: '[XYZxyz][- ]?(?:\\d{7}|\\d\\.\\d{3}\\.\\d{3})[- ]?[A-Za-z]',
    maxLength: 13,
    digits: 7,
    valid: isEsNie,
    words: words.ES_ID,
    alone: (value) => (/^[XYZ]/.test(value) && /[\d-][A-Z]$/.test(value) ? 0.8 : 0),
  },
  {
    kind: 'it_codice_fiscale',
    body: '[A-Za-z]{3} ?[A-Za-z]{3} ?[0-9LMNP-Vlmnp-v]{2}[A-Za-z][0-9LMNP-Vlmnp-v]{2} ?[A-Za-z][0-9LMNP-Vlmnp-v]{3}[A-Za-z]',
    maxLength: 19,
    digits: 0,
    // A stretch of five that holds one of its digits has a letter beside it; without any digit a word before it is needed.
    gate: (profile) => profile.mixed >= 5 || profile.fiscal,
    valid: isItCodiceFiscale,
    words: /codice|fiscale|c\.?f\.?/i,
    // Without a single digit only a word before it tells it from a word of 16 letters.
    alone: (value) => (/\d/.test(value) ? 1 : 0),
  },
  { kind: 'pt_nif', body: `\\d{3}${S}\\d{3}${S}\\d{3}`, maxLength: 11, digits: 9, valid: isPtNif, words: words.PT_NIF },
  {
    kind: 'br_cpf',
    body: `\\d{3}${S}\\d{3}${S}\\d{3}${S}\\d{2}`,
    maxLength: 14,
    digits: 11,
    valid: isBrCpf,
    words: words.CPF,
    alone: (value) => (/^\d{3}\.\d{3}\.\d{3}-/.test(value) ? 1 : 0),
  },
  {
    kind: 'br_cnpj',
    body: '[0-9A-Za-z]{2}\\.?[0-9A-Za-z]{3}\\.?[0-9A-Za-z]{3}/?[0-9A-Za-z]{4}[- ]?\\d{2}',
    maxLength: 18,
    digits: 2,
    gate: (profile) => profile.company,
    valid: isBrCnpj,
    words: words.CNPJ,
    alone: (value) => (/^.{2}\..{3}\..{3}\/.{4}-/.test(value) ? 1 : 0),
  },
  {
    kind: 'in_aadhaar',
    body: `\\d{4}(${S})\\d{4}\\1\\d{4}`,
    maxLength: 14,
    digits: 12,
    valid: isInAadhaar,
    words: words.AADHAAR,
  },
  {
    kind: 'in_pan',
    body: '[A-Za-z]{5}[ -]?\\d{4}[ -]?[A-Za-z]',
    maxLength: 12,
    digits: 4,
    anchor: { lead: 6, at: isWithinPan },
    valid: isInPan,
    words: words.PAN,
  },
  {
    kind: 'kr_rrn',
    body: '\\d{6} ?[\\u2010-\\u2015\\u2212-]? ?\\d{7}',
    maxLength: 16,
    digits: 13,
    valid: (value) => fitKrRrn(value) !== 'no',
    words: words.RRN,
    alone: (value) => (/[\u2010-\u2015\u2212-]/.test(value) && fitKrRrn(compact(value)) === 'checked' ? 0.9 : 0),
  },
  {
    kind: 'cn_resident_id',
    body: '\\d{6} ?\\d{8} ?\\d{3}[\\dXx]',
    maxLength: 20,
    digits: 17,
    valid: isCnResidentId,
    words: /身份证|身份證/,
    alone: () => 1,
  },
  {
    kind: 'jp_my_number',
    body: `\\d{4}(${S})\\d{4}\\1\\d{4}`,
    maxLength: 14,
    digits: 12,
    valid: isJpMyNumber,
    words: words.MY_NUMBER,
  },
]

/** Whether exactly four digits begin at `from`, with a letter on either side, perhaps behind a hyphen or space. */
function isWithinPan(text: string, from: number): boolean {
  for (let index = from; index < from + 4; index++) if (!isDigit(text.charCodeAt(index))) return false
  return /[A-Za-z][ -]?$/.test(text.slice(from - 2, from)) && /^[ -]?[A-Za-z]/.test(text.slice(from + 4, from + 6))
}

function toShape(rule: NationalRule): Shape {
  return {
    kind: rule.kind,
    pattern: new RegExp(OPEN + rule.body + CLOSE, 'g'),
    maxLength: rule.maxLength,
    gate: rule.gate ?? ((profile) => profile.run >= rule.digits),
    ...(rule.anchor === undefined ? {} : { anchor: rule.anchor }),
    judge: (candidate: Candidate) => judge(rule, candidate),
  }
}

function judge(rule: NationalRule, candidate: Candidate): number {
  if (!rule.valid(compact(candidate.value))) return 0
  const before = candidate.before
  if (words.OTHER_NUMBER.test(before)) return rule.alone?.(candidate.value) === 1 ? 1 : 0
  return rule.words.test(before) ? 1 : (rule.alone?.(candidate.value) ?? 0)
}

/** Shapes of national numbers. */
export const NATIONAL: readonly Shape[] = RULES.map(toShape)
