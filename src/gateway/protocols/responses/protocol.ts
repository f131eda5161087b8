/**
 * OpenAI's Responses API: `POST /v1/responses`. The parts are read and written by the files beside this one; here they are tied
 * together.
 */
import type { ErrorBody, JsonObject, ResponsesRequest } from '../../../contract/index.ts'
import { responsesRequestSchema } from '../../../contract/index.ts'
import { parseBody } from '../parse-body.ts'
import type { Protocol } from '../protocol.ts'
import type { KeptFor } from './request.ts'
import { readRequest } from './request.ts'

/** The interface over kept conversations. @param keptFor what is kept for whoever sent this request; null for nothing */
export function createResponses(keptFor: (body: ResponsesRequest) => KeptFor | null): Protocol {
  return {
    door: 'responses',
    path: '/v1/responses',
    endpoint: '/responses',
    auth: 'bearer',
    forwarded: ['openai-beta'],
    parse(json) {
      const body = parseBody<ResponsesRequest>(responsesRequestSchema, json)
      return readRequest(body, keptFor(body))
    },
    errorBody: (body) => body as ErrorBody & JsonObject,
  }
}

/** The interface without kept conversations: every request has to be sent in full. */
export const RESPONSES: Protocol = createResponses(() => null)
