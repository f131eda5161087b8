import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RuledFinding } from '../pipeline/decide.ts'
import { applyModifications } from '../pipeline/decide.ts'
import { MaskCursor } from './masks.ts'

test('any spans, taken in any pieces, read as the whole text modified at once', () => {
  const text = 'abcdefghijklmnopqrstuvwxyz'
  const span = fc.record({
    start: fc.integer({ min: 0, max: 26 }),
    length: fc.integer({ min: 0, max: 12 }),
    text: fc.constantFrom('', '#', '<X>'),
  })
  fc.assert(
    fc.property(
      fc.array(span, { maxLength: 6 }),
      fc.array(fc.integer({ min: 0, max: 26 }), { maxLength: 6 }),
      (spans, cuts) => {
        const items = spans.map(({ start, length, text: replacement }, order) => ({
          start,
          end: Math.min(26, start + length),
          text: replacement,
          order,
        }))
        const ruled = items.map(({ start, end, text: replacement }): RuledFinding => ({
          finding: { label: 'x', score: 1, span: { start, end }, replacement },
          guard: 'g',
          action: 'modify',
          shadow: false,
        }))
        const cursor = new MaskCursor()
        const edges = [0, ...cuts.toSorted((a, b) => a - b), 26]
        let result = ''
        let told = 0
        for (let index = 1; index < edges.length; index += 1) {
          const from = edges[index - 1] ?? 0
          const to = edges[index] ?? 26
          const final = index === edges.length - 1
          // Spans are told as late as a guard may tell them: when text beyond their beginning leaves.
          for (const item of items) if (item.start >= told && (item.start < to || final)) cursor.add(item)
          told = Math.max(told, to)
          result += cursor.take(text.slice(from, to), from, to, final)
        }
        expect(result).toBe(applyModifications(text, ruled))
      },
    ),
    { numRuns: 1000 },
  )
})
