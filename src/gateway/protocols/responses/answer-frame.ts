/** What begins and ends an answer, streamed or whole. */
import type { JsonObject } from '../../../contract/index.ts'
import { isJsonObject } from '../../../contract/index.ts'
import type { StreamPart } from '../../../spec/index.ts'
import { upstreamError } from '../../upstream/failure.ts'
import type { AnswerParts } from './answer-parts.ts'
import type { Hole, Path, TextHole } from './holes.ts'

/** The texts of the answer put together, where the server tells them so as well. */
export function sumOf(response: JsonObject, at: Path, holes: readonly Hole[]): readonly Hole[] {
  const original = response['output_text']
  if (typeof original !== 'string' || original === '') return []
  const texts = holes.filter((hole): hole is TextHole => hole.kind === 'text' && hole.form === 'answer')
  return [{ kind: 'sum', path: [...at, 'output_text'], original, texts }]
}

/** Begins every answer. */
export const BEGIN: StreamPart = { type: 'other', raw: { kind: 'begin' } }

/** Ends of the choices in which texts were judged that grew at the same time as others. */
export function endings(answer: AnswerParts): readonly StreamPart[] {
  return answer.extraChoices().map((choice) => ({ type: 'finish', choice, reason: 'stop', raw: { kind: 'close' } }))
}

/** The error for a response that failed at the model server. */
export function failureOf(response: JsonObject): Error {
  const error = isJsonObject(response['error']) ? response['error'] : {}
  // Told as such, so that clients wait before they ask again.
  const details = error['code'] === 'rate_limit_exceeded' ? { status: 429 } : {}
  return upstreamError('The model server reported that the response failed.', details)
}
