/**
 * Validity of payment cards, IBAN, BIC, US routing numbers.
 *
 * Follows ISO/IEC 7812 (issuer ranges as the card schemes publish them), ISO 13616 (IBAN registry: length per country), ISO 9362
 * (BIC) and the ABA's routing number check. Input has no separators and is upper case.
 */
import { isLuhn, isRepeated, mod97, weightedSum } from './checksums.ts'

/** How well digits fit a payment card. `rare`: a length that other numbers have as well, which needs its surroundings. */
export type CardFit = 'usual' | 'rare' | 'no'

/** Issuer ranges: a pattern on the first digits, lengths in common use, lengths allowed but rare. */
const ISSUERS: readonly (readonly [prefix: RegExp, usual: readonly number[], rare: readonly number[]])[] = [
  [/^4/, [16], [13, 19]],
  [/^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16], []],
  [/^3[47]/, [15], []],
  [/^(?:6011|64[4-9]|65)/, [16], [19]],
  [/^35(?:2[89]|[3-8])/, [16], [17, 18, 19]],
  [/^(?:30[0-5]|3[689])/, [14, 16], [19]],
  [/^(?:62|81)/, [16], [17, 18, 19]],
  [/^(?:50|5[678]|6304|6759|676[1-3])/, [16], [12, 13, 14, 15, 17, 18, 19]],
  [/^220[0-4]/, [16], [17, 18, 19]],
]

/** Issuer range, length and Luhn check of a payment card number. */
export function fitCard(digits: string): CardFit {
  for (const [prefix, usual, rare] of ISSUERS) {
    if (!prefix.test(digits)) continue
    const fit = usual.includes(digits.length) ? 'usual' : rare.includes(digits.length) ? 'rare' : 'no'
    if (fit === 'no') continue
    return isLuhn(digits) && !isRepeated(digits) ? fit : 'no'
  }
  return 'no'
}

const IBAN_LENGTHS =
  'AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27GB22GE22GI23' +
  'GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28' +
  'NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30'

const LENGTH_BY_COUNTRY: ReadonlyMap<string, number> = new Map(
  Array.from({ length: IBAN_LENGTHS.length / 4 }, (_, index) => {
    const entry = IBAN_LENGTHS.slice(index * 4, index * 4 + 4)
    return [entry.slice(0, 2), Number(entry.slice(2))] as const
  }),
)

/** Length of an IBAN of this country, or 0 when the country has none. */
export function ibanLength(country: string): number {
  return LENGTH_BY_COUNTRY.get(country) ?? 0
}

/** IBAN: country, length, ISO 7064 MOD 97-10. */
export function isIban(value: string): boolean {
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(value) || value.length !== ibanLength(value.slice(0, 2))) return false
  return mod97(value.slice(4) + value.slice(0, 4)) === 1
}

/** Countries with banks but no IBAN that often appear in a BIC. */
const BIC_COUNTRIES = 'US CA MX AR CL CO PE UY JP CN KR IN HK SG TW TH MY ID PH VN AU NZ ZA NG KE MA DZ BD LK NP'.split(
  ' ',
)

/** BIC (SWIFT code): shape and country; it has no check digit. */
export function isBic(value: string): boolean {
  if (!/^[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?$/.test(value)) return false
  const country = value.slice(4, 6)
  return LENGTH_BY_COUNTRY.has(country) || BIC_COUNTRIES.includes(country)
}

/** US routing number: nine digits, weights 3, 7, 1, Federal Reserve prefix. */
export function isUsRoutingNumber(digits: string): boolean {
  if (!/^(?:0[0-9]|1[0-2]|2[1-9]|3[0-2]|6[1-9]|7[0-2]|80)\d{7}$/.test(digits)) return false
  return weightedSum(digits, [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 === 0 && !isRepeated(digits)
}
