import { describe, expect, test } from 'vitest'
import { isToken, jsonText, withoutLogprobs, wordsOf } from './words.ts'

describe('tokens', () => {
  test.each([
    '',
    'msg_68b0c6f2',
    'call-1',
    'gpt-5.1',
    'models/gemini-2.5',
    'a@b',
    '2026-11-24T10:00:00Z',
    'c2lnbmVk'.repeat(500),
  ])('a token: %s', (text) => expect(isToken(text)).toBe(true))
  test.each(['two words', 'https://example.org', 'line\nbreak', 'ü', 'x!', `${'a:'.repeat(200)}`, 'Tue, 24 Nov'])(
    'no token: %s',
    (text) => expect(isToken(text)).toBe(false),
  )
})

describe('words', () => {
  test('are all strings and keys, when one of them is more than a token', () => {
    expect(wordsOf({ a: 'b', n: [1, true, null] }).text).toBe('')
    expect(
      wordsOf({ a: 'b', n: ['two words', 1] })
        .text.split('\n')
        .toSorted(),
    ).toEqual(['a', 'b', 'n', 'two words'])
    expect(wordsOf({ 'a key': 1 }).text).toBe('a key')
    expect(wordsOf('two words').text).toBe('two words')
    expect(wordsOf(undefined)).toEqual({ text: '', readable: true })
  })

  test('of an error are what it says, all the way down', () => {
    const error = Object.assign(new Error('it broke', { cause: new Error('deep down') }), { body: 'a body' })
    expect(wordsOf(error).text).toMatch(/a body[^]*it broke[^]*deep down/)
  })

  test('that nobody can read are said to be unreadable', () => {
    const circle: Record<string, unknown> = {}
    circle['self'] = circle
    let deep: unknown = 'two words'
    for (let depth = 0; depth < 100; depth += 1) deep = [deep]
    for (const value of [circle, deep, { bytes: new Uint8Array(2) }, { run: () => 1 }, ['a b'.repeat(400_000)]]) {
      expect(wordsOf(value)).toEqual({ text: '', readable: false })
    }
    const shared = { note: 'two words' }
    expect(wordsOf([shared, shared]).readable).toBe(true)
  })
})

test('log-probabilities are left out at any depth, and nothing else is touched', () => {
  const plain = { a: { b: 1 } }
  expect(withoutLogprobs(plain)).toBe(plain)
  expect(withoutLogprobs({ openai: { logprobs: [1], topLogprobs: 2, log_probs: 3, id: 'x' } })).toEqual({
    openai: { id: 'x' },
  })
})

describe('the JSON of a result', () => {
  test('is without its signatures and pictures', () => {
    expect(jsonText({ a: 'b' })).toMatchObject({ text: '{"a":"b"}', blob: false })
    expect(jsonText({ a: 'long text '.repeat(500) })).toMatchObject({ blob: false })
    expect(jsonText({ a: 'A'.repeat(500) })).toMatchObject({ text: '{"a":""}', blob: false })
    expect(jsonText({ a: 'A'.repeat(5000) })).toMatchObject({ text: '{"a":""}', blob: true })
    expect(jsonText({ a: new Uint8Array(4) })).toMatchObject({ text: '{"a":null}', blob: true })
    expect(jsonText(undefined)).toMatchObject({ text: '', blob: false })
  })

  test('that was changed has them again', () => {
    const signature = 'A'.repeat(500)
    const { text, parse } = jsonText([{ note: 'mango', signature, empty: '' }])
    expect(parse(text.replace('mango', '*'))).toEqual([{ note: '*', signature, empty: '' }])
    expect(parse('[{]')).toBeUndefined()
    expect(parse('[1,"",{"signature":""}]')).toEqual([1, '', { signature: '' }])
  })
})

test('signatures beside words are not judged with them', () => {
  expect(
    wordsOf({ signature: 'A'.repeat(500), note: 'two words' })
      .text.split('\n')
      .toSorted(),
  ).toEqual(['note', 'signature', 'two words'])
})
