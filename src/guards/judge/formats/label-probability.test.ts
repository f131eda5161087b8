import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ScoredToken } from '../judge-input.ts'
import { labelProbability } from './label-probability.ts'

/** A token with the probabilities of its candidates. */
function at(token: string, candidates: Readonly<Record<string, number>> = {}): ScoredToken {
  const alternatives = Object.entries(candidates).map(([text, p]) => ({ token: text, logprob: Math.log(p) }))
  return { token, logprob: Math.log(candidates[token] ?? 1), alternatives }
}
const SAFE = { positive: ['unsafe'], negative: ['safe'] }

describe('the label’s place', () => {
  test('two logits of the brief: 1.2 against -0.3 is 0.817574', () => {
    const tokens = [{ token: 'unsafe', logprob: 1.2 - 3, alternatives: [{ token: 'safe', logprob: -0.3 - 3 }] }]
    expect(labelProbability(tokens, SAFE)).toBeCloseTo(0.817574, 6)
  })

  test.each(['\n\n', ' ', '\u2581', '\u010A\u010A', '**', '"'])('skips %j before the label', (blank) => {
    const tokens = [at(blank), at('safe', { safe: 0.75, unsafe: 0.25 })]
    expect(labelProbability(tokens, SAFE)).toBeCloseTo(0.25, 12)
  })

  test('adds up variants and beginnings of a word', () => {
    const candidates = { un: 0.2, ' Unsafe': 0.2, '\u0120unsafe': 0.1, safe: 0.3, S: 0.1, maybe: 0.1 }
    expect(labelProbability([at('safe', candidates)], SAFE)).toBeCloseTo(0.5 / 0.9, 12)
  })

  test('a label after a key, the first or the last one', () => {
    const tokens = [
      at('Request'),
      at(':'),
      at(' harmful', { ' harmful': 0.9, ' unharmful': 0.1 }),
      at('\n'),
      at('Request'),
      at(':'),
      at(' unharmful', { ' harmful': 0.2, ' unharmful': 0.5, ' un': 0.3 }),
    ]
    const words = { positive: ['harmful'], negative: ['unharmful'], after: /request:\s*$/i }
    expect(labelProbability(tokens, words)).toBeCloseTo(0.9, 12)
    expect(labelProbability(tokens, { ...words, place: 'last' })).toBeCloseTo(0.2, 12)
    expect(labelProbability(tokens.slice(0, 2), words)).toBeNull()
  })

  test('a beginning that two kinds of word share counts for none', () => {
    const words = { positive: ['yes'], negative: ['no'], neither: ['n/a'] }
    expect(labelProbability([at('n', { n: 0.5, yes: 0.25, no: 0.25 })], words)).toBeCloseTo(0.5, 12)
  })
})

describe('what is not listed', () => {
  test('a side without a candidate counts as the least probable one', () => {
    expect(labelProbability([at('safe', { safe: 0.9, hello: 0.1 })], SAFE)).toBeCloseTo(0.1, 12)
  })

  test('neither side, one candidate, no token: no score', () => {
    expect(labelProbability([at('hello', { hello: 0.9, world: 0.1 })], SAFE)).toBeNull()
    expect(labelProbability([at('safe')], SAFE)).toBeNull()
    expect(labelProbability([], SAFE)).toBeNull()
    expect(labelProbability([at(' '), at('\n')], SAFE)).toBeNull()
  })
})

test('a token that is no word of a label is not searched, however long', () => {
  // Trimming it would take minutes.
  const long = `a${'!'.repeat(200_000)}b`
  const alternatives = [{ token: 'unsafe', logprob: Math.log(0.8) }]
  expect(labelProbability([{ token: long, logprob: Math.log(0.2), alternatives }], SAFE)).toBeCloseTo(0.8, 9)
})

test('is null or between 0 and 1 for any tokens', () => {
  const word = fc.constantFrom('safe', 'unsafe', ' un', '', '\n', 'S', '\uD800', 'x')
  const choice = fc.record({ token: word, logprob: fc.oneof(fc.double(), fc.constant(-Infinity)) })
  const token = fc.record({ token: word, logprob: fc.double(), alternatives: fc.array(choice, { maxLength: 4 }) })
  fc.assert(
    fc.property(fc.array(token, { maxLength: 5 }), (tokens) => {
      const score = labelProbability(tokens, SAFE)
      expect(score === null || (score >= 0 && score <= 1)).toBe(true)
    }),
    { numRuns: 500 },
  )
})
