import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createTextView } from '../../core/text/index.ts'
import type { Finding } from '../../spec/index.ts'
import { type StructuredGuardOptions, createStructuredGuard } from './index.ts'

const SCHEMA = {
  type: 'object',
  properties: {
    name: { type: 'string', pattern: '^[A-Z][a-z]+$' },
    age: { type: 'integer', minimum: 0 },
    colour: { enum: ['red', 'green'] },
    tags: { type: 'array', items: { type: 'string' } },
  },
  required: ['name', 'age'],
  additionalProperties: false,
}

async function find(options: StructuredGuardOptions, text: string): Promise<readonly Finding[]> {
  const guard = await createStructuredGuard(options)
  const report = await guard.check({
    stage: 'output',
    field: 'response',
    text: createTextView(text),
    caller: {},
    signal: new AbortController().signal,
  })
  return report.findings
}

async function reason(options: StructuredGuardOptions, text: string): Promise<string> {
  const findings = await find(options, text)
  expect(findings).toMatchObject([{ label: 'structured.invalid', score: 1, action: options.action ?? 'retry' }])
  return findings[0]?.reason ?? ''
}

describe('JSON Schema', () => {
  test('a valid answer passes, bare or in a fence', async () => {
    const json = '{"name":"Ada","age":36,"tags":["a"]}'
    for (const text of [
      json,
      ` \ufeff${json}\n`,
      `\`\`\`json\n${json}\n\`\`\``,
      `Here it is:\n\`\`\`\n${json}\n\`\`\`\nBye`,
    ]) {
      expect(await find({ schema: SCHEMA }, text)).toEqual([])
    }
  })

  test('every mistake is told, with its path and what is expected', async () => {
    const told = await reason({ schema: SCHEMA }, '{"name":"ada","age":-1,"colour":"blue","tags":["a",2]}')
    expect(told).toContain('name must match pattern "^[A-Z][a-z]+$"')
    expect(told).toContain('age must be >= 0')
    expect(told).toContain('colour must be equal to one of the allowed values (["red","green"])')
    expect(told).toContain('tags.1 must be string')
  })

  test('nothing of the answer is repeated', async () => {
    const told = await reason(
      { schema: SCHEMA },
      '{"name":"hunter2","age":"hunter2","hunter2":"hunter2","colour":"hunter2"}',
    )
    expect(told).not.toContain('hunter2')
    const nested = {
      type: 'object',
      additionalProperties: { type: 'object', additionalProperties: { type: 'number' } },
    }
    expect(await reason({ schema: nested }, '{"hunter2":{"hunter3":"x"}}')).toContain('*.* must be number')
  })

  test('what is no JSON is sent back', async () => {
    expect(await reason({ schema: SCHEMA }, 'Sorry, no.')).toContain('not valid JSON')
    expect(await reason({ schema: SCHEMA }, '')).toContain('JSON value only')
    expect(await reason({ schema: SCHEMA, allowFences: false }, '```\n{}\n```')).toContain('without any text')
    expect(await reason({ schema: SCHEMA, action: 'block' }, '{"name":')).toContain('not valid JSON')
  })

  test('an answer can be cut down to the JSON in its fence', async () => {
    const json = '{"name":"Ada","age":36}'
    const text = `Sure!\n\`\`\`json\n${json}\n\`\`\``
    expect(await find({ schema: SCHEMA, repair: 'fences' }, text)).toMatchObject([
      { label: 'structured.fenced', action: 'modify', replacement: json, span: { start: 0, end: text.length } },
    ])
    expect(await find({ schema: SCHEMA, repair: 'fences' }, json)).toEqual([])
  })

  test('a pattern that would hang a backtracking engine does not', async () => {
    const schema = { type: 'string', pattern: '^(a+)+$' }
    await reason({ schema }, JSON.stringify(`${'a'.repeat(20_000)}!`))
    expect(await find({ schema }, JSON.stringify('a'.repeat(20_000)))).toEqual([])
  })

  test('recursive schemas and deep values are safe', async () => {
    const schema = { $defs: { node: { type: 'array', items: { $ref: '#/$defs/node' } } }, $ref: '#/$defs/node' }
    expect(await find({ schema }, '[[],[[]]]')).toEqual([])
    expect(await reason({ schema }, `${'['.repeat(200_000)}1${']'.repeat(200_000)}`)).not.toBe('')
  })

  test('draft 07 schemas are read as such', async () => {
    const schema = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'array',
      items: [{ type: 'string' }],
      additionalItems: false,
    }
    expect(await find({ schema }, '["a"]')).toEqual([])
    expect(await reason({ schema }, '["a","b"]')).toContain('must NOT have more than 1 items')
  })

  test.each([
    ['a wrong type', { type: 'objekt' }],
    ['a misspelt keyword', { type: 'object', propertys: {} }],
    ['a pattern with look-ahead', { type: 'string', pattern: '^(?=a)' }],
    ['a reference to nothing', { $ref: '#/$defs/none' }],
  ])('%s is refused', async (_, schema) => {
    await expect(createStructuredGuard({ id: 'form', schema })).rejects.toMatchObject({
      code: 'policy_invalid',
      message: expect.stringContaining('guards.form.schema'),
    })
  })

  test('a guard without a schema is refused', async () => {
    await expect(createStructuredGuard({})).rejects.toMatchObject({ code: 'policy_invalid' })
  })
})

test('Standard Schema', async () => {
  const standardSchema = z.strictObject({ name: z.string(), age: z.number().min(0) })
  expect(await find({ standardSchema }, '{"name":"Ada","age":1}')).toEqual([])
  const told = await reason({ standardSchema }, '{"name":3,"age":-1,"hunter2":1}')
  expect(told).toContain('name: ')
  expect(told).not.toContain('hunter2')
})
