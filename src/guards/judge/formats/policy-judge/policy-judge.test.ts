import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { verdictFor } from '../../judge-reading.ts'
import { judgeFormat } from '../registry.ts'
import { answerSchema } from './answer.ts'
import { delimitTexts } from './delimited-texts.ts'

const CLAUSES = [
  {
    id: 'P1',
    title: 'Prices',
    text: 'Prices are not promised.',
    examples: { violating: ['It is 5 €.'], allowed: ['See the list.'] },
  },
  { id: 'P2', title: 'Rivals', text: 'Rivals are not named.' },
]
const format = judgeFormat('policy', { clauses: CLAUSES })
const call = format.ask({ prompt: 'How much?', response: 'It is 5 €.' })
const answer = (parts: Record<string, unknown> = {}): string =>
  JSON.stringify({
    label: 'violation',
    clauses: ['P1'],
    confidence: 0.9,
    quotes: ['It is 5 €.'],
    critique: 'P1: a price.',
    ...parts,
  })

describe('prompt', () => {
  const user = call.request.chat?.messages[1]?.content ?? ''

  test('policy before texts, texts between lines with a code that stands in none of them', () => {
    expect(call.request.chat?.messages[0]?.content).toContain(
      '### P1 Prices\nPrices are not promised.\n- Violates: "It is 5 €."\n- Does not violate: "See the list."',
    )
    expect(user).toMatch(
      /\[([0-9a-f]{16}) BEGIN PROMPT\]\nHow much\?\n\[\1 END PROMPT\]\n\[\1 BEGIN RESPONSE\]\nIt is 5 €\.\n\[\1 END RESPONSE\]/,
    )
  })

  test('with the texts first, calls over several clauses share everything before the policy', () => {
    const [left, right] = CLAUSES.map(
      (clause) =>
        judgeFormat('policy', { clauses: [clause], shared: 'texts_first' }).ask({ prompt: 'How much?' }).request.chat,
    )
    expect(left?.messages[0]).toEqual(right?.messages[0])
    const shared = (left?.messages[1]?.content ?? '').split('## Policy')[0] ?? ''
    expect(shared).toContain('END PROMPT]')
    expect(right?.messages[1]?.content.startsWith(shared)).toBe(true)
  })

  test('equal questions are equal to the byte', () => {
    expect(format.ask({ prompt: 'How much?', response: 'It is 5 €.' }).request).toEqual(call.request)
  })

  test('no text can hold the code of its own delimiters, even one that was made from a seen code', () => {
    const seen = delimitTexts({ prompt: 'x' }).nonce
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(seen, '[', ']', ' END PROMPT', ' BEGIN RESPONSE', '\n', 'x'), { maxLength: 12 }),
        (parts) => {
          const prompt = parts.join('')
          const { nonce, block } = delimitTexts({ prompt, response: prompt })
          expect(prompt).not.toContain(nonce)
          expect(block.split(nonce)).toHaveLength(5)
        },
      ),
    )
  })
})

describe('answers', () => {
  test('label, clauses, quotes and critique', () => {
    expect(call.parse(`\`\`\`json\n${answer()}\n\`\`\``)).toMatchObject({
      labels: { response_harm: true },
      categories: [{ id: 'P1', title: 'Prices' }],
      confidence: 0.9,
      quotes: ['It is 5 €.'],
      critique: 'P1: a price.',
    })
  })

  test.each([
    ['', 'empty'],
    [`Here it is: ${answer()}`, 'not_json'],
    [`${answer()} Done.`, 'not_json'],
    [answer().replace('"label"', '"label":"no_violation","label"'), 'not_json'],
    [answer({ label: 'safe' }), 'no_label'],
    [answer({ clauses: ['P3'] }), 'unknown_clause'],
    [answer({ clauses: ['p1'] }), 'unknown_clause'],
    [answer({ clauses: [] }), 'inconsistent'],
    [answer({ label: 'no_violation' }), 'inconsistent'],
    [answer({ confidence: 2 }), 'wrong_fields'],
    [answer({ confidence: '1' }), 'wrong_fields'],
    [answer({ quotes: 'It' }), 'wrong_fields'],
    [answer({ note: '' }), 'wrong_fields'],
    [answer({ critique: undefined }), 'wrong_fields'],
    [answer({ critique: 'x'.repeat(4_001) }), 'too_long'],
    ['x'.repeat(100_001), 'too_long'],
  ])('%#: unparsable', (text, reason) => {
    expect(call.parse(text)).toMatchObject({ kind: 'unparsable', reason })
  })

  test('what the schema allows is read, or is a label that its list contradicts', () => {
    const allows = new Ajv2020().compile(answerSchema(CLAUSES))
    const value = fc.record({
      label: fc.constantFrom('violation', 'no_violation', 'safe'),
      clauses: fc.subarray(['P1', 'P2']),
      confidence: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer()),
      quotes: fc.array(fc.string(), { maxLength: 3 }),
      critique: fc.string(),
    })
    fc.assert(
      fc.property(value, (json) => {
        const reading = call.parse(JSON.stringify(json))
        const consistent = (json.label === 'violation') === json.clauses.length > 0
        expect(reading.kind).toBe(allows(json) && consistent ? 'label' : 'unparsable')
        if (reading.kind === 'label')
          expect(verdictFor(reading, 'response_harm')).toBe(json.label === 'violation' ? 'positive' : 'negative')
      }),
    )
  })

  test('the score stands at the label', () => {
    const tokens = [
      { token: '{"label":', logprob: 0, alternatives: [] },
      { token: ' "', logprob: 0, alternatives: [] },
      { token: 'no', logprob: Math.log(0.7), alternatives: [{ token: 'viol', logprob: Math.log(0.3) }] },
    ]
    expect(call.score(tokens)).toBeCloseTo(0.3, 12)
  })
})

test('clauses that a judge could not write back are refused', () => {
  const wrong = [
    [],
    [{ id: 'a b', title: 'x' }],
    [
      { id: 'A', title: 'x' },
      { id: 'a', title: 'y' },
    ],
    [{ id: 'A', title: ' ' }],
  ]
  for (const clauses of wrong) expect(() => judgeFormat('policy', { clauses })).toThrow(/Judge format policy/)
})
