/**
 * 16-bit floating-point numbers: binary16 (IEEE 754-2019, §3.4) and bfloat16 (the upper half of a binary32), to and from 32 bits.
 * Rounds to the nearest, ties to even (IEEE 754-2019, §4.3.1). Works on whole arrays; a value too large becomes an infinity.
 */

/** Values of all 65 536 binary16 bit patterns, made at first use. */
let halves: Float32Array | undefined

function halfValues(): Float32Array {
  return (halves ??= Float32Array.from({ length: 0x1_0000 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1
    const exponent = (bits >>> 10) & 0x1f
    const fraction = bits & 0x3ff
    if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
  }))
}

/** Writes the values of binary16 numbers to `to`. */
export function halfToFloat(from: Uint16Array, to: Float32Array): void {
  const values = halfValues()
  for (let index = 0; index < from.length; index += 1) to[index] = values[from[index] ?? 0] ?? 0
}

/** Writes the values of bfloat16 numbers to `to`. */
export function bfloatToFloat(from: Uint16Array, to: Float32Array): void {
  const bits = new Uint32Array(to.buffer, to.byteOffset, to.length)
  for (let index = 0; index < from.length; index += 1) bits[index] = (from[index] ?? 0) << 16
}

/** The nearest bfloat16 numbers. */
export function floatToBfloat(from: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(from.buffer, from.byteOffset, from.length)
  const to = new Uint16Array(from.length)
  for (let index = 0; index < to.length; index += 1) {
    const value = bits[index] ?? 0
    // A NaN whose payload lies in the lower half would round to an infinity: the quiet bit keeps it one.
    if ((value & 0x7fff_ffff) > 0x7f80_0000) to[index] = (value >>> 16) | 0x40
    else to[index] = (value + 0x7fff + ((value >>> 16) & 1)) >>> 16
  }
  return to
}

/** The nearest binary16 numbers. */
export function floatToHalf(from: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(from.buffer, from.byteOffset, from.length)
  const to = new Uint16Array(from.length)
  for (let index = 0; index < to.length; index += 1) {
    const value = bits[index] ?? 0
    to[index] = ((value >>> 16) & 0x8000) | halfMagnitude(value & 0x7fff_ffff)
  }
  return to
}

function halfMagnitude(bits: number): number {
  if (bits > 0x7f80_0000) return 0x7e00
  // 65 520 lies half-way between the largest number and the next power of two.
  if (bits >= 0x477f_f000) return 0x7c00
  const exponent = (bits >>> 23) - 112
  if (exponent > 0) {
    const shifted = (exponent << 10) | ((bits >>> 13) & 0x3ff)
    return shifted + roundsUp(bits & 0x1fff, 0x1000, shifted)
  }
  const shift = 14 - exponent
  if (shift > 24) return 0
  const fraction = (bits & 0x7f_ffff) | 0x80_0000
  const shifted = fraction >>> shift
  return shifted + roundsUp(fraction & ((1 << shift) - 1), 1 << (shift - 1), shifted)
}

function roundsUp(rest: number, half: number, shifted: number): number {
  return rest > half || (rest === half && (shifted & 1) === 1) ? 1 : 0
}
