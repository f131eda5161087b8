import fc from 'fast-check'
import { expect, test } from 'vitest'
import { contextRoom, frameSize, framed, tokenWindows } from './token-windows.ts'

const sizes = fc
  .record({
    length: fc.integer({ min: 0, max: 400 }),
    size: fc.integer({ min: 1, max: 60 }),
    share: fc.double({ min: 0, max: 0.5, noNaN: true }),
  })
  .map(({ length, size, share }) => ({ length, size, overlap: Math.floor(share * size) }))

test('windows read every token, none is longer than the model, and only a short text has one', () => {
  fc.assert(
    fc.property(sizes, ({ length, size, overlap }) => {
      const windows = tokenWindows(length, size, overlap)
      const read = new Set(
        windows.flatMap(([start, end]) => Array.from({ length: end - start }, (_, at) => start + at)),
      )
      expect(read.size).toBe(length)
      expect(windows.every(([start, end]) => start >= 0 && end <= length && end - start <= size)).toBe(true)
      expect(windows.length === 1).toBe(length <= size)
    }),
    { seed: 20261127 },
  )
})

test('what is no longer than the overlap and a token lies whole in a window', () => {
  fc.assert(
    fc.property(sizes, fc.nat(), ({ length, size, overlap }, place) => {
      const stretch = Math.min(length, overlap + 1)
      const from = place % (length - stretch + 1)
      const inside = tokenWindows(length, size, overlap).some(([start, end]) => start <= from && from + stretch <= end)
      expect(inside).toBe(true)
    }),
    { seed: 20261127 },
  )
})

test('windows of a long text are of one length, so that they can share runs', () => {
  expect(tokenWindows(25, 10, 2)).toEqual([
    [0, 10],
    [8, 18],
    [15, 25],
  ])
})

test('a context keeps half of the room, or all that the text leaves', () => {
  expect([contextRoom(100, 500), contextRoom(100, 50), contextRoom(100, 10), contextRoom(7, 7)]).toEqual([
    50, 50, 90, 3,
  ])
})

test('a frame puts its tokens and segments around texts', () => {
  const pair = [
    { token: 2, type: 0 },
    { text: 'first', type: 0 },
    { token: 3, type: 0 },
    { text: 'second', type: 1 },
    { token: 3, type: 1 },
  ] as const
  expect(frameSize(pair)).toBe(3)
  expect(framed(pair, { first: [7, 8], second: [9] })).toEqual({ ids: [2, 7, 8, 3, 9, 3], types: [0, 0, 0, 0, 1, 1] })
  expect(framed(pair, { first: [] })).toEqual({ ids: [2, 3, 3], types: [0, 0, 1] })
})
