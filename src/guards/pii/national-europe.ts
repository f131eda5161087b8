/**
 * Validity of national identity, tax and health numbers of Europe: structure, excluded ranges and check characters.
 *
 * Follows the rules published by HMRC (NIM39110), NHS Data Dictionary, BZSt (IdNr), ICAO 9303 (German serial numbers), INSEE (NIR),
 * Ministerio del Interior (DNI/NIE), Decreto ministeriale 23.12.1976 (codice fiscale) and Autoridade Tributária (NIF). Input has no
 * separators and is upper case. Whether a number was ever issued is not known here.
 */
import { alphanumericValue, digitAt, isMod11x10, weightedSum } from './checksums.ts'

/** UK National Insurance number: prefix rules, six digits, suffix A–D. It has no check digit. */
export function isUkNino(value: string): boolean {
  return /^(?!BG|GB|KN|NK|NT|TN|ZZ)[ABCEGHJ-PRSTW-Z][ABCEGHJ-NPRSTW-Z]\d{6}[A-D]$/.test(value)
}

/** UK NHS number: ten digits, modulus 11. */
export function isUkNhs(value: string): boolean {
  if (!/^\d{10}$/.test(value) || /^(\d)\1{9}$/.test(value)) return false
  const check = 11 - (weightedSum(value, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)
  return check !== 10 && check % 11 === digitAt(value, 9)
}

/** German tax identification number: of the first ten digits exactly one occurs twice or three times, never three in a row. */
export function isDeTaxId(value: string): boolean {
  if (!/^[1-9]\d{10}$/.test(value)) return false
  const counts = new Array<number>(10).fill(0)
  for (let index = 0; index < 10; index++) {
    const digit = digitAt(value, index)
    counts[digit] = (counts[digit] ?? 0) + 1
  }
  const repeated = counts.filter((count) => count > 1)
  if (repeated.length !== 1 || (repeated[0] ?? 0) > 3 || /(\d)\1\1/.test(value.slice(0, 10))) return false
  return isMod11x10(value)
}

/** Serial number of a German identity card or passport with its check digit (weights 7, 3, 1). */
export function isDeIdCard(value: string): boolean {
  if (!/^[CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ0-9]{8}\d$/.test(value)) return false
  let sum = 0
  for (let index = 0; index < 9; index++) sum += alphanumericValue(value, index) * ([7, 3, 1][index % 3] ?? 0)
  return sum % 10 === digitAt(value, 9)
}

/** French NIR: sex, year, month, department (2A and 2B for Corsica), commune, order, key modulo 97. */
export function isFrNir(value: string): boolean {
  const match = /^([1-478])(\d{2})(\d{2})(\d{2}|2A|2B)(\d{3})(\d{3})(\d{2})$/.exec(value)
  if (match === null) return false
  const month = Number(match[3])
  // Months above 12 mark births whose month is unknown or people registered from abroad.
  if (!((month >= 1 && month <= 12) || (month >= 20 && month <= 42) || month >= 50)) return false
  if (match[4] === '00' || match[5] === '000' || match[6] === '000') return false
  const department = match[4] === '2A' ? '19' : match[4] === '2B' ? '18' : match[4]
  const number = Number(`${match[1]}${match[2]}${match[3]}${department}${match[5]}${match[6]}`)
  return 97 - (number % 97) === Number(match[7])
}

const DNI_LETTERS = 'TRWAGMYFPDXBNJZSQVHLCKE'

/** Spanish DNI: eight digits and a letter. */
export function isEsDni(value: string): boolean {
  return /^\d{8}[A-Z]$/.test(value) && DNI_LETTERS.charAt(Number(value.slice(0, 8)) % 23) === value.charAt(8)
}

/** Spanish NIE: X, Y or Z, seven digits and a letter. */
export function isEsNie(value: string): boolean {
  if (!/^[XYZ]\d{7}[A-Z]$/.test(value)) return false
  const number = Number(`${'XYZ'.indexOf(value.charAt(0))}${value.slice(1, 8)}`)
  return DNI_LETTERS.charAt(number % 23) === value.charAt(8)
}

/** Values of the characters at odd places of a codice fiscale, digits first, then A–Z. */
const CODICE_ODD = [
  1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22,
  25, 24, 23,
]
const OMOCODIA = 'LMNPQRSTUV'

/** Italian codice fiscale of a person, with the letters that replace digits when two people would share one (omocodia). */
export function isItCodiceFiscale(value: string): boolean {
  const match = /^[A-Z]{6}([0-9LMNP-V]{2})[ABCDEHLMPRST]([0-9LMNP-V]{2})[A-Z][0-9LMNP-V]{3}[A-Z]$/.exec(value)
  if (match === null) return false
  const day = Number(
    [...(match[2] ?? '')].map((char) => (OMOCODIA.includes(char) ? OMOCODIA.indexOf(char) : char)).join(''),
  )
  if (!((day >= 1 && day <= 31) || (day >= 41 && day <= 71))) return false
  let sum = 0
  for (let index = 0; index < 15; index++) {
    const code = alphanumericValue(value, index)
    sum += index % 2 === 0 ? (CODICE_ODD[code] ?? 0) : code > 9 ? code - 10 : code
  }
  return String.fromCharCode(65 + (sum % 26)) === value.charAt(15)
}

/** Portuguese NIF: nine digits, allowed first digits, modulus 11. */
export function isPtNif(value: string): boolean {
  if (!/^(?:[1235689]|45|7[0124-9])\d{7,8}$/.test(value) || value.length !== 9) return false
  const remainder = weightedSum(value, [9, 8, 7, 6, 5, 4, 3, 2]) % 11
  return (remainder < 2 ? 0 : 11 - remainder) === digitAt(value, 8)
}
