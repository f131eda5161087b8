/**
 * Validates a value by any validator that follows Standard Schema v1 (zod, valibot, arktype and others).
 *
 * The validators' own messages may repeat what they were given; quoted words that stand in the answer are left out.
 */
import type { Validate } from './json-schema.ts'

/** Any validator that follows Standard Schema v1. */
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

const QUOTED = /"[^"]{1,200}"|'[^']{1,200}'|`[^`]{1,200}`/g
const PLAIN_KEY = /^(?:\d{1,9}|[A-Za-z_][A-Za-z0-9_-]{0,40})$/
const LONGEST_MESSAGE = 200

/** Wraps a validator. */
export function standardSchemaValidator(schema: StandardSchema): Validate {
  return async (value) => {
    const { issues = [] } = await schema['~standard'].validate(value)
    if (issues.length === 0) return []
    const text = JSON.stringify(value) ?? ''
    return issues.map(({ message, path = [] }) => {
      const keys = path.map(keyOf).join('.')
      const words = message.replace(QUOTED, (quoted) => (text.includes(quoted.slice(1, -1)) ? '…' : quoted))
      return `${keys === '' ? 'the value' : keys}: ${words.slice(0, LONGEST_MESSAGE)}`
    })
  }
}

/** A path segment is a key, or an object with one. */
function keyOf(segment: unknown): string {
  const key: unknown = typeof segment === 'object' && segment !== null && 'key' in segment ? segment.key : segment
  const text = String(key)
  return PLAIN_KEY.test(text) ? text : '*'
}
