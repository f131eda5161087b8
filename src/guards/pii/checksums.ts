/**
 * Check-digit arithmetic, one function a scheme: Luhn (ISO/IEC 7812-1 annex B), ISO 7064 MOD 97-10, MOD 11-10 and MOD 11-2,
 * Verhoeff (1969) and weighted sums.
 *
 * All functions take digits (or upper-case letters) without separators. None of them knows what a number means; which number uses
 * which scheme stands in the `national-*.ts` and `finance.ts` files.
 */

/** Value of the decimal digit at `index`. */
export function digitAt(text: string, index: number): number {
  return text.charCodeAt(index) - 48
}

/** 0–9 for digits, 10–35 for A–Z. */
export function alphanumericValue(text: string, index: number): number {
  const code = text.charCodeAt(index)
  return code < 58 ? code - 48 : code - 55
}

/** Luhn: every second digit from the right doubled, digit sum divisible by ten. */
export function isLuhn(digits: string): boolean {
  let sum = 0
  let double = false
  for (let index = digits.length - 1; index >= 0; index--) {
    let digit = digitAt(digits, index)
    if (double) {
      digit *= 2
      if (digit > 9) digit -= 9
    }
    sum += digit
    double = !double
  }
  return sum % 10 === 0
}

/** Remainder modulo 97 of the number that arises when letters become two digits (A = 10 … Z = 35). */
export function mod97(text: string): number {
  let remainder = 0
  for (let index = 0; index < text.length; index++) {
    const value = alphanumericValue(text, index)
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97
  }
  return remainder
}

/** ISO 7064 MOD 11-10 (hybrid system): the check digit is the last one. */
export function isMod11x10(digits: string): boolean {
  let product = 10
  for (let index = 0; index < digits.length - 1; index++) {
    const sum = (digitAt(digits, index) + product) % 10 || 10
    product = (sum * 2) % 11
  }
  return (11 - product) % 10 === digitAt(digits, digits.length - 1)
}

/** ISO 7064 MOD 11-2 (pure system) with `X` for ten: the check character is the last one. */
export function isMod11x2(text: string): boolean {
  let product = 0
  for (let index = 0; index < text.length - 1; index++) product = ((product + digitAt(text, index)) * 2) % 11
  const check = (12 - product) % 11
  const last = text.charAt(text.length - 1)
  return check === 10 ? last === 'X' : last === String(check)
}

/** Weighted sum of the first `weights.length` digits. */
export function weightedSum(digits: string, weights: readonly number[]): number {
  let sum = 0
  for (let index = 0; index < weights.length; index++) sum += digitAt(digits, index) * (weights[index] ?? 0)
  return sum
}

/** Multiplication in the dihedral group D5, row by row. */
const DIHEDRAL = '0123456789123406789523401789563401289567401239567859876043216598710432765982104387659321049876543210'
/** Powers of Verhoeff's permutation, row by row. */
const PERMUTATION = '01234567891576283094580379614289160435279453126870428657390127938064157046913258'

/** Verhoeff's scheme; catches every single wrong digit and every swap of neighbours. */
export function isVerhoeff(digits: string): boolean {
  let check = 0
  for (let index = 0; index < digits.length; index++) {
    const digit = digitAt(digits, digits.length - 1 - index)
    check = digitAt(DIHEDRAL, check * 10 + digitAt(PERMUTATION, (index % 8) * 10 + digit))
  }
  return check === 0
}

/** Whether all characters are the same. */
export function isRepeated(text: string): boolean {
  for (let index = 1; index < text.length; index++) if (text.charCodeAt(index) !== text.charCodeAt(0)) return false
  return true
}

/** Whether year, month and day name a day of the Gregorian calendar. */
export function isCalendarDate(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const days = month === 2 ? (leap ? 29 : 28) : month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
  return day <= days
}
