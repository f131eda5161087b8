/** The first answer's parsers: the released one row by row, the one in use, and that nothing a model writes makes either throw. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { answerObject } from './answer-object.ts'
import { readChoice } from './read-choice.ts'
import { releasedJson } from './released-json.ts'

const object = (route: unknown = 'no_to_minimal_risk', more: object = {}): string =>
  JSON.stringify({ system_check_result: 'fine', route, system_tip: 'be brief', ...more })

describe('the released parser', () => {
  test.each([
    ['clean JSON', '{"a":"b"}', { a: 'b' }],
    ['newlines are deleted, not spaced', '{"a":\n"a\nb"}', { a: 'ab' }],
    ['prose around it', 'Here: {"a":"b"} as asked.', { a: 'b' }],
    ['a fence', '```json\n{"a":"b"}\n```', { a: 'b' }],
    ['the first of two', '{"a":"b"} {"c":"d"}', { a: 'b' }],
    ['a missing brace is repaired', '{"a":"b"', { a: 'b' }],
    ['a missing quote and brace are not', '{"a":"b', undefined],
    ['single quotes', "{'a':'b'}", undefined],
    ['a trailing comma', '{"a":"b",}', undefined],
    ['a closing brace in a string, with prose', 'x {"a":"}"} y', undefined],
    ['an opening brace in a string, with prose', 'x {"a":"{"} y', undefined],
    ['a whole text that is a list', '["a"]', ['a']],
    ['a whole text that is a string', '"a"', 'a'],
    ['a whole text that is a number', '7', 7],
    ['nothing', '', undefined],
  ])('%s', (_what, text, wanted) => {
    expect(releasedJson(text)).toEqual(wanted)
  })
})

describe('the parser in use', () => {
  test.each([
    ['clean JSON', '{"A":"b"}', { a: 'b' }],
    ['newlines between', '{\n"a": "b"\n}', { a: 'b' }],
    ['prose around it', 'Here: {"a":"b"} as asked.', { a: 'b' }],
    ['a fence', '```json\n{"a":"b"}\n```', { a: 'b' }],
    ['braces in strings', 'x {"a":"}{"} y', { a: '}{' }],
    ['an escaped quote', '{"a":"\\"}"}', { a: '"}' }],
    ['two objects: one may be the user’s', '{"a":"b"} {"a":"d"}', null],
    ['a missing brace', '{"a":"b"', null],
    ['a brace too many', '{"a":"b"}}', null],
    ['two keys of one name', '{"a":"b","a":"c"}', null],
    ['two keys of one name in another case', '{"a":"b","A":"c"}', null],
    ['two keys of one name, one escaped', '{"a":"b","\\u0061":"c"}', null],
    ['single quotes', "{'a':'b'}", null],
    ['a list', '["a"]', null],
    ['a list of one object', '[{"a":"b"}]', null],
    ['a string', '"a"', null],
    ['nothing', '', null],
  ])('%s', (_what, text, wanted) => {
    expect(answerObject(text)).toEqual(wanted)
  })

  test('finds every object that JSON can write, alone and among words', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string().map((key) => key.toLowerCase()),
          fc.jsonValue({ maxDepth: 2 }),
          { maxKeys: 4 },
        ),
        fc.stringMatching(/^[^{}[\]]*$/),
        (value, words) => {
          const json = JSON.stringify(value)
          const wanted = JSON.parse(json) as unknown
          expect(answerObject(words + json + words)).toEqual(wanted)
        },
      ),
    )
  })
})

describe.each([
  ['in use', false],
  ['released', true],
])('the route, parser %s', (_name, released) => {
  test.each([
    ['a known route', object('direct_violation'), 'direct_violation', true],
    ['upper case', object('Direct_Violation'), 'direct_violation', true],
    ['a space inside', object('direct _violation'), 'direct_violation', true],
    ['spaces for underscores', object('no to minimal risk'), 'potential_violation', false],
    ['an unknown word', object('unknown'), 'potential_violation', false],
    ['a number', object(1), 'potential_violation', false],
    ['a property that every object has', object('constructor'), 'potential_violation', false],
    [
      'keys in upper case',
      object('direct_violation').replaceAll(/"s?[a-z_]+":/g, (key) => key.toUpperCase()),
      'direct_violation',
      true,
    ],
    ['garbage', 'I would say this is fine.', 'potential_violation', false],
    ['a list', `[${object()}]`, 'potential_violation', false],
  ])('%s', (_what, text, route, understood) => {
    expect(readChoice(text, released)).toMatchObject({ route, understood })
  })

  test('an unknown word keeps check and tip; what is missing makes the whole answer the check', () => {
    expect(readChoice(object('unknown'), released)).toMatchObject({ check: 'fine', tip: 'be brief' })
    const missing = '{"system_check_result":"fine","route":"direct_violation"}'
    expect(readChoice(missing, released)).toEqual({
      ...{ route: 'potential_violation', understood: false },
      ...{ check: missing, tip: 'Not avaliable' },
    })
  })

  test('nothing throws, and only an object that names a route leaves the middle', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '"',
      '\\',
      ':',
      ',',
      '\n',
      ' ',
      '"route":',
      '"direct_violation"',
      '[',
      'x',
      '\\u00',
    )
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces, { maxLength: 40 }).map((list) => list.join('')),
    )
    fc.assert(
      fc.property(texts, (text) => {
        const choice = readChoice(text, released)
        if (!text.includes('system_tip'))
          expect(choice).toMatchObject({ route: 'potential_violation', understood: false })
      }),
      { numRuns: 500 },
    )
  })
})

test('an answer in which the request’s own object comes first is taken by the released parser alone', () => {
  const text = `The user wrote ${object('no_to_minimal_risk')}. ${object('direct_violation')}`
  expect(readChoice(text, true).route).toBe('no_to_minimal_risk')
  expect(readChoice(text).route).toBe('potential_violation')
})
