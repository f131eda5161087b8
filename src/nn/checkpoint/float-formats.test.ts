/** 16-bit numbers: values that the standards name, and every bit pattern there and back. */
import { expect, test } from 'vitest'
import { bfloatToFloat, floatToBfloat, floatToHalf, halfToFloat } from './float-formats.ts'

const HALVES: readonly (readonly [number, number])[] = [
  [0x0000, 0],
  [0x8000, -0],
  [0x3c00, 1],
  [0xc000, -2],
  [0x3555, 0.333251953125],
  [0x7bff, 65_504],
  [0x0400, 2 ** -14],
  [0x0001, 2 ** -24],
  [0x03ff, 1023 * 2 ** -24],
  [0x7c00, Infinity],
  [0xfc00, -Infinity],
  [0x7e00, NaN],
]
const BFLOATS: readonly (readonly [number, number])[] = [
  [0x0000, 0],
  [0x8000, -0],
  [0x3f80, 1],
  [0xc049, -3.140625],
  [0x7f7f, (2 - 2 ** -7) * 2 ** 127],
  [0x0001, 2 ** -133],
  [0x7f80, Infinity],
  [0x7fc0, NaN],
]

const every = Uint16Array.from({ length: 0x1_0000 }, (_, bits) => bits)

test.each(HALVES)('binary16 %i is %d', (bits, value) => {
  const to = new Float32Array(1)
  halfToFloat(Uint16Array.of(bits), to)
  expect(to[0]).toBe(value)
  expect([...floatToHalf(Float32Array.of(value))]).toEqual([bits])
})

test.each(BFLOATS)('bfloat16 %i is %d', (bits, value) => {
  const to = new Float32Array(1)
  bfloatToFloat(Uint16Array.of(bits), to)
  expect(to[0]).toBe(value)
  expect([...floatToBfloat(Float32Array.of(value))]).toEqual([bits])
})

test('every pattern but those of NaN comes back', () => {
  for (const [read, write] of [
    [halfToFloat, floatToHalf],
    [bfloatToFloat, floatToBfloat],
  ] as const) {
    const values = new Float32Array(every.length)
    read(every, values)
    const back = write(values)
    const wrong = every.filter((bits) => !Number.isNaN(values[bits]) && back[bits] !== bits)
    expect([...wrong]).toEqual([])
    expect(values.filter(Number.isNaN).length).toBeGreaterThan(0)
    expect(values.every((value, bits) => !Number.isNaN(value) || Number.isNaN(reread(read, back[bits] ?? 0)))).toBe(
      true,
    )
  }
})

test('numbers between two go to the nearer one, from the middle to the even one', () => {
  const values = new Float32Array(0x7c01)
  halfToFloat(every.subarray(0, 0x7c01), values)
  // An infinity stands where the next power of two would.
  values[0x7c00] = 65_536
  for (let bits = 0; bits < 0x7c00; bits += 1) {
    const low = values[bits] ?? NaN
    const high = values[bits + 1] ?? NaN
    const middle = (low + high) / 2
    const given = floatToHalf(Float32Array.of(low + (high - low) / 4, middle, high - (high - low) / 4))
    expect([...given]).toEqual([bits, bits % 2 === 0 ? bits : bits + 1, bits + 1])
  }
  const bfloat = floatToBfloat(Float32Array.of(1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -20, 3.4e38))
  expect([...bfloat]).toEqual([0x3f80, 0x3f82, 0x3f81, 0x7f80])
})

function reread(read: typeof halfToFloat, bits: number): number {
  const to = new Float32Array(1)
  read(Uint16Array.of(bits), to)
  return to[0] ?? 0
}
