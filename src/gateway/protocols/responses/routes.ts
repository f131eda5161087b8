/**
 * Every path of the Responses API that answers here: asking, and what is kept of the answers. Deleting a response and cancelling one
 * are not here: what the model server keeps is not the gateway's to delete, and nothing runs in the background.
 */
import { userOf } from './request.ts'
import type { GatewayContext } from '../../context.ts'
import type { Handler, Route } from '../../http/router.ts'
import { answerModel } from '../../model-route.ts'
import {
  answerConversation,
  answerConversationItems,
  answerInputItems,
  answerKept,
  createConversation,
  deleteConversation,
  ownerOf,
} from './kept-routes.ts'
import { createResponses } from './protocol.ts'
import type { ResponseState } from './state.ts'
import { createResponseState } from './state.ts'

/** @param state null: nothing is kept, and only the first path is there */
export function responseRoutes(
  context: GatewayContext,
  state: ResponseState | null = createResponseState({ now: context.now }),
): readonly Route[] {
  const ask: Handler = (call) => {
    const protocol = createResponses((body) => (state === null ? null : { state, owner: ownerOf(call, userOf(body)) }))
    return answerModel(call, context, protocol)
  }
  const asking: Route = {
    kind: 'model',
    path: '/v1/responses',
    methods: { POST: ask },
    access: 'caller',
    limited: true,
  }
  if (state === null) return [asking]
  const kept = (path: string, methods: Route['methods'], limited = false): Route => {
    return { kind: 'own', path, methods, access: 'caller', limited }
  }
  return [
    asking,
    kept('/v1/responses/:id', { GET: (call) => answerKept(call, state) }),
    kept('/v1/responses/:id/input_items', { GET: (call) => answerInputItems(call, state) }),
    kept('/v1/conversations', { POST: (call) => createConversation(call, context, state) }, true),
    kept('/v1/conversations/:id', {
      GET: (call) => answerConversation(call, state),
      DELETE: (call) => deleteConversation(call, state),
    }),
    kept('/v1/conversations/:id/items', { GET: (call) => answerConversationItems(call, state) }),
  ]
}
