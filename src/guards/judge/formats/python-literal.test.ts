import { expect, test } from 'vitest'
import { pythonString } from './python-literal.ts'

// Each pair was printed by `repr` of CPython 3.
test.each([
  ['hello', "'hello'"],
  ["it's", '"it\'s"'],
  ['say "hi"', '\'say "hi"\''],
  ['it\'s "both"', "'it\\'s \"both\"'"],
  ['a\\b\n\r\t', "'a\\\\b\\n\\r\\t'"],
  ['\u0000\u007F\u00A0', "'\\x00\\x7f\\xa0'"],
  ['\u200B\u2028\uD800', "'\\u200b\\u2028\\ud800'"],
  ['naïve 日本 😀', "'naïve 日本 😀'"],
  ['\u{E0041}', "'\\U000e0041'"],
])('%j', (text, expected) => {
  expect(pythonString(text)).toBe(expected)
})
