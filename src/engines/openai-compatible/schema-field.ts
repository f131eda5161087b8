/**
 * A JSON Schema as each server wants to be told it. The schema itself stays as it is, except for OpenAI's strict mode, which refuses
 * keywords it does not know.
 */
import type { SchemaField } from './options.ts'
import { isRecord } from './wire.ts'

type Schema = Readonly<Record<string, unknown>>

/** Fields to put into a request body. */
export function schemaFields(field: SchemaField, schema: Schema | undefined): Readonly<Record<string, unknown>> {
  if (schema === undefined) return {}
  switch (field) {
    case 'response_format':
      return {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'answer', strict: true, schema: strictSchema(schema) },
        },
      }
    case 'structured_outputs':
      return { structured_outputs: { json: schema } }
    case 'guided_json':
      return { guided_json: schema }
    case 'json_schema':
      return { json_schema: schema }
    case 'format':
      return { format: schema }
    case 'none':
      return {}
  }
}

/** Lengths of texts, which OpenAI's structured outputs do not know. */
const NOT_STRICT: ReadonlySet<string> = new Set(['minLength', 'maxLength'])

/** A schema without the keywords that strict modes refuse. Whoever reads the answer checks them all the same. */
export function strictSchema(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strictSchema)
  if (!isRecord(value)) return value
  const kept = Object.entries(value).flatMap(([key, item]) => (NOT_STRICT.has(key) ? [] : [[key, strictSchema(item)]]))
  const { enum: values, type } = value
  // Every part of a strict schema has a type.
  const typed = type === undefined && Array.isArray(values) && values.every((item) => typeof item === 'string')
  return { ...Object.fromEntries(kept), ...(typed ? { type: 'string' } : {}) }
}
