/**
 * The gateway as the page sees it: one function for each route of the contract it uses. Every failure is a `ProblemError`,
 * except that an aborted call rejects with the signal's reason.
 *
 * Addresses are relative to the page, so a path in front of the gateway does not matter. The key leaves only in the
 * `authorization` header. Nothing is kept here.
 */
import type {
  DecisionBody,
  DecisionListBody,
  FeedbackBody,
  GuardReplyBody,
  GuardRequestBody,
  ReviewBody,
  SessionBody,
} from '../../contract/index.ts'
import type { JsonObject } from '../../contract/json.ts'
import { asString, isJsonObject } from '../../contract/json.ts'
import { ProblemError, networkProblem, problemOf } from './problem.ts'
import { isDecisionBody, isDecisionList, isGuardReply } from './shapes.ts'
import type { Decision } from './words.ts'

/** Which decisions to list. */
export interface ListQuery {
  readonly limit: number
  readonly cursor?: string
  /** Empty: all. */
  readonly decisions: readonly Decision[]
}

export interface GatewayClient {
  session(signal?: AbortSignal): Promise<SessionBody>
  guard(body: GuardRequestBody, signal?: AbortSignal): Promise<GuardReplyBody>
  list(query: ListQuery, signal?: AbortSignal): Promise<DecisionListBody>
  /** Null when the gateway knows of it but has not recorded it (yet). */
  decision(id: string, signal?: AbortSignal): Promise<DecisionBody | null>
  /** The decision with the feedback on it. */
  feedback(id: string, body: FeedbackBody): Promise<DecisionBody | null>
  /** The decision as it was settled. */
  review(id: string, body: ReviewBody): Promise<DecisionBody | null>
  /** The bytes of `/v1/decisions/live`. */
  live(signal: AbortSignal): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>
}

export interface GatewayClientOptions {
  /** Address of the page, ending in a slash. */
  readonly base: string
  /** The key to send; null for none. Asked before every call. */
  readonly key: () => string | null
  readonly fetch?: typeof fetch
}

export function createGatewayClient(options: GatewayClientOptions): GatewayClient {
  const send = (path: string, init: RequestInit = {}): Promise<Response> => request(options, path, init)
  const read = async <T>(path: string, init: RequestInit, fits: (body: unknown) => body is T): Promise<T> =>
    readBody(await send(path, init), fits)
  const at = (id: string): string => `v1/decisions/${encodeURIComponent(id)}`
  const one = async (path: string, init: RequestInit): Promise<DecisionBody | null> => {
    const body = await read(path, init, isOf('parapet.decision'))
    return isDecisionBody(body) ? body : null
  }
  return {
    session: async (signal) => {
      const body = await read('v1/session', withSignal(signal), isOf('parapet.session'))
      return body as JsonObject & SessionBody
    },
    guard: (body, signal) => read('v1/guard', { ...post(body), ...withSignal(signal) }, isGuardReply),
    list: async (query, signal) => {
      const body = await read(`v1/decisions?${toSearch(query)}`, withSignal(signal), isDecisionList)
      const next = asString(body['next_cursor']) ?? null
      return { object: 'list', data: body.data.filter(isDecisionBody), next_cursor: next }
    },
    decision: (id, signal) => one(at(id), withSignal(signal)),
    feedback: (id, body) => one(`${at(id)}/feedback`, post(body)),
    review: (id, body) => one(`${at(id)}/review`, post(body)),
    async live(signal) {
      const { body } = await send('v1/decisions/live', { signal, headers: { accept: 'text/event-stream' } })
      if (body === null) throw new ProblemError(networkProblem())
      return body
    },
  }
}

function withSignal(signal: AbortSignal | undefined): RequestInit {
  return signal === undefined ? {} : { signal }
}

function post(body: unknown): RequestInit {
  return { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
}

function toSearch({ limit, cursor, decisions }: ListQuery): string {
  const search = new URLSearchParams({ limit: String(limit) })
  if (cursor !== undefined) search.set('cursor', cursor)
  if (decisions.length > 0) search.set('decision', decisions.join(','))
  return search.toString()
}

async function request(options: GatewayClientOptions, path: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers)
  const key = options.key()
  if (key !== null) headers.set('authorization', `Bearer ${key}`)
  const call = options.fetch ?? fetch
  let response: Response
  try {
    response = await call(new URL(path, options.base), {
      ...init,
      headers,
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
    })
  } catch {
    init.signal?.throwIfAborted()
    throw new ProblemError(networkProblem())
  }
  if (response.ok) return response
  const body = await response.json().catch(() => null)
  throw new ProblemError(problemOf(response.status, body, response.headers.get('retry-after')))
}

/** The body, if it is what was asked for; something else may answer at the gateway's address. */
async function readBody<T>(response: Response, fits: (body: unknown) => body is T): Promise<T> {
  let body: unknown
  try {
    body = await response.json()
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw new ProblemError(problemOf(response.status, null, null))
  }
  if (fits(body)) return body
  throw new ProblemError(problemOf(response.status, null, null))
}

function isOf(object: string): (body: unknown) => body is JsonObject {
  return (body): body is JsonObject => isJsonObject(body) && body['object'] === object
}
