/** Reading ASCII at a stretch gives the words that reading character by character gives, however the text is cut. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Places } from './word-reader.ts'
import { WordReader } from './word-reader.ts'

type Told = readonly [hash: number, start: number, end: number, weight: number]

const unit = fc.constantFrom('a', 'B', 'z', '7', ' ', '.', "'", 'é', 'É', '漢', 'ก', '😀', '\u0301')
const texts = fc.array(unit, { maxLength: 40 }).map((parts) => parts.join(''))
const plain: Places = { startOf: (offset) => offset, endOf: (offset) => offset + 1 }

/** One character at a time, from `from` on. */
function step(reader: WordReader, text: string, from: number, told: Told[]): number {
  const code = text.codePointAt(from) ?? 0
  const next = from + (code > 0xffff ? 2 : 1)
  reader.take(code, from, next, (...word) => told.push(word))
  return next
}

test('the same words', () => {
  fc.assert(
    fc.property(texts, fc.array(fc.nat(40)), (text, stops) => {
      const slow: Told[] = []
      const one = new WordReader()
      for (let at = 0; at < text.length;) at = step(one, text, at, slow)
      one.finish((...word) => slow.push(word))

      const quick: Told[] = []
      const other = new WordReader()
      for (let at = 0; at < text.length;) {
        const open = other.open
        const stop = stops.find((place) => place > at && place < text.length) ?? text.length
        const next = other.takeAscii(text.slice(0, stop), at, plain, (...word) => quick.push(word))
        if (next === at) {
          expect(other.open).toBe(open)
          at = step(other, text, at, quick)
        } else at = next
      }
      other.finish((...word) => quick.push(word))
      expect(quick).toEqual(slow)
    }),
    { numRuns: 500 },
  )
})
