/** Stop texts: what is let through ends before the first of them, however the text was cut. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { stopTexts } from './stop-texts.ts'

const letters = (least: number, most: number) =>
  fc.string({ unit: fc.constantFrom('a', 'b', '😀'), minLength: least, maxLength: most })

test('property: the text before the first stop text, whatever the pieces', () => {
  fc.assert(
    fc.property(
      fc.array(letters(0, 4), { maxLength: 8 }),
      fc.array(letters(1, 4), { maxLength: 3 }),
      (pieces, stops) => {
        const whole = pieces.join('')
        const scanner = stopTexts(stops)
        let given = ''
        for (const piece of pieces) {
          given += scanner.push(piece)
          expect(stops.some((stop) => given.includes(stop))).toBe(false)
        }
        given += scanner.end()
        const found = stops.map((stop) => whole.indexOf(stop)).filter((at) => at >= 0)
        expect(scanner.stopped).toBe(found.length > 0)
        expect(given).toBe(found.length === 0 ? whole : firstEnded(whole, stops))
      },
    ),
    { seed: 20261126, numRuns: 500 },
  )
})

/** What stands before the stop text that is complete first, and of those that end together before the earliest. */
function firstEnded(text: string, stops: readonly string[]): string {
  for (let end = 1; ; end += 1) {
    const found = stops.map((stop) => text.slice(0, end).indexOf(stop)).filter((at) => at >= 0)
    if (found.length > 0) return text.slice(0, Math.min(...found))
  }
}

test('only what might begin a stop text is held back', () => {
  const scanner = stopTexts(['END.'])
  expect(scanner.push('the E')).toBe('the ')
  expect(scanner.push('NT')).toBe('ENT')
  expect(scanner.push(' EN')).toBe(' ')
  expect(scanner.push('D. more')).toBe('')
  expect([scanner.stopped, scanner.push('more'), scanner.end()]).toEqual([true, '', ''])
})
