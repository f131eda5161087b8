/** The words in a JSON value as one text, and back into their places. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { JsonValue } from '../../../src/contract/index.ts'
import { wordsIn, withoutWords, withWords } from '../../../src/gateway/protocols/messages/words.ts'

const NOTHING: ReadonlySet<string> = new Set()

test.each([
  [{ title: 'one', deep: [{ more: 'two' }], count: 3, flag: true, none: null }, 'one\ntwo'],
  [{ a: 'x\ny', b: 'z' }, 'x\ny\n\n\nz'],
  [{ 'a key of words': 1 }, 'a key of words'],
  [{ id: 'toolu_01', tool_use_id: 'a sentence of words' }, 'a sentence of words'],
  [{ type: 'text', text: 'x' }, 'x'],
  [{ type: 'odd' }, 'odd'],
  [{ type: 'redacted_thinking', data: 'QUJD' }, ''],
  [{ type: 'text', data: 'QUJD' }, 'QUJD'],
  [{ name: 'find', stop_sequence: 'find', title: 'find' }, 'find'],
  [{ empty: '', blank: ' \n' }, ''],
  ['alone', 'alone'],
])('%j', (value, words) => {
  expect(wordsIn(value, new Set(['find']))).toBe(words)
})

test('the very value comes back when nothing was changed', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = value as JsonValue
      expect(withWords(json, NOTHING, wordsIn(json, NOTHING))).toBe(json)
    }),
  )
})

test('each string is changed in its own place, whatever line breaks it holds', () => {
  const piece = fc.array(fc.constantFrom('a', 'MASK', '\n', '\n\n', ' '), { minLength: 1, maxLength: 6 })
  const line = piece.map((parts) => `x${parts.join('')}y`)
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), (lines) => {
      const value = { list: lines.map((title) => ({ title, count: 1 })) }
      const changed = withWords(value, NOTHING, wordsIn(value, NOTHING).replaceAll('MASK', '[gone]'))
      expect(changed).toEqual({ list: lines.map((title) => ({ title: title.replaceAll('MASK', '[gone]'), count: 1 })) })
    }),
  )
})

test('a string that becomes empty keeps its place', () => {
  const value = { a: 'one\n\ntwo', b: 'gone', c: 'three' }
  expect(withWords(value, NOTHING, wordsIn(value, NOTHING).replace('gone', ''))).toEqual({ ...value, b: '' })
})

test('a key that is changed goes, and a change that leaves no places fits nowhere', () => {
  const value = { 'a bad key': 1, title: 'one', other: 'two' }
  expect(withWords(value, NOTHING, 'a [gone] key\none\ntwo')).toEqual({ title: 'one', other: 'two' })
  expect(withWords(value, NOTHING, 'a bad key\n[gone]')).toBeNull()
  expect(withWords(value, NOTHING, 'a bad key\none\nand\ntwo')).toBeNull()
})

test('fields that carry words are left out, but for those named', () => {
  const value = { count: 1, title: 'one', text: 'two', id: 'x' }
  expect(withoutWords(value, NOTHING, new Set(['text']))).toEqual({ count: 1, text: 'two', id: 'x' })
  const plain = { count: 1 }
  expect(withoutWords(plain, NOTHING, NOTHING)).toBe(plain)
})
