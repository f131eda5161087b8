/** Skipping over ASCII stops only where the chain of segments has a cut, and skips nothing but ASCII. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createStreamBuffer, createTextView } from './index.ts'
import { asciiSegmentsEnd, segmentEnd } from './segment.ts'

const unit = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('a', 'Word', ' ', '.', '7', '\n', "'", '-') },
  { weight: 3, arbitrary: fc.constantFrom('é', 'а', 'β', '漢', '\u0301', '\u200b', '\u{e0041}', '😀', '\ud83d') },
  { weight: 1, arbitrary: fc.integer({ min: 90, max: 200 }).map((length) => 'x'.repeat(length)) },
)
const texts = fc.array(unit, { maxLength: 40 }).map((parts) => parts.join(''))

test('from every cut of the chain', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const cuts = [0]
      for (let at = 0; at < text.length; cuts.push(at)) at = segmentEnd(text, at)
      for (const from of cuts) {
        const end = asciiSegmentsEnd(text, from)
        expect(cuts).toContain(end)
        expect(text.slice(from, end)).toMatch(/^[\x00-\x7f]*$/)
        // It stops at the end, or in the last word before something else.
        expect(text.slice(end)).toMatch(/^(?:|[\x00-\x7f]{0,96}[^\x00-\x7f][^]*)$/)
      }
    }),
    { numRuns: 500 },
  )
})

test('a buffer hands out the same view until there is another text to look at', () => {
  const buffer = createStreamBuffer()
  buffer.append('ﬁrst ')
  const view = buffer.view(0, 5)
  expect(buffer.view(0, 5)).toBe(view)
  expect(buffer.view(0, 4)).not.toBe(view)
  buffer.append('second')
  expect(buffer.view(0)).toEqual(expect.objectContaining({ normalised: 'first second' }))
  expect(buffer.view(0).normalised).toBe(createTextView('ﬁrst second').normalised)
  buffer.release(6)
  expect(() => buffer.view(0)).toThrow(RangeError)
  expect(() => buffer.view(0, 5)).toThrow(RangeError)
})
