/**
 * Structured output: an answer that must be JSON of a given form. What is wrong becomes feedback for a retry.
 *
 * The whole answer is needed, so there is no stream session. The feedback names paths and what is expected there, never what
 * the answer held.
 */
import { hashText } from '../../core/text/index.ts'
import type { Action, Finding, Guard, GuardReport, Stage } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { extractJson } from './extract-json.ts'
import { type Validate, jsonSchemaValidator } from './json-schema.ts'
import { type StandardSchema, standardSchemaValidator } from './standard-schema.ts'

export interface StructuredGuardOptions {
  readonly id?: string
  /** JSON Schema, draft 07 (when `$schema` says so) or 2020-12. */
  readonly schema?: Readonly<Record<string, unknown>>
  /** Instead of `schema`. */
  readonly standardSchema?: StandardSchema
  /** Accept JSON inside a Markdown fence, with or without words around it. Default true. */
  readonly allowFences?: boolean
  /** With `fences`, the answer is cut down to the JSON inside its fence (a finding `structured.fenced` that modifies). */
  readonly repair?: 'fences'
  /** Default `retry`. */
  readonly action?: Action
  /** Default `output`. */
  readonly stages?: readonly Stage[]
}

/** Mistakes told to the model at once. */
const MOST_ISSUES = 8
const LONGEST_ANSWER = 4_000_000

/** Creates the guard; rejects with `policy_invalid` when the schema itself is wrong. */
export async function createStructuredGuard(options: StructuredGuardOptions): Promise<Guard> {
  const { id = 'structured', stages = ['output'], action = 'retry', repair } = options
  const allowFences = (options.allowFences ?? true) || repair === 'fences'
  const validate = await validatorOf(id, options)
  const invalid = (reason: string): GuardReport => ({
    findings: [{ label: 'structured.invalid', score: 1, action, reason }],
  })
  return {
    specVersion: 'v1',
    id,
    version: hashText(JSON.stringify([allowFences, repair, action, options.schema ?? null])),
    // A validator handed in as code may change without its text changing.
    cacheable: options.standardSchema === undefined,
    stages,
    async check({ text, aside }) {
      // Reasoning and files beside an answer have no form to keep.
      if (aside !== undefined) return { findings: [] }
      const { original } = text
      if (original.length > LONGEST_ANSWER)
        return invalid(`The answer is longer than ${LONGEST_ANSWER} characters. Answer with less.`)
      const extracted = extractJson(original, allowFences)
      if (extracted === null) return invalid('Answer with one JSON value only, without any text around it.')
      let value: unknown
      try {
        value = JSON.parse(extracted.json)
      } catch {
        return invalid('The answer is not valid JSON. Answer with one JSON value and nothing else.')
      }
      const issues = await validate(value, extracted.json.length)
      if (issues.length > 0) return invalid(`The JSON does not have the form asked for: ${list(issues)}.`)
      return { findings: extracted.wrapped && repair === 'fences' ? [unwrapped(original, extracted.json)] : [] }
    },
  }
}

function unwrapped(text: string, json: string): Finding {
  return {
    label: 'structured.fenced',
    score: 1,
    action: 'modify',
    span: { start: 0, end: text.length },
    replacement: json,
    reason: 'The JSON stood in a Markdown fence.',
  }
}

function list(issues: readonly string[]): string {
  const shown = issues.slice(0, MOST_ISSUES).join('; ')
  return issues.length > MOST_ISSUES ? `${shown}; and ${issues.length - MOST_ISSUES} more` : shown
}

async function validatorOf(id: string, { schema, standardSchema }: StructuredGuardOptions): Promise<Validate> {
  if (standardSchema !== undefined) return standardSchemaValidator(standardSchema)
  if (schema !== undefined) return await jsonSchemaValidator(id, schema)
  throw new ParapetError('policy_invalid', `guards.${id}: there is no schema. Give \`schema\` as JSON Schema.`)
}
