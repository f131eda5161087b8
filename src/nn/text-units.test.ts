import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { unitEnds } from './text-units.ts'

function units(text: string): readonly string[] {
  return unitEnds(text).map((end, index, ends) => text.slice(ends[index - 1] ?? 0, end))
}

describe('units of a text', () => {
  test.each([
    ['', []],
    ['short', ['short']],
    ['The first sentence ends. The second one asks? ', ['The first sentence ends.', ' The second one asks? ']],
    ['A line without a mark\nand another line here', ['A line without a mark\n', 'and another line here']],
    ['Version 1.25 of example.com is out now', ['Version 1.25 of example.com is out now']],
    ['No. Yes. This one has letters enough.', ['No. Yes. This one has letters enough.']],
    ['今天的会议十点开始。请带上文件！', ['今天的会议十点开始。', '请带上文件！']],
    ['The last one is long enough. Ok', ['The last one is long enough. Ok']],
  ])('%j', (text, wanted) => expect(units(text)).toEqual(wanted))

  test('are together the whole text, however it looks, and none is longer than about 800 characters', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom('. ', '\n', '。', 'a'.repeat(900), '😀 '),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('')
        const found = units(text)
        expect(found.join('')).toBe(text)
        expect(found.filter((unit) => unit.length === 0 || unit.length > 850)).toEqual([])
      }),
    )
  })

  test('of a beginning end where it ends', () => {
    expect(unitEnds('The first sentence ends. The second one asks?', 30)).toEqual([30])
    expect(unitEnds('The first sentence ends. The second one asks?', 45)).toEqual([24, 45])
  })
})
