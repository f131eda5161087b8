/**
 * Validates a value by JSON Schema (ajv) and says what is wrong in words that hold nothing of the value.
 *
 * Drafts 07 and 2020-12. Patterns inside a schema run in linear time; `format` is not checked. Paths name only keys that the
 * schema itself names.
 */
import type { ErrorObject, Options, ValidateFunction } from 'ajv'
import { ParapetError } from '../../spec/index.ts'
import { compileLinearTest } from '../rules/linear-pattern.ts'

/** What is wrong with a value; empty when nothing is. */
export type Validate = (value: unknown, size: number) => readonly string[] | Promise<readonly string[]>

/** Larger values are judged up to their first mistake only. */
const LARGEST_FOR_ALL_ERRORS = 65_536
/** Annotations that are common in schemas and mean nothing to a validator. */
const ANNOTATIONS = ['example', 'discriminator', 'xml', 'externalDocs', 'strict']

/** Compiles a schema. Rejects with `policy_invalid` when the schema is wrong. */
export async function jsonSchemaValidator(guard: string, schema: Readonly<Record<string, unknown>>): Promise<Validate> {
  const dialect = typeof schema['$schema'] === 'string' ? schema['$schema'] : ''
  const compile = /draft-0[67]/.test(dialect) ? await draft07() : await draft2020()
  const known = namesIn(schema)
  try {
    const quick = compile(schema, optionsFor(guard, false))
    const thorough = compile(schema, optionsFor(guard, true))
    return (value, size) => run(size > LARGEST_FOR_ALL_ERRORS ? quick : thorough, value, known)
  } catch (cause) {
    if (ParapetError.isInstance(cause)) throw cause
    const why = cause instanceof Error ? cause.message : 'it cannot be compiled'
    throw new ParapetError(
      'policy_invalid',
      `guards.${guard}.schema: ${why}. Correct the schema; a keyword that is not JSON Schema belongs under \`$comment\`.`,
      { cause },
    )
  }
}

type Compile = (schema: Readonly<Record<string, unknown>>, options: Options) => ValidateFunction

async function draft2020(): Promise<Compile> {
  const { Ajv2020 } = await import('ajv/dist/2020.js')
  return (schema, options) => new Ajv2020(options).addVocabulary(ANNOTATIONS).compile(schema)
}

async function draft07(): Promise<Compile> {
  const { Ajv } = await import('ajv')
  return (schema, options) => new Ajv(options).addVocabulary(ANNOTATIONS).compile(schema)
}

function optionsFor(guard: string, allErrors: boolean): Options {
  const compile = (source: string): { test(text: string): boolean; toString(): string } => ({
    ...compileLinearTest(source, `guards.${guard}.schema`),
    // Ajv tells patterns apart by their string form.
    toString: () => source,
  })
  const regExp = Object.assign(compile, { code: 'linear' })
  return {
    allErrors,
    strict: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    validateFormats: false,
    logger: false,
    code: { regExp },
  }
}

function run(validate: ValidateFunction, value: unknown, known: ReadonlySet<string>): readonly string[] {
  try {
    if (validate(value) === true) return []
  } catch (cause) {
    if (cause instanceof RangeError) return ['the value is nested too deeply']
    throw cause
  }
  const messages = (validate.errors ?? []).map((error) => describe(error, known))
  return [...new Set(messages)]
}

function describe(error: ErrorObject, known: ReadonlySet<string>): string {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((segment) => (known.has(segment) || /^\d{1,9}$/.test(segment) ? segment : '*'))
    .join('.')
  const allowed: unknown =
    error.keyword === 'enum'
      ? error.params['allowedValues']
      : error.keyword === 'const'
        ? error.params['allowedValue']
        : undefined
  const expected = allowed === undefined ? '' : ` (${JSON.stringify(allowed).slice(0, 200)})`
  return `${path === '' ? 'the value' : path} ${error.message ?? 'is wrong'}${expected}`
}

/** Every property name a schema mentions. */
function namesIn(schema: unknown): ReadonlySet<string> {
  const names = new Set<string>()
  const waiting: unknown[] = [schema]
  const seen = new Set<unknown>()
  while (waiting.length > 0) {
    const next = waiting.pop()
    if (typeof next !== 'object' || next === null || seen.has(next)) continue
    seen.add(next)
    for (const [key, value] of Object.entries(next)) {
      names.add(key)
      waiting.push(value)
    }
  }
  return names
}
