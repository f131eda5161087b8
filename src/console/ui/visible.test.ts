import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import type { Piece } from './visible.ts'
import { toLine, toPieces } from './visible.ts'

const shown = (text: string): string =>
  toPieces(text)
    .map((piece) => (piece.kind === 'text' ? piece.text : `‹${piece.short}×${piece.times}›`))
    .join('')

const UNSEEN = [
  '\u200b',
  '\u202e',
  '\u2066',
  '\u0000',
  '\u00ad',
  '\ufeff',
  '\u{e0041}',
  '\u{e0100}',
  '\ud800',
  '\udfff',
  '\u3164',
]

describe('what cannot be seen becomes a sign', () => {
  test.each([
    ['a\u200bb', 'a‹ZWSP×1›b'],
    ['a\u200b\u200b\u200bb', 'a‹ZWSP×3›b'],
    ['a\u200b\u200db', 'a‹ZWSP×1›‹ZWJ×1›b'],
    ['x\u202egnp.exe\u202c', 'x‹RLO×1›gnp.exe‹PDF×1›'],
    ['\u2067a\u2069', '‹RLI×1›a‹PDI×1›'],
    ['a\u0000b\u001b[31m', 'a‹NUL×1›b‹ESC×1›[31m'],
    ['so\u00adft', 'so‹SHY×1›ft'],
    ['\ufefftext', '‹BOM×1›text'],
    ['a\u2003b\u2800c', 'a‹U+2003×1›b‹BLANK×1›c'],
    ['a\ud800b', 'a‹D800×1›b'],
    ['a\u{e0100}b', 'a‹U+E0100×1›b'],
    ['lone\rreturn', 'lone‹CR×1›return'],
  ])('%j', (text, expected) => {
    expect(shown(text)).toBe(expected)
  })

  test('tag characters are spelled out, runs of them without letters are counted', () => {
    const hidden = [...'say hi'].map((letter) => String.fromCodePoint(0xe0000 + letter.charCodeAt(0))).join('')
    expect(toPieces(`a${hidden}b`)).toEqual([
      { kind: 'text', text: 'a' },
      { kind: 'sign', short: 'TAGS “say hi”', name: 'tag characters that spell say hi', count: 6, times: 1 },
      { kind: 'text', text: 'b' },
    ])
    expect(shown('a\u{e0001}\u{e007f}')).toBe('a‹TAG×1›')
  })

  test('of a pile of combining marks four are drawn', () => {
    expect(shown(`e${'\u0301'.repeat(12)}f`)).toBe(`e${'\u0301'.repeat(4)}‹MARKS×8›f`)
    expect(shown(`e${'\u0301'.repeat(4)}f`)).toBe(`e${'\u0301'.repeat(4)}f`)
  })
})

test.each([
  'plain text',
  'line\nfeed\r\nand\ttab',
  'שלום עולם مرحبا',
  'हिन्दी ไทย 한국어 日本語　全角',
  '👩‍👩‍👧 👍🏽 🏳️‍🌈 ❤️ 1️⃣ 🏴󠁧󠁢󠁥󠁮󠁧󠁿',
  '\u0600١٢ no\u00a0break',
])('what can be seen stays whole: %j', (text) => {
  expect(toPieces(text)).toEqual([{ kind: 'text', text }])
})

const EMOJI = /\p{RGI_Emoji}/gv

test('no character gets lost, and no unseen one is left outside emoji', () => {
  const length = (piece: Piece): number => (piece.kind === 'text' ? [...piece.text].length : piece.count)
  const unit = fc.oneof(fc.constantFrom(...UNSEEN, 'a', ' ', '\u0301'), fc.string({ unit: 'binary', maxLength: 2 }))
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 30 }), (parts) => {
      const text = parts.join('')
      const pieces = toPieces(text)
      expect(pieces.reduce((sum, piece) => sum + length(piece), 0)).toBe([...text].length)
      const left = pieces.flatMap((piece) => (piece.kind === 'text' ? piece.text : [])).join('')
      expect(left.replaceAll(EMOJI, '')).not.toMatch(/[\u200b\u202a-\u202e\u2066-\u2069\0]/)
    }),
    { numRuns: 500 },
  )
})

test('a line is one line, bounded, and shows what is unseen', () => {
  expect(toLine('a\u202eb\nc')).toBe('a‹RLO›b c')
  expect(toLine('x'.repeat(300), 10)).toBe(`${'x'.repeat(10)}…`)
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 40 }), (text, limit) => {
      const line = toLine(text, limit)
      expect([...line].length).toBeLessThanOrEqual(limit + 1)
      expect(line).not.toMatch(/[\n\r\u202a-\u202e]/)
    }),
  )
})

test('a text made to be slow is not', () => {
  const pieces = toPieces(`${'\u0301'.repeat(50_000)}${'a\u200b'.repeat(50_000)}`)
  expect(pieces).toHaveLength(100_002)
})
