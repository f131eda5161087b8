/**
 * Structured output: an answer that must be JSON of a given form. What is wrong becomes feedback for a retry.
 *
 * The whole answer is needed, so there is no stream session. Patterns inside a schema are matched in linear time.
 */
import type { Action, Guard, GuardReport, Stage } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { compileLinearTest } from '../rules/linear-pattern.ts'

/** Any validator that follows Standard Schema v1 (zod, valibot, arktype and others). */
export interface StandardSchema {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    validate(value: unknown): StandardResult | Promise<StandardResult>
  }
}

interface StandardResult {
  readonly issues?: readonly { readonly message: string; readonly path?: readonly unknown[] | undefined }[] | undefined
}

export interface StructuredGuardOptions {
  readonly id?: string
  /** JSON Schema, draft 07 or 2020-12 vocabulary. */
  readonly schema?: Readonly<Record<string, unknown>>
  /** Instead of `schema`. */
  readonly standardSchema?: StandardSchema
  /** Accept JSON inside a Markdown fence. Default true. */
  readonly allowFences?: boolean
  /** Default `retry`. */
  readonly action?: Action
  readonly stages?: readonly Stage[]
}

/** Mistakes told to the model at once. */
const MOST_ISSUES = 8
const LONGEST_ANSWER = 4_000_000

type Validate = (value: unknown) => readonly string[] | Promise<readonly string[]>

/** Creates the guard; throws `policy_invalid` when the schema itself is wrong. */
export async function createStructuredGuard(options: StructuredGuardOptions): Promise<Guard> {
  const { id = 'structured', stages = ['output'], allowFences = true, action = 'retry' } = options
  const validate = await validatorOf(id, options)
  const invalid = (reason: string): GuardReport => ({ findings: [{ label: 'structured.invalid', score: 1, action, reason }] })
  return {
    specVersion: 'v1',
    id,
    version: `1:${allowFences}:${action}:${JSON.stringify(options.schema ?? null)}`,
    // A validator handed in as code may change without its text changing.
    cacheable: options.standardSchema === undefined,
    stages,
    async check({ text }) {
      const json = extractJson(text.original, allowFences)
      if (json === null) return invalid('Answer with JSON only, without any text around it.')
      let value: unknown
      try {
        value = JSON.parse(json)
      } catch {
        return invalid('The answer is not valid JSON. Answer with one JSON value and nothing else.')
      }
      const issues = await validate(value)
      return issues.length === 0 ? { findings: [] } : invalid(`The JSON does not have the form asked for: ${issues.slice(0, MOST_ISSUES).join('; ')}.`)
    },
  }
}

/** The JSON part of an answer, or null when there is something else around it. */
export function extractJson(text: string, allowFences: boolean): string | null {
  const trimmed = text.trim()
  if (trimmed.length > LONGEST_ANSWER) return null
  if (trimmed.startsWith('```')) {
    if (!allowFences || !trimmed.endsWith('```') || trimmed.length < 6) return null
    const line = trimmed.indexOf('\n')
    return line < 0 ? null : trimmed.slice(line + 1, -3).trim()
  }
  return trimmed === '' ? null : trimmed
}

async function validatorOf(id: string, { schema, standardSchema }: StructuredGuardOptions): Promise<Validate> {
  if (standardSchema !== undefined) {
    return async (value) => {
      const { issues = [] } = await standardSchema['~standard'].validate(value)
      return issues.map(({ message, path = [] }) => `${path.map(String).join('.') || 'the value'}: ${message}`)
    }
  }
  if (schema === undefined) throw new ParapetError('policy_invalid', `The guard ${id} needs a schema. Give one as JSON Schema.`)
  const { Ajv2020 } = await import('ajv/dist/2020.js')
  const linear = Object.assign((source: string) => compileLinearTest(source), { code: 'linear' })
  const ajv = new Ajv2020({ allErrors: false, strict: false, validateFormats: false, code: { regExp: linear as never } })
  try {
    const validate = ajv.compile(schema)
    return (value) => (validate(value) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath || 'the value'} ${message ?? 'is wrong'}`))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'it cannot be compiled'
    throw new ParapetError('policy_invalid', `The schema of the guard ${id} is wrong: ${why}. Correct it and try again.`, { cause })
  }
}
