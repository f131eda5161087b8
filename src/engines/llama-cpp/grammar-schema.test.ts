import { describe, expect, test } from 'vitest'
import { grammarSchema } from './grammar-schema.ts'

describe('a schema for a grammar', () => {
  test('keeps the form and leaves out what only narrows values', () => {
    const schema = {
      type: 'object',
      properties: {
        label: { enum: ['violation', 'no_violation'], description: 'first' },
        clauses: { type: 'array', items: { enum: ['P1'] }, maxItems: 1, uniqueItems: true },
        confidence: { type: 'number', minimum: 0, maximum: 1 },
        why: { anyOf: [{ type: 'string', maxLength: 9 }, { type: 'null' }] },
      },
      required: ['label'],
      additionalProperties: true,
    }
    expect(grammarSchema(schema)).toEqual({
      type: 'object',
      properties: {
        label: { enum: ['violation', 'no_violation'] },
        clauses: { type: 'array', items: { enum: ['P1'] }, maxItems: 1 },
        confidence: { type: 'number' },
        why: { oneOf: [{ type: 'string', maxLength: 9 }, { type: 'null' }] },
      },
      additionalProperties: false,
    })
    expect(grammarSchema({ type: ['string', 'null'] })).toEqual({ type: ['string', 'null'] })
  })

  const deep = Array.from({ length: 40 }).reduce<object>((items) => ({ type: 'array', items }), { type: 'null' })
  test.each<readonly [string, unknown]>([
    ['nothing', {}],
    ['a truth value', true],
    ['a list', []],
    ['allOf', { allOf: [{ type: 'string' }] }],
    ['a reference', { $ref: '#/$defs/x' }],
    ['an unknown type', { type: 'date' }],
    ['no alternatives', { anyOf: [] }],
    ['values that are no scalars', { enum: [{}] }],
    ['properties that are no schemas', { type: 'object', properties: { a: 1 } }],
    ['a schema nested without end', deep],
  ])('%s is refused, not taken for something else', (_what, schema) => {
    expect(() => grammarSchema(schema)).toThrow(expect.objectContaining({ code: 'configuration' }))
  })
})
