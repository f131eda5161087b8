import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import type { Part } from './layout.ts'
import { layOut } from './layout.ts'

type Place = Parameters<typeof layOut>[1][number]

const span = (start: number, end: number, label = 'a', score = 1): Place => ({ start, end, label, score })

/** The characters a part stands for. */
function lengthOf(part: Part): number {
  if (part.kind === 'gap') return part.characters
  return part.pieces.reduce((sum, piece) => sum + (piece.kind === 'text' ? piece.text.length : piece.count), 0)
}

const textOf = (part: Part): string =>
  part.kind === 'gap'
    ? `…${part.characters}…`
    : part.pieces.map((piece) => (piece.kind === 'text' ? piece.text : '·')).join('')

const sketch = (text: string, spans: readonly Place[]): readonly string[] =>
  layOut(text, spans).parts.map(
    (part) =>
      `${textOf(part)}[${part.labels.join(' ')}]${part.tags.map(({ label, score }) => `${label}=${score}`).join(' ')}`,
  )

describe('a short text', () => {
  test('is whole; spans become stretches, labels stand at their ends', () => {
    expect(sketch('say abc now', [span(4, 7, 'x')])).toEqual(['say []', 'abc[x]x=1', ' now[]'])
    expect(sketch('abc', [])).toEqual(['abc[]'])
    expect(sketch('', [span(0, 3)])).toEqual([])
  })

  test('overlapping, nested, adjacent and equal spans', () => {
    expect(sketch('abcdef', [span(0, 4, 'x'), span(2, 6, 'y')])).toEqual(['ab[x]', 'cd[x y]x=1', 'ef[y]y=1'])
    expect(sketch('abcdef', [span(0, 6, 'x'), span(2, 4, 'y', 0.5)])).toEqual(['ab[x]', 'cd[x y]y=0.5', 'ef[x]x=1'])
    expect(sketch('abcd', [span(0, 2, 'x'), span(2, 4, 'x')])).toEqual(['ab[x]x=1', 'cd[x]x=1'])
    expect(sketch('abcd', [span(0, 4, 'x', 0.2), span(0, 4, 'x', 0.8), span(0, 4, 'y')])).toEqual([
      'abcd[x y]x=0.8 y=1',
    ])
  })

  test('spans that lie outside, are empty, turned round or no numbers', () => {
    expect(sketch('abc', [span(-5, 2), span(2, 99)])).toEqual(['ab[a]a=1', 'c[a]a=1'])
    for (const odd of [span(1, 1), span(2, 1), span(50, 60), span(Number.NaN, Number.NaN), span(-3, -1)]) {
      expect(sketch('abc', [odd])).toEqual(['abc[]'])
    }
  })

  test('a span that cuts a character in two takes it whole', () => {
    expect(sketch('a😀b', [span(2, 4)])).toEqual(['a[]', '😀b[a]a=1'])
    expect(sketch('a😀b', [span(0, 2)])).toEqual(['a😀[a]a=1', 'b[]'])
  })
})

test('every character carries exactly the labels of the spans over it', () => {
  const place = fc.record({
    start: fc.integer({ min: -2, max: 34 }),
    end: fc.integer({ min: -2, max: 34 }),
    label: fc.constantFrom('x', 'y', 'z'),
    score: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  fc.assert(
    fc.property(fc.string({ maxLength: 32 }), fc.array(place, { maxLength: 12 }), (text, spans) => {
      let at = 0
      for (const part of layOut(text, spans).parts) {
        for (let end = at + lengthOf(part); at < end; at++) {
          const over = spans.filter(({ start, end }) => start <= at && at < end && start < end)
          expect([...part.labels].toSorted()).toEqual([...new Set(over.map(({ label }) => label))].toSorted())
        }
      }
      expect(at).toBe(text.length)
    }),
    { numRuns: 500 },
  )
})

describe('a long text', () => {
  const limits = { whole: 40, head: 10, around: 5, total: 60, spans: 4 }
  const long = 'abcdefghij'.repeat(30)

  test('without spans shows its beginning', () => {
    expect(layOut(long, [], limits).parts.map(textOf)).toEqual([long.slice(0, 40), '…260…'])
  })

  test('shows its beginning and what surrounds each span', () => {
    const { parts, left } = layOut(long, [span(100, 103)], limits)
    expect(parts.map(textOf)).toEqual(['abcdefghij', '…85…', 'fghij', 'abc', 'defgh', '…192…'])
    expect(parts[3]?.labels).toEqual(['a'])
    expect(left).toBe(0)
  })

  test('of a long span shows both ends; the part between is marked, too', () => {
    const { parts } = layOut(long, [span(100, 200)], limits)
    expect(parts.map((part) => `${textOf(part)}${part.labels.length}`)).toEqual([
      'abcdefghij0',
      '…85…0',
      'fghij0',
      'abcde1',
      '…90…1',
      'fghij1',
      'abcde0',
      '…95…0',
    ])
  })

  test('says how many spans it has no room for', () => {
    const many = Array.from({ length: 20 }, (_, index) => span(index * 14, index * 14 + 2))
    const { parts, left } = layOut(long, many, limits)
    expect(left).toBeGreaterThan(10)
    expect(parts.filter((part) => part.tags.length > 0)).toHaveLength(20 - left)
  })

  test('accounts for every character, whatever the spans', () => {
    const place = fc.tuple(fc.nat(320), fc.nat(320)).map(([start, end]) => span(start, end))
    fc.assert(
      fc.property(fc.array(place, { maxLength: 12 }), (spans) => {
        const { parts } = layOut(long, spans, limits)
        expect(parts.reduce((sum, part) => sum + lengthOf(part), 0)).toBe(long.length)
        const visible = parts.reduce((sum, part) => sum + (part.kind === 'run' ? lengthOf(part) : 0), 0)
        expect(visible).toBeLessThanOrEqual(limits.total + 4 * limits.around + 2 * limits.around)
      }),
    )
  })
})
