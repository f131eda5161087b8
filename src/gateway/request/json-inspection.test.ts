import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inspectJson } from './json-inspection.ts'

const rules = { maxDepth: 8, strictUnicode: true }
const kindOf = (text: string): string | undefined => inspectJson(text, rules)?.kind

test.each([
  ['{"a":1,"b":{"a":1},"c":[{"a":1},{"a":2}]}', undefined],
  ['{"a":1,"a":2}', 'duplicate'],
  ['{"a":1,"\\u0061":2}', 'duplicate'],
  ['[{"x":{"k":"k","k":0}}]', 'duplicate'],
  ['{"a":"a","b":"a"}', undefined],
  ['{"a\\"":1,"a":2}', undefined],
  ['{"a\\\\":1,"a":{"__proto__":1}}', 'proto'],
  ['"\\u0000"', 'unicode'],
  ['"\\\\u0000"', undefined],
  ['{"\\ud83d":1}', 'unicode'],
  ['"\\ud83d\\ude00"', undefined],
  ['"\\ude00\\ud83d"', 'unicode'],
  ['[[[[[[[[1]]]]]]]]', undefined],
  ['[[[[[[[[[1]]]]]]]]]', 'depth'],
  ['"[[[[[[[[[[[["', undefined],
  ['"unclosed', undefined],
])('%s', (text, kind) => {
  expect(kindOf(text)).toBe(kind)
})

test('what JSON.stringify writes has no fault but depth', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      expect([undefined, 'proto', 'unicode']).toContain(kindOf(JSON.stringify(value)))
    }),
  )
})

test('any text is inspected without throwing', () => {
  const pieces = fc.array(fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', 'a', '\\u00', '__proto__', ' '), {
    maxLength: 60,
  })
  fc.assert(fc.property(pieces, (parts) => void inspectJson(parts.join(''), rules)))
})
