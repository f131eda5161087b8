import { describe, expect, test } from 'vitest'
import type { CheckResult } from '../spec/check.ts'
import { errorRow, parseLine, toRow } from './row.ts'

const line = (text: string): Uint8Array => new TextEncoder().encode(text)

function message(text: string): string {
  const parsed = parseLine(line(text))
  return parsed.ok ? 'ok' : (parsed.row.error?.message ?? '')
}

describe('parseLine', () => {
  test('reads the five keys and nothing else', () => {
    const parsed = parseLine(
      line(
        '{"prompt":"p","response":"r","system":"s","stage":"tool_result","id":"7","messages":[],"caller":{"user":"u"}}',
      ),
    )
    expect(parsed).toEqual({
      ok: true,
      id: '7',
      input: { id: '7', prompt: 'p', response: 'r', system: 's', stage: 'tool_result' },
    })
  })

  test('treats null as not given', () => {
    expect(parseLine(line('{"prompt":"p","response":null,"system":null,"stage":null,"id":null}'))).toEqual({
      ok: true,
      id: undefined,
      input: { prompt: 'p' },
    })
  })

  test('lets the prompt be empty when there is a response', () => {
    expect(parseLine(line('{"prompt":"","response":"r"}'))).toMatchObject({
      ok: true,
      input: { prompt: '', response: 'r' },
    })
    expect(message('{"prompt":""}')).toContain('`prompt`')
    expect(message('{}')).toContain('`prompt`')
  })

  test.each([
    ['{"prompt":5}', 'prompt'],
    ['{"prompt":"p","response":[]}', 'response'],
    ['{"prompt":"p","system":{}}', 'system'],
    ['{"prompt":"p","stage":"tool_call"}', 'stage'],
    ['{"prompt":"p","id":[]}', 'id'],
  ])('names the field of a type error: %s', (text, field) => {
    expect(message(text)).toContain(`\`${field}\``)
  })

  test('keeps the id of a row it cannot judge', () => {
    expect(parseLine(line('{"id":"a","prompt":1}'))).toMatchObject({ row: { id: 'a', decision: 'error' } })
  })

  test('gives a numeric id back as a number', () => {
    const parsed = parseLine(line('{"id":12,"prompt":"p"}'))
    expect(parsed).toMatchObject({ ok: true, id: 12, input: { id: '12' } })
  })

  test.each(['', '   ', '\uFEFF', '[]', '"text"', 'null', '{"prompt":', 'no json'])(
    'turns %j into an error row',
    (text) => {
      const parsed = parseLine(line(text))
      expect(parsed).toMatchObject({ ok: false, row: { decision: 'error', error: { code: 'input_invalid' } } })
    },
  )

  test('never quotes the line', () => {
    expect(message('swordfish')).not.toContain('swordfish')
    expect(message('{"prompt":"p","stage":"swordfish"}')).not.toContain('swordfish')
  })

  test('rejects bytes that are not UTF-8 and lines that are too long', () => {
    expect(parseLine(Uint8Array.of(0x7b, 0xff, 0x7d))).toMatchObject({ row: { error: { code: 'input_invalid' } } })
    expect(parseLine(null)).toMatchObject({ row: { error: { code: 'input_too_large' } } })
  })
})

describe('toRow', () => {
  test('writes exactly the documented keys in their order', () => {
    const result: CheckResult = {
      decisionId: 'd',
      policyVersion: 'v',
      guards: [],
      shadowDecision: 'pass',
      exceptions: [],
      warnings: [],
      ms: 1.5,
      error: null,
      spans: [],
      categories: { S1: 0.1 },
      scores: { toxicity: null, injection: 0.25, refusal: null, response_harm: null, prompt_harm: 0.125 },
      text: 't',
      decision: 'modify',
      id: 'x',
    }
    expect(JSON.stringify(toRow(result))).toBe(
      '{"id":"x","decision":"modify","text":"t","scores":{"prompt_harm":0.125,"response_harm":null,"refusal":null,' +
        '"injection":0.25,"toxicity":null},"categories":{"S1":0.1},"spans":[],"error":null,"ms":1.5}',
    )
  })

  test('has the same keys for an error', () => {
    expect(Object.keys(errorRow(undefined, 'input_invalid', 'm'))).toEqual([
      'decision',
      'scores',
      'categories',
      'spans',
      'error',
      'ms',
    ])
  })
})
