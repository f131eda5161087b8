/**
 * A JSON Schema as `node-llama-cpp` reads one for its grammars. It knows a part of the standard and takes what it does not know for null,
 * so everything else is refused here. The grammar holds the form: what only narrows values (`minimum`, `pattern`, …) is left to whoever
 * reads the answer. Every property is written, in its order, and no other.
 */
import { ParapetError } from '../../spec/index.ts'

export type JsonSchema = Readonly<Record<string, unknown>>

const NARROWING: ReadonlySet<string> = new Set([
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'pattern', 'format', 'uniqueItems'],
  ...['required', 'additionalProperties', 'minProperties', 'maxProperties'],
  ...['title', 'description', 'default', 'examples', '$schema', '$id', '$comment', 'deprecated'],
])
const KEPT: ReadonlySet<string> = new Set(['minLength', 'maxLength', 'minItems', 'maxItems'])
const TYPES: readonly unknown[] = ['string', 'number', 'integer', 'boolean', 'null', 'object', 'array']
const DEEPEST = 32

/** Throws `configuration` for a schema that the grammar could not follow. */
export function grammarSchema(schema: unknown, depth = 0): JsonSchema {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema))
    throw unsupported('a schema that is no object')
  if (depth > DEEPEST) throw unsupported('a schema nested this deeply')
  const inner = (value: unknown): JsonSchema => grammarSchema(value, depth + 1)
  const grammar: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(schema)) {
    if (NARROWING.has(key)) continue
    if (key === 'properties') grammar[key] = mapped(value, inner)
    else if (key === 'items') grammar[key] = inner(value)
    else if (key === 'anyOf' || key === 'oneOf') grammar['oneOf'] = list(value, key).map(inner)
    else if (key === 'prefixItems') grammar[key] = list(value, key).map(inner)
    else if (key === 'enum' || key === 'const') grammar[key] = scalars(value, key)
    else if (key === 'type') grammar[key] = types(value)
    else if (KEPT.has(key)) grammar[key] = value
    else throw unsupported(`"${key.slice(0, 40)}"`)
  }
  if (!['type', 'enum', 'const', 'oneOf'].some((key) => Object.hasOwn(grammar, key)))
    throw unsupported('a schema without type, enum, const, oneOf or anyOf')
  return grammar['type'] === 'object' ? { ...grammar, additionalProperties: false } : grammar
}

function mapped(value: unknown, inner: (value: unknown) => JsonSchema): JsonSchema {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw unsupported('properties that are no object')
  return Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, inner(schema)]))
}

function list(value: unknown, key: string): readonly unknown[] {
  if (Array.isArray(value) && value.length > 0) return value
  throw unsupported(`${key} that is no list`)
}

function scalars(value: unknown, key: string): unknown {
  const values = key === 'enum' ? list(value, key) : [value]
  if (values.every((one) => one === null || typeof one !== 'object')) return value
  throw unsupported(`${key} with values that are no scalars`)
}

function types(value: unknown): unknown {
  const names = Array.isArray(value) ? list(value, 'type') : [value]
  if (names.every((name) => TYPES.includes(name))) return value
  throw unsupported('a type that is none')
}

function unsupported(what: string): ParapetError {
  return new ParapetError(
    'configuration',
    `The grammar of llama.cpp cannot hold a model to this JSON Schema: it has ${what}. Use type, properties, items, enum, const and anyOf.`,
  )
}
