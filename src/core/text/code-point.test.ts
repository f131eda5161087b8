import fc from 'fast-check'
import { expect, test } from 'vitest'
import { codePointAt } from './code-point.ts'

/** Any UTF-16, halves of pairs included. */
const text = fc.string({ unit: fc.constantFrom('a', 'é', '😀', '\ud83d', '\ude00'), maxLength: 12 })

test('gives what the language says, at every place and outside', () => {
  fc.assert(
    fc.property(text, fc.integer({ min: -2, max: 30 }), (value, at) => {
      expect(codePointAt(value, at)).toBe(value.codePointAt(at))
    }),
  )
})

test('a slice that ends inside a pair ends there, however often it is asked', () => {
  const ends = (value: string, from: number): number => from + ((codePointAt(value, from) ?? 0) > 0xffff ? 2 : 1)
  let beyond = 0
  for (let round = 0; round < 20_000; round += 1) {
    const whole = `fine wrong thing and more 😀wrong 😀${round % 7}`
    const slice = whole.slice(3, whole.indexOf('\ud83d') + 1)
    if (ends(slice, slice.length - 1) !== slice.length) beyond += 1
    ends('😀', 0)
  }
  expect(beyond).toBe(0)
})
