/** Additive counts of a text: UTF-8 bytes and an estimate of tokens. Both can be summed over pieces cut between characters. */

/** Bytes of the UTF-8 form; a lone surrogate counts as the three bytes of its replacement. */
export function utf8Length(text: string): number {
  let bytes = 0
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80) bytes += 1
    else if (unit < 0x800) bytes += 2
    else if (unit >= 0xd800 && unit < 0xdc00 && isLow(text.charCodeAt(index + 1))) {
      bytes += 4
      index++
    } else bytes += 3
  }
  return bytes
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000
}

/** Twelfths of a token that a character counts. */
const LETTER = 4
const CAPITAL_OR_DIGIT = 6
const ALPHABETIC = 6
const SIGN = 12
const DENSE = 18

/**
 * Tokens, estimated on the high side without a vocabulary: three small letters or spaces, two capitals, digits or letters of
 * other alphabets, one sign, or two thirds of an ideograph, syllable or emoji half make a token. Ordinary English comes out
 * about a third too high.
 */
export function estimateTokens(text: string): number {
  let twelfths = 0
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80) twelfths += asciiWeight(unit)
    else if (unit < 0x590) twelfths += ALPHABETIC
    else twelfths += unit < 0x900 ? SIGN : DENSE
  }
  return twelfths / 12
}

function asciiWeight(unit: number): number {
  if ((unit >= 0x61 && unit <= 0x7a) || unit === 0x20) return LETTER
  return (unit >= 0x30 && unit <= 0x39) || (unit >= 0x41 && unit <= 0x5a) ? CAPITAL_OR_DIGIT : SIGN
}
