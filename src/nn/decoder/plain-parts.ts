/** The parts of a decoder between its linear layers, on rows in place: norm, rotary positions, attention, gated activation. */
import type { DecoderConfig } from './config.ts'
import type { RotaryTables } from './rotary.ts'

/** RMS norm of `rows` rows (Zhang & Sennrich 2019, eq. 4); the width is that of `scale`. */
export function normaliseRows(
  x: Float32Array,
  scale: Float32Array,
  y: Float32Array,
  rows: number,
  epsilon: number,
): void {
  const width = scale.length
  for (let row = 0; row < rows; row += 1) {
    const at = row * width
    let squares = 0
    for (let index = 0; index < width; index += 1) squares += x[at + index]! * x[at + index]!
    const factor = 1 / Math.sqrt(squares / width + epsilon)
    for (let index = 0; index < width; index += 1) y[at + index] = x[at + index]! * factor * scale[index]!
  }
}

/** Turns every head of `rows` rows, the first at `position` (Su et al. 2021, §3.2.2); element i goes with i + half. */
export function rotateRows(
  x: Float32Array,
  { cosines, sines }: RotaryTables,
  position: number,
  rows: number,
  heads: number,
  headWidth: number,
): void {
  const half = headWidth / 2
  for (let row = 0; row < rows; row += 1) {
    const turn = (position + row) * half
    for (let head = 0; head < heads; head += 1) {
      const at = (row * heads + head) * headWidth
      for (let index = 0; index < half; index += 1) {
        const one = x[at + index]!
        const other = x[at + half + index]!
        const cosine = cosines[turn + index]!
        const sine = sines[turn + index]!
        x[at + index] = one * cosine - other * sine
        x[at + half + index] = other * cosine + one * sine
      }
    }
  }
}

/** Room for the weights of one head. */
let scores = new Float64Array(256)

/**
 * Attention of one row over the first `length` positions (Vaswani et al. 2017, eq. 1), heads of queries sharing those of keys and
 * values (Ainslie et al. 2023, §2.2). Writes into the same row of `out`, [heads · headWidth] a row.
 */
export function attend(
  queries: Float32Array,
  keys: Float32Array,
  values: Float32Array,
  out: Float32Array,
  row: number,
  length: number,
  { heads, keyValueHeads, headWidth }: DecoderConfig,
): void {
  if (scores.length < length) scores = new Float64Array(2 * length)
  const weights = scores
  const group = heads / keyValueHeads
  const stride = keyValueHeads * headWidth
  const factor = 1 / Math.sqrt(headWidth)
  for (let head = 0; head < heads; head += 1) {
    const at = (row * heads + head) * headWidth
    const shared = Math.floor(head / group) * headWidth
    let highest = -Infinity
    for (let place = 0; place < length; place += 1) {
      const key = place * stride + shared
      let even = 0
      let odd = 0
      for (let index = 0; index < headWidth; index += 2) {
        even += queries[at + index]! * keys[key + index]!
        odd += queries[at + index + 1]! * keys[key + index + 1]!
      }
      const score = (even + odd) * factor
      weights[place] = score
      if (score > highest) highest = score
    }
    let total = 0
    for (let place = 0; place < length; place += 1) {
      const weight = Math.exp(weights[place]! - highest)
      weights[place] = weight
      total += weight
    }
    for (let index = 0; index < headWidth; index += 1) out[at + index] = 0
    for (let place = 0; place < length; place += 1) {
      const weight = weights[place]! / total
      const value = place * stride + shared
      for (let index = 0; index < headWidth; index += 1) (out[at + index] as number) += weight * values[value + index]!
    }
  }
}

/** SwiGLU (Shazeer 2020, eq. 6): `gated = silu(gated) · up`. */
export function gate(gated: Float32Array, up: Float32Array, count: number): void {
  for (let index = 0; index < count; index += 1) {
    const value = gated[index]!
    gated[index] = (value / (1 + Math.exp(-value))) * up[index]!
  }
}
