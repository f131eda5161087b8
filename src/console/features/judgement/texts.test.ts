import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import type { GuardReplyBody } from '../../../contract/index.ts'
import type { Span } from '../../data/words.ts'
import { changesIn, occurrencesIn, placeOf, recordedTexts, textsOf } from './texts.ts'

const NO_SCORES = { prompt_harm: null, response_harm: null, refusal: null, injection: null, toxicity: null }

function reply(part: Partial<GuardReplyBody>): GuardReplyBody {
  return {
    id: 'dec_1',
    decision_id: 'dec_1',
    decision: 'pass',
    scores: NO_SCORES,
    categories: {},
    spans: [],
    error: null,
    ms: 1,
    policyVersion: 'v',
    guards: [],
    shadowDecision: 'pass',
    exceptions: [],
    warnings: [],
    ...part,
  }
}

const span = (start: number, end: number, part: Partial<Span> = {}): Span => ({
  start,
  end,
  label: 'pii.email',
  field: 'prompt',
  score: 1,
  ...part,
})

const row = { kind: 'row', prompt: '', response: '', system: '', stage: null } as const

describe('texts of a row', () => {
  test('each field has its own spans; empty ones are left out', () => {
    const both = reply({ spans: [span(0, 1), span(2, 3, { field: 'response' })] })
    expect(textsOf({ ...row, prompt: 'ab', response: 'cde', system: 'f' }, both)).toEqual([
      { title: 'Text', text: 'ab', spans: [span(0, 1)] },
      { title: 'Answer', text: 'cde', spans: [span(2, 3, { field: 'response' })] },
    ])
  })

  test('the modified text belongs to the answer if there is one, else to the text', () => {
    const changed = reply({ decision: 'modify', text: '[X]' })
    expect(textsOf({ ...row, prompt: 'ab' }, changed)).toEqual([
      { title: 'Text', text: 'ab', spans: [], modified: '[X]' },
    ])
    const [prompt, answer] = textsOf({ ...row, prompt: 'ab', response: 'cd' }, changed)
    expect([prompt?.modified, answer?.modified]).toEqual([undefined, '[X]'])
  })

  test('the policy’s words of a refusal are not a modified text', () => {
    const [text] = textsOf({ ...row, prompt: 'ab' }, reply({ decision: 'refuse', text: 'No.' }))
    expect(text?.modified).toBeUndefined()
  })

  test('the stage names the text', () => {
    expect(textsOf({ ...row, prompt: 'ab', stage: 'retrieval' }, reply({}))[0]?.title).toBe('Document')
    expect(textsOf({ ...row, prompt: 'ab', stage: 'tool_result' }, reply({}))[0]?.title).toBe('Tool result')
  })
})

test('texts of a conversation have the spans and the change of their message', () => {
  const messages = [
    { role: 'system', content: 'be kind' },
    { role: 'user', content: 'ab' },
    { role: 'user', content: '' },
  ]
  const told = reply({
    decision: 'modify',
    spans: [span(0, 1, { message: 1 })],
    messages: [
      { role: 'system', content: 'be kind' },
      { role: 'user', content: '[X]b' },
      { role: 'user', content: '' },
    ],
  })
  expect(textsOf({ kind: 'conversation', messages }, told)).toEqual([
    { title: 'Message 1, system', text: 'be kind', spans: [] },
    { title: 'Message 2, user', text: 'ab', spans: [span(0, 1, { message: 1 })], modified: '[X]b' },
  ])
})

test('texts of a record: fields, messages, parts, tool calls', () => {
  expect(recordedTexts({ prompt: 'a', response: null, system: 's' }).map(({ title, text }) => [title, text])).toEqual([
    ['Text', 'a'],
    ['System prompt', 's'],
  ])
  const messages = [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'look' },
        { type: 'media', mediaType: 'image/png', source: '' },
      ],
    },
    { role: 'assistant', content: '', toolCalls: [{ id: '1', name: 'find', input: '{"q":1}' }] },
    { role: 'user', content: '' },
  ] as const
  expect(recordedTexts({ messages }).map(({ title, text }) => [title, text])).toEqual([
    ['Message 1, user', 'look\n(image/png)'],
    ['Message 2, assistant', 'find({"q":1})'],
  ])
})

test('texts of a record: what the model answered stands behind what it was asked', () => {
  const messages = [{ role: 'user', content: 'How?' }] as const
  const answers = [{ role: 'assistant', content: 'Like this.', reasoning: 'Easy.' }] as const
  expect(recordedTexts({ messages, answers }).map(({ title, text }) => [title, text])).toEqual([
    ['Message 1, user', 'How?'],
    ['Answer', 'Easy.\nLike this.'],
  ])
  const two = recordedTexts({ answers: [...answers, ...answers] })
  expect(two.map(({ title }) => title)).toEqual(['Answer 1', 'Answer 2'])
})

test('words are found wherever they stand, overlaps as one', () => {
  expect(occurrencesIn('aba aba', ['ab', 'ba'])).toEqual([
    { start: 0, end: 3 },
    { start: 4, end: 7 },
  ])
  expect(occurrencesIn('abc', ['', 'x'])).toEqual([])
})

test('places in words', () => {
  expect(placeOf(span(3, 9))).toBe('text, 3–9')
  expect(placeOf(span(3, 9, { field: 'response' }))).toBe('answer, 3–9')
  expect(placeOf(span(3, 9, { message: 1 }))).toBe('message 2, 3–9')
})

describe('what was changed', () => {
  const change = (original: string, modified: string, spans: readonly Span[]): readonly string[] =>
    changesIn(modified, original, spans).map(({ start, end }) => modified.slice(start, end))

  test('is what stands in the place of the spans', () => {
    expect(change('mail a@b now', 'mail [EMAIL] now', [span(5, 8)])).toEqual(['[EMAIL]'])
    expect(change('a@b and c@d', '[E] and [E]', [span(0, 3), span(8, 11)])).toEqual(['[E]', '[E]'])
    expect(change('a@b', '', [span(0, 3)])).toEqual([''])
    expect(change('xaay', 'x[A]y', [span(1, 2), span(2, 3)])).toEqual(['[A]'])
  })

  test('is nothing where a span was left as it was, or where more was changed than the spans', () => {
    expect(change('keep a@b', 'keep a@b', [span(5, 8)])).toEqual([])
    expect(change('keep a@b', 'KEEP [E]', [span(5, 8)])).toEqual([])
    expect(change('a@b tail', '[E] other', [span(0, 3)])).toEqual([])
    expect(change('a@b', '[E]', [])).toEqual([])
  })

  test('is found wherever the spans lie and whatever they became', () => {
    const part = fc.record({
      keep: fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 5 }),
      cut: fc.string({ minLength: 1, maxLength: 3 }),
    })
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
        let original = ''
        let modified = ''
        const spans: Span[] = []
        for (const { keep, cut } of parts) {
          original += `${keep}-`
          modified += `${keep}-`
          spans.push(span(original.length, original.length + cut.length))
          original += cut
          modified += '#'
        }
        const expected = spans.flatMap(({ start, end }) => (original.slice(start, end) === '#' ? [] : '#'))
        expect(change(original, modified, spans)).toEqual(expected)
      }),
    )
  })
})
