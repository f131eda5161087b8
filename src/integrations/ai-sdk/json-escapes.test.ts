import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createEscapeDecoder, decodeEscapes } from './json-escapes.ts'

test.each([
  ['plain', 'plain'],
  ['{"a":"\\u0041bc"}', '{"a":"Abc"}'],
  ['{"a":"\\u0041\\ud83d\\ude00"}', '{"a":"A😀"}'],
  ['{"a":"\\u0022\\u005c\\u000a"}', '{"a":"\\u0022\\u005c\\u000a"}'],
  ['{"a":"\\\\u0041"}', '{"a":"\\\\u0041"}'],
  ['\\ud83d\\u0041', '\\ud83dA'],
  ['\\ud83d', '\\ud83d'],
  ['\\u00', '\\u00'],
  ['\\u00zz', '\\u00zz'],
  ['\\', '\\'],
])('%s', (source, expected) => {
  expect(decodeEscapes(source)).toBe(expected)
})

const piece = fc.constantFrom('\\', '\\u', '0041', '00e9', 'd83d', 'de00', '"', 'a', '\\\\', '\\n', '22')
const pieces = fc.array(piece, { maxLength: 30 })

test('pieces give what the whole gives, wherever it is cut', () => {
  fc.assert(
    fc.property(pieces, fc.array(fc.nat(8), { minLength: 1 }), (parts, sizes) => {
      const source = parts.join('')
      const decoder = createEscapeDecoder()
      let out = ''
      for (let at = 0, turn = 0; at < source.length; turn += 1) {
        const size = (sizes[turn % sizes.length] ?? 1) + 1
        out += decoder.push(source.slice(at, at + size))
        at += size
      }
      expect(out + decoder.end()).toBe(decodeEscapes(source))
    }),
  )
})

test('JSON keeps its meaning', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const all = JSON.stringify(value).replace(
        /"((?:[^"\\]|\\.)*)"/g,
        (_whole, body: string) => `"${escapeLetters(body)}"`,
      )
      expect(JSON.parse(decodeEscapes(all))).toEqual(JSON.parse(all))
    }),
  )
})

/** Every letter that is not part of an escape, written as one. */
function escapeLetters(body: string): string {
  return body.replace(/\\.|[^\\]/g, (unit) =>
    unit.length > 1 ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
