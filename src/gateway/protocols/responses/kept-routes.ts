/**
 * What can be asked of kept responses and conversations. All of it was judged when it was kept; nothing is fetched from the model
 * server, and what is not kept here is a 404.
 */
import type { ConversationRequest, ItemListBody, JsonObject } from '../../../contract/index.ts'
import { conversationRequestSchema } from '../../../contract/index.ts'
import { ParapetError } from '../../../spec/index.ts'
import { jsonReply } from '../../answer/errors.ts'
import type { GatewayContext } from '../../context.ts'
import type { Reply } from '../../http/exchange.ts'
import type { RouteCall } from '../../http/router.ts'
import { callerOf } from '../../request/caller.ts'
import { readJsonBody } from '../../request/read-body.ts'
import { parseBody } from '../parse-body.ts'
import type { KeptConversation, Owner, ResponseState } from './state.ts'

/** Whose conversations a request may go on with. */
export function ownerOf({ request, access }: RouteCall, user?: string): Owner {
  const caller = callerOf(request.header, access, user)
  return { space: JSON.stringify([caller.key ?? null, caller.application ?? null]), user: caller.user ?? null }
}

/** `GET /v1/responses/:id` */
export function answerKept(call: RouteCall, state: ResponseState): Reply {
  if (/(?:^|&)stream=(?!false(?:&|$))/.test(call.request.query))
    throw new ParapetError('input_invalid', 'A kept response does not come as a stream; ask without `stream`.', {
      details: { param: 'stream' },
    })
  return jsonReply(turnOf(call, state).response, 200)
}

/** `GET /v1/responses/:id/input_items` */
export function answerInputItems(call: RouteCall, state: ResponseState): Reply {
  const { id, input } = turnOf(call, state)
  return jsonReply(itemList(input, id, call.request.query), 200)
}

/** `POST /v1/conversations` */
export async function createConversation(
  call: RouteCall,
  context: GatewayContext,
  state: ResponseState,
): Promise<Reply> {
  const body = await readJsonBody(call.request, { limit: context.limits.body, strictUnicode: true })
  const { items, metadata } = parseBody<ConversationRequest>(conversationRequestSchema, body)
  const conversation: KeptConversation = {
    id: `conv_${crypto.randomUUID().replaceAll('-', '')}`,
    createdAt: Math.floor(context.now() / 1000),
    metadata: metadata ?? {},
    items: items ?? [],
  }
  const owner = ownerOf(call)
  state.keepConversation(owner, conversation)
  if (state.conversation(owner, conversation.id) === null)
    throw new ParapetError('input_too_large', 'The conversation is larger than what is kept here.', {
      details: { param: 'items' },
    })
  return jsonReply(conversationBody(conversation), 200)
}

/** `GET /v1/conversations/:id` */
export function answerConversation(call: RouteCall, state: ResponseState): Reply {
  return jsonReply(conversationBody(conversationOf(call, state)), 200)
}

/** `DELETE /v1/conversations/:id` */
export function deleteConversation(call: RouteCall, state: ResponseState): Reply {
  const { id } = conversationOf(call, state)
  state.forgetConversation(ownerOf(call), id)
  return jsonReply({ id, object: 'conversation.deleted', deleted: true }, 200)
}

/** `GET /v1/conversations/:id/items` */
export function answerConversationItems(call: RouteCall, state: ResponseState): Reply {
  const { id, items } = conversationOf(call, state)
  return jsonReply(itemList(items, id, call.request.query), 200)
}

function turnOf(call: RouteCall, state: ResponseState): ReturnType<ResponseState['turn']> & object {
  const turn = state.turn(ownerOf(call), call.params['id'] ?? '')
  if (turn !== null) return turn
  throw new ParapetError(
    'not_found',
    'No such response is kept here for this API key and user. What the model server keeps is not passed on unjudged.',
  )
}

function conversationOf(call: RouteCall, state: ResponseState): KeptConversation {
  const conversation = state.conversation(ownerOf(call), call.params['id'] ?? '')
  if (conversation !== null) return conversation
  throw new ParapetError('not_found', 'No such conversation is kept here for this API key and user.')
}

function conversationBody({ id, createdAt, metadata }: KeptConversation): JsonObject {
  return { id, object: 'conversation', created_at: createdAt, metadata }
}

const MOST = 100
const USUAL = 20

/** A page of items, newest first unless asked otherwise. Items without an id get one that means something only here. */
function itemList(items: readonly JsonObject[], holder: string, query: string): ItemListBody {
  const asked = new URLSearchParams(query)
  const limit = Number(asked.get('limit') ?? USUAL)
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST)
    throw new ParapetError('input_invalid', `\`limit\` must be a number from 1 to ${MOST}.`, {
      details: { param: 'limit' },
    })
  const named = items.map((item, index): JsonObject & { readonly id: string } => ({
    type: 'message',
    ...item,
    id: typeof item['id'] === 'string' ? item['id'] : `${holder}_${index}`,
  }))
  const ordered = asked.get('order') === 'asc' ? named : named.toReversed()
  const after = asked.get('after')
  const start = after === null ? 0 : ordered.findIndex(({ id }) => id === after) + 1
  const data = ordered.slice(start, start + limit)
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: start + limit < ordered.length,
  }
}
