/** Checks a body against a schema and says which field is wrong. The body itself is kept, unknown fields included. */
import type { ZodType } from 'zod'
import type { JsonObject } from '../../contract/index.ts'
import { firstIssue } from '../../contract/index.ts'
import { ParapetError } from '../../spec/index.ts'

/** The body as it came, when the schema accepts it. Throws `input_invalid` with the field. */
export function parseBody<T extends JsonObject>(schema: ZodType<unknown>, body: JsonObject): T {
  const checked = schema.safeParse(body)
  if (checked.success) return body as T
  const { param, message } = firstIssue(checked.error)
  throw new ParapetError('input_invalid', message, { details: { param } })
}
