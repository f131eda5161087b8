/**
 * What was decided, over HTTP: pages, one decision, the live feed, feedback, reviews, export, deletion by user.
 *
 * A caller's key sees the decisions made for it, an operator's all. Captured texts are an operator's to see; a caller sees the text
 * of its own held answer once that was approved, and of nothing else: what was stopped must not come out by the back door.
 */
import type { DecisionBody, DecisionListBody, DecisionQueryParams, DeletedBody } from '../contract/index.ts'
import { decisionQuerySchema, feedbackSchema, firstIssue, reviewSchema, toDecisionBody } from '../contract/index.ts'
import type { FeedbackBody, ReviewBody } from '../contract/index.ts'
import type { Decision, DecisionQuery, DecisionStore, StoredDecision } from '../spec/index.ts'
import { ParapetError } from '../spec/index.ts'
import { decisionHeaders, jsonReply } from './answer/errors.ts'
import { EVENT_STREAM } from './answer/event-stream.ts'
import type { GatewayContext } from './context.ts'
import type { EventSource, Reply } from './http/exchange.ts'
import type { RouteCall } from './http/router.ts'
import type { Access } from './keys/key-ring.ts'
import { parseBody } from './protocols/parse-body.ts'
import { namedEvent } from './protocols/protocol.ts'
import { readJsonBody } from './request/read-body.ts'

const BODY_LIMIT = 64 * 1024
const EXPORT_PAGE = 200
/** Milliseconds between two comments that keep a quiet connection open. */
const PING = 15_000

export async function listDecisions(call: RouteCall, context: GatewayContext): Promise<Reply> {
  const { cursor, limit, ...params } = queryOf(call)
  const page = await storeOf(context).list(toQuery(params, call.access), {
    ...(limit === undefined ? {} : { limit: Math.min(500, Number(limit)) }),
    ...(cursor === undefined ? {} : { cursor }),
  })
  const body: DecisionListBody = {
    object: 'list',
    data: page.items.map((stored) => shown(stored, call.access)),
    next_cursor: page.next,
  }
  return jsonReply(body, 200)
}

export async function oneDecision(call: RouteCall, context: GatewayContext): Promise<Reply> {
  const id = call.params['id'] ?? ''
  const stored = await context.decisions?.get(id)
  if (stored === undefined || stored === null) {
    // Without a store, or before the record is committed, a held decision is known by its id alone.
    if (!context.held.has(id)) throw noSuchDecision()
    const head = { decision: 'hold', decisionId: id } as const
    return jsonReply({ id, object: 'parapet.decision', status: 'held' }, 200, decisionHeaders(head))
  }
  if (!visible(stored, call.access)) throw noSuchDecision()
  return jsonReply(shown(stored, call.access), 200, decisionHeaders({ decision: stored.decision, decisionId: id }))
}

export function liveDecisions(call: RouteCall, context: GatewayContext): Reply {
  const { decision, door, user, application, conversation, key } = queryOf(call)
  const wanted = decision?.split(',')
  const watcher = context.live.watch(
    (item) =>
      (wanted === undefined || wanted.includes(item.decision)) &&
      (door === undefined || item.door === door) &&
      (user === undefined || item.user === user) &&
      (application === undefined || item.application === application) &&
      (conversation === undefined || item.conversation === conversation) &&
      (key === undefined || item.key === key) &&
      (call.access.role === 'operator' || item.key === call.access.key),
  )
  let begun = false
  const events: EventSource = {
    async next() {
      if (!begun) {
        begun = true
        return ': live\n\n'
      }
      const item = await watcher.next(PING)
      if (item === 'closed') return null
      const missed = watcher.missed()
      const note = missed === 0 ? '' : namedEvent('missed', { missed })
      return note + (item === null ? ': ping\n\n' : namedEvent('decision', item))
    },
    cancel: () => watcher.close(),
  }
  call.request.signal.addEventListener('abort', () => watcher.close(), { once: true })
  return { status: 200, headers: EVENT_STREAM, body: events }
}

export async function giveFeedback(call: RouteCall, context: GatewayContext): Promise<Reply> {
  const body = parseBody<FeedbackBody & Record<string, never>>(feedbackSchema, await bodyOf(call))
  const store = storeOf(context)
  const id = call.params['id'] ?? ''
  const stored = await store.get(id)
  if (stored === null || !visible(stored, call.access)) throw noSuchDecision()
  const { key } = call.access
  const { verdict, expected, labels, note } = body as FeedbackBody
  const updated = await store.addFeedback(id, {
    id: `fb_${crypto.randomUUID().replaceAll('-', '')}`,
    at: context.now(),
    verdict,
    ...(expected === undefined ? {} : { expected }),
    ...(labels === undefined ? {} : { labels }),
    ...(note === undefined ? {} : { note }),
    ...(key === null ? {} : { by: key }),
  })
  if (updated === null) throw noSuchDecision()
  return jsonReply(shown(updated, call.access), 201)
}

export async function reviewDecision(call: RouteCall, context: GatewayContext): Promise<Reply> {
  const { verdict, note } = parseBody<ReviewBody & Record<string, never>>(
    reviewSchema,
    await bodyOf(call),
  ) as ReviewBody
  const { key } = call.access
  const answer = await storeOf(context).review(call.params['id'] ?? '', {
    state: verdict === 'approve' ? 'approved' : 'rejected',
    at: context.now(),
    ...(key === null ? {} : { reviewer: key }),
    ...(note === undefined ? {} : { note }),
  })
  if (answer === null) throw new ParapetError('not_found', 'No held decision has this id.')
  if (!answer.settled) {
    throw new ParapetError('conflict', `This decision was ${answer.decision.review?.state ?? 'settled'} already.`)
  }
  return jsonReply(shown(answer.decision, call.access), 200)
}

export async function exportDecisions(call: RouteCall, context: GatewayContext): Promise<Reply> {
  const { limit: _limit, cursor: first, ...params } = queryOf(call)
  const store = storeOf(context)
  const query = toQuery(params, call.access)
  const read = (cursor: string | null | undefined): ReturnType<DecisionStore['list']> =>
    store.list(query, { limit: EXPORT_PAGE, ...(typeof cursor === 'string' ? { cursor } : {}) })
  // The first page is read before the headers leave, so that a store that is gone is an error and not an empty file.
  let page = await read(first)
  let cursor: string | null = null
  let begun = false
  const lines: EventSource = {
    async next() {
      if (begun && cursor === null) return null
      try {
        if (begun) page = await read(cursor)
        begun = true
        cursor = page.next
        return page.items.map((stored) => `${JSON.stringify(shown(stored, call.access))}\n`).join('') || null
      } catch {
        cursor = null
        return `${JSON.stringify({ error: { code: 'record_unavailable', message: 'The store failed; the export is not complete.' } })}\n`
      }
    },
    cancel: () => undefined,
  }
  return { status: 200, headers: { 'content-type': 'application/x-ndjson; charset=utf-8' }, body: lines }
}

export async function deleteUser(call: RouteCall, context: GatewayContext): Promise<Reply> {
  const user = call.params['user'] ?? ''
  // What is still on its way is written first, so that it is deleted too.
  await context.recorder?.flush()
  const deleted = await storeOf(context).deleteUser(user)
  const body: DeletedBody = { object: 'parapet.deleted', user, deleted }
  return jsonReply(body, 200)
}

async function bodyOf(call: RouteCall): ReturnType<typeof readJsonBody> {
  return readJsonBody(call.request, { limit: BODY_LIMIT, strictUnicode: true })
}

function storeOf({ decisions }: GatewayContext): DecisionStore {
  if (decisions !== null) return decisions
  throw new ParapetError('not_found', 'Decisions are not kept here; start the gateway with a store.')
}

function noSuchDecision(): ParapetError {
  return new ParapetError('not_found', 'There is no decision with this id.')
}

function visible(stored: StoredDecision, access: Access): boolean {
  return access.role === 'operator' || stored.caller.key === access.key
}

function shown(stored: StoredDecision, access: Access): DecisionBody {
  const body = toDecisionBody(stored)
  if (access.role === 'operator') return body
  // A judge's words were written for whoever reviews.
  return { ...body, critiques: [], content: stored.review?.state === 'approved' ? body.content : null }
}

function queryOf({ request }: RouteCall): DecisionQueryParams {
  const params: Record<string, string> = {}
  for (const [name, value] of new URLSearchParams(request.query)) {
    if (name in params) throw wrongQuery(name, 'is given twice')
    params[name] = value
  }
  const checked = decisionQuerySchema.safeParse(params)
  if (checked.success) return checked.data
  const { param, message } = firstIssue(checked.error)
  throw new ParapetError('input_invalid', `In the query, ${message}`, { details: { param } })
}

function wrongQuery(name: string, what: string): ParapetError {
  return new ParapetError('input_invalid', `In the query, \`${name}\` ${what}.`, { details: { param: name } })
}

function toQuery(params: Omit<DecisionQueryParams, 'limit' | 'cursor'>, access: Access): DecisionQuery {
  const { from, to, decision, door, user, application, conversation, key, review, feedback } = params
  const own = access.role === 'caller' ? (access.key ?? '') : key
  return {
    ...(from === undefined ? {} : { from: Date.parse(from) }),
    ...(to === undefined ? {} : { to: Date.parse(to) }),
    ...(decision === undefined ? {} : { decisions: decision.split(',') as Decision[] }),
    ...(door === undefined ? {} : { doors: [door] }),
    ...(user === undefined ? {} : { user }),
    ...(application === undefined ? {} : { application }),
    ...(conversation === undefined ? {} : { conversation }),
    ...(own === undefined ? {} : { key: own }),
    ...(review === undefined ? {} : { review }),
    ...(feedback === undefined ? {} : { withFeedback: true }),
  }
}
