import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { verdictFor } from '../judge-reading.ts'
import { judgeFormat } from './registry.ts'
import { parseJsonObject } from './strict-json.ts'

describe('one JSON object and nothing else', () => {
  test.each([
    ['{"a": 1}', { a: 1 }],
    ['```json\n{"a": "}"}\n```', { a: '}' }],
    ['```\n{"a": {"b": 1, "b": 2}}\n```', { a: { b: 2 } }],
    ['  {}\n', {}],
  ])('%j', (text, value) => {
    expect(parseJsonObject(text)).toEqual(value)
  })

  test.each([
    '',
    '[]',
    '"a"',
    'null',
    'Here: {"a": 1}',
    '{"a": 1} ok',
    '{"a": 1}{"b": 2}',
    "{'a': 1}",
    '{"a": 1,}',
    '{"a": 1, "a": 2}',
    '{"a": 1, "\\u0061": 2}',
    '```json {"a": 1}```',
    '{"a"',
  ])('%j is none', (text) => {
    expect(parseJsonObject(text)).toBeNull()
  })

  test('any object comes back, fenced or not', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.boolean(), (value, fence) => {
        const json = JSON.stringify(value)
        expect(JSON.stringify(parseJsonObject(fence ? `\`\`\`json\n${json}\n\`\`\`` : json))).toBe(json)
      }),
    )
  })
})

describe('NemoGuard', () => {
  const call = judgeFormat('nemoguard').ask({ prompt: 'x', response: 'y' })

  test('the prompt names both texts and the taxonomy', () => {
    const content = call.request.chat?.messages[0]?.content ?? ''
    expect(content).toContain('S1: Violence.\nS2: Sexual.\n')
    expect(content).toContain(
      'S23: Immoral/Unethical.\n<END UNSAFE CONTENT CATEGORIES>\n\n<BEGIN CONVERSATION>\n\nuser: x\n\nresponse: agent: y\n\n<END CONVERSATION>',
    )
    expect(content.endsWith('Output JSON:')).toBe(true)
  })

  test('ratings of both texts, categories by name or code', () => {
    const text = '{"User Safety": "unsafe", "Response Safety": "safe", "Safety Categories": "Violence, S9, Gossip"}'
    expect(call.parse(text)).toMatchObject({
      labels: { prompt_harm: true, response_harm: false },
      categories: [
        { id: 'S1', hazards: ['S1'] },
        { id: 'S9', hazards: ['S7'] },
      ],
      remarks: [{ kind: 'unknown_category', name: 'Gossip' }],
    })
  })

  test('an answer without the response’s rating says nothing of the response', () => {
    expect(verdictFor(call.parse('{"User Safety": "safe"}'), 'response_harm')).toBe('unparsable')
  })

  test.each([
    ['', 'empty'],
    ['User Safety: safe', 'not_json'],
    ['{"User Safety": "fine"}', 'no_label'],
    ['{"User Safety": true}', 'no_label'],
    ['{}', 'no_label'],
    ['{"User Safety": "safe", "Note": "x"}', 'wrong_fields'],
    ['{"User Safety": "unsafe", "User Safety": "safe"}', 'not_json'],
    ['{"User Safety": "unsafe", "Response Safety": "safe", "Safety Categories": ["Violence"]}', 'wrong_fields'],
  ])('%j is unparsable', (text, reason) => {
    expect(call.parse(text)).toMatchObject({ kind: 'unparsable', reason })
  })

  test('scores the text that is asked for', () => {
    const label = (token: string, unsafe: number): object => ({
      token,
      logprob: Math.log(1 - unsafe),
      alternatives: [{ token: 'unsafe', logprob: Math.log(unsafe) }],
    })
    const text = (token: string): object => ({ token, logprob: 0, alternatives: [] })
    const tokens = [
      text('{"User Safety'),
      text('": "'),
      label('safe', 0.1),
      text('", "Response Safety": "'),
      label('safe', 0.3),
      text('"}'),
    ]
    expect(call.score(tokens as Parameters<typeof call.score>[0])).toBeCloseTo(0.3, 12)
    expect(call.score(tokens as Parameters<typeof call.score>[0], 'prompt_harm')).toBeCloseTo(0.1, 12)
  })
})

describe('gpt-oss-safeguard', () => {
  const clauses = [
    { id: 'H2', title: 'Hate' },
    { id: 'H2.f', title: 'Dehumanising', hazards: ['S10'] },
  ]
  const call = judgeFormat('gpt-oss-safeguard', { clauses }).ask({ prompt: 'x' })
  const answer =
    '{"violation": 1, "policy_category": "H2.f", "rule_ids": ["H2", "H2.f"], "confidence": "high", "rationale": "So."}'

  test('the policy is the system message, the text the user message', () => {
    const [system, user] = call.request.chat?.messages ?? []
    expect(system?.content).toContain('### H2.f Dehumanising')
    expect(system?.content).not.toContain('Reasoning:')
    expect(user).toEqual({ role: 'user', content: 'x' })
    const high = judgeFormat('gpt-oss-safeguard', { reasoning: true }).ask({ prompt: 'x', response: 'y' })
    expect(high.request.chat?.messages[0]?.content).toContain('Reasoning: high')
    expect(high.request.chat?.messages[1]?.content).toMatch(/BEGIN RESPONSE\]\ny\n\[/)
  })

  test('the answer of the guide, with and without Harmony around it', () => {
    const expected = {
      labels: { prompt_harm: true },
      categories: [{ id: 'H2.f' }, { id: 'H2' }],
      critique: 'So.',
      confidence: 'high',
    }
    expect(call.parse(answer)).toMatchObject(expected)
    const harmony = `<|channel|>analysis<|message|>Let me see.<|end|><|start|>assistant<|channel|>final<|message|>${answer}<|return|>`
    expect(call.parse(harmony)).toMatchObject({ ...expected, reasoning: 'Let me see.' })
  })

  test.each([
    ['', 'empty'],
    ['1', 'not_json'],
    ['<|channel|>analysis<|message|>{"violation": 0}', 'unfinished'],
    ['{"violation": true}', 'no_label'],
    ['{"violation": 1, "policy_category": "H9"}', 'unknown_clause'],
    ['{"violation": 0, "policy_category": "H2"}', 'inconsistent'],
    ['{"violation": 0, "verdict": 1}', 'wrong_fields'],
  ])('%j is unparsable', (text, reason) => {
    expect(call.parse(text)).toMatchObject({ kind: 'unparsable', reason })
  })
})
