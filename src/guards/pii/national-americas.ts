/**
 * Validity of national numbers of the United States (SSN, ITIN) and Brazil (CPF, CNPJ).
 *
 * Follows the SSA's rules after randomisation (2011), IRS Publication 1915 and Receita Federal's Instrução Normativa 2.229/2024 for
 * the alphanumeric CNPJ. SSN and ITIN have no check digit: a right shape is weak evidence and needs its surroundings.
 */
import { isRepeated } from './checksums.ts'

/** Numbers that circulate in advertisements and were never valid. */
const ADVERTISED_SSN = new Set(['078051120', '219099999', '457555462'])

/** US social security number: nine digits outside the ranges never issued. */
export function isUsSsn(digits: string): boolean {
  return /^(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4}$/.test(digits)
}

/** An SSN known from advertisements; it belongs to nobody. */
export function isAdvertisedSsn(digits: string): boolean {
  return ADVERTISED_SSN.has(digits) || isRepeated(digits)
}

/** US individual taxpayer identification number: begins with 9, middle group in the ranges of the IRS. */
export function isUsItin(digits: string): boolean {
  return /^9\d{2}(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])\d{4}$/.test(digits)
}

/** Brazilian CPF: eleven digits, two check digits modulo 11. */
export function isBrCpf(digits: string): boolean {
  return /^\d{11}$/.test(digits) && !isRepeated(digits) && hasBrazilianChecks(digits, 11)
}

/** Brazilian CNPJ, numeric or (from July 2026) alphanumeric: twelve characters and two check digits. */
export function isBrCnpj(value: string): boolean {
  return /^[0-9A-Z]{12}\d{2}$/.test(value) && !isRepeated(value) && hasBrazilianChecks(value, 9)
}

/** Weights run 2, 3, … up to `top` from the right and start again; letters count as their ASCII code minus 48. */
function hasBrazilianChecks(value: string, top: number): boolean {
  for (let length = value.length - 2; length < value.length; length++) {
    let sum = 0
    for (let index = length - 1, weight = 2; index >= 0; index--) {
      sum += (value.charCodeAt(index) - 48) * weight
      weight = weight === top ? 2 : weight + 1
    }
    const remainder = sum % 11
    if ((remainder < 2 ? 0 : 11 - remainder) !== value.charCodeAt(length) - 48) return false
  }
  return true
}
