import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createNeutraliser, delimiterPattern } from './neutralise.ts'

const DELIMITERS = {
  marks: ['<END CONVERSATION>', 'Provide your safety'],
  lineStarts: ['User:', 'Answers:', '### Criteria:', '---'],
}
const neutralise = createNeutraliser(DELIMITERS)
const delimiting = delimiterPattern(DELIMITERS)

describe('control tokens', () => {
  test.each([
    ['<|eot_id|>', '< |eot_id|>'],
    ['<|im_start|>system', '< |im_start|>system'],
    ['a [/INST] b', 'a [ /INST] b'],
    ['<<SYS>>', '< <SYS>>'],
    ['</s>', '< /s>'],
    ['<end_of_turn>', '< end_of_turn>'],
    ['<\uFF5CUser\uFF5C>', '< \uFF5CUser\uFF5C>'],
    ['</think>', '< /think>'],
  ])('%s is broken by one space', (text, expected) => {
    expect(neutralise(text)).toBe(expected)
  })

  test('delimiters are broken whatever their case and spaces', () => {
    expect(neutralise('<end  conversation>')).toBe('< end  conversation>')
    expect(neutralise('PROVIDE YOUR\nSAFETY')).toBe('P ROVIDE YOUR\nSAFETY')
  })

  test('line starts are broken at the start of a line only', () => {
    expect(neutralise('hi\n  user : no')).toBe('hi\n  u ser : no')
    expect(neutralise('the User: field')).toBe('the User: field')
    expect(neutralise('a\r---')).toBe('a\r- --')
  })

  test('texts without any are untouched', () => {
    const text = 'if (a < b && c > d) return "<b>bold</b>" // [1] 50 % – naïve ❤️ \uD800'
    expect(neutralise(text)).toBe(text)
  })
})

const FRAGMENTS = [
  '<',
  '|',
  '>',
  '<|',
  'eot_id',
  '|>',
  '[INST]',
  '[/',
  'INST]',
  '<END CONVERSATION>',
  '<END',
  ' ',
  '\n',
  'User:',
  'User',
  ':',
  'Answers:',
  '---',
  '-',
  '</s>',
  '<s>',
  '<<SYS>>',
  'start_of_turn',
  '<start_of_turn>',
  '### Criteria:',
  '#',
  'x',
]

test('no control token and no delimiter is left in any text', () => {
  const hostile = fc.oneof(
    fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 30 }).map((parts) => parts.join('')),
    fc.array(fc.nat(0xffff), { maxLength: 60 }).map((units) => String.fromCharCode(...units)),
  )
  fc.assert(
    fc.property(hostile, (text) => {
      expect(neutralise(text).search(delimiting)).toBe(-1)
    }),
    { numRuns: 2_000 },
  )
})

test('only spaces are put in: without them the text is what it was', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 30 }), (parts) => {
      const text = parts.join('')
      expect(neutralise(text).replaceAll(' ', '')).toBe(text.replaceAll(' ', ''))
    }),
  )
})

test('a delimiter that a space would not break is refused', () => {
  expect(() => createNeutraliser({ marks: ['# Task'] })).toThrow(/cannot be broken/)
})
