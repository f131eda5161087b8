/**
 * Validity of national numbers of India (Aadhaar, PAN), Korea (RRN), China (resident identity number) and Japan (My Number).
 *
 * Follows UIDAI (Verhoeff), the Income Tax Department of India, Korea's Resident Registration Act enforcement rules, GB 11643-1999
 * and Japan's ordinance of the Ministry of Internal Affairs 2014/85. PAN has structure but no public check.
 */
import { digitAt, isCalendarDate, isMod11x2, isRepeated, isVerhoeff, weightedSum } from './checksums.ts'

/** Indian Aadhaar number: twelve digits, not beginning with 0 or 1, Verhoeff check. */
export function isInAadhaar(digits: string): boolean {
  return /^[2-9]\d{11}$/.test(digits) && !isRepeated(digits) && isVerhoeff(digits)
}

/** Indian PAN: structure only; the fourth letter is the kind of holder. */
export function isInPan(value: string): boolean {
  return /^[A-Z]{3}[ABCEFGHJLPT][A-Z](?!0000)\d{4}[A-Z]$/.test(value)
}

/** How well a Korean number fits: numbers given out since October 2020 have random last digits and no check. */
export type RrnFit = 'checked' | 'dated' | 'no'

/** Korean resident (or foreigner) registration number: birth date, century and sex, check digit. */
export function fitKrRrn(digits: string): RrnFit {
  if (!/^\d{13}$/.test(digits)) return 'no'
  const century = digitAt(digits, 6)
  const base =
    century === 9 || century === 0
      ? 1800
      : century === 1 || century === 2 || century === 5 || century === 6
        ? 1900
        : 2000
  const dated = isCalendarDate(
    base + Number(digits.slice(0, 2)),
    Number(digits.slice(2, 4)),
    Number(digits.slice(4, 6)),
  )
  if (!dated) return 'no'
  const sum = weightedSum(digits, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5])
  const last = digitAt(digits, 12)
  if ((11 - (sum % 11)) % 10 === last) return 'checked'
  // Foreigners' numbers add two.
  if (century >= 5 && century <= 8 && (13 - (sum % 11)) % 10 === last) return 'checked'
  return 'dated'
}

/** First two digits of a Chinese resident identity number: provinces and equals. */
const PROVINCE = /^(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])/

/** Chinese resident identity number: region, birth date, order, check character (ISO 7064 MOD 11-2). */
export function isCnResidentId(value: string): boolean {
  if (!/^\d{17}[\dX]$/.test(value) || !PROVINCE.test(value)) return false
  const year = Number(value.slice(6, 10))
  if (year < 1800 || year > 2099) return false
  return isCalendarDate(year, Number(value.slice(10, 12)), Number(value.slice(12, 14))) && isMod11x2(value)
}

/** Japanese individual number (My Number): twelve digits, modulus 11. */
export function isJpMyNumber(digits: string): boolean {
  if (!/^\d{12}$/.test(digits) || isRepeated(digits)) return false
  const remainder = weightedSum(digits, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11
  return (remainder <= 1 ? 0 : 11 - remainder) === digitAt(digits, 11)
}
