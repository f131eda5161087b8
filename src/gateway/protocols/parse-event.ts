/** The data of a server-sent event, or the text of an answer, as a JSON object. */
import type { JsonObject } from '../../contract/index.ts'
import { isJsonObject } from '../../contract/index.ts'
import { upstreamError } from '../upstream/failure.ts'

/** Throws `upstream_error`; the text itself is never quoted. */
export function parseEvent(text: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw upstreamError('The model server sent something that is not JSON.')
  }
  if (!isJsonObject(value)) throw upstreamError('The model server sent something that is not a JSON object.')
  return value
}
