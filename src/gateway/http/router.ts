/**
 * Which route answers a path. Matching is done by hono's routers; of several routes that match, the first listed answers. What is not listed is not there, and a path that is
 * there with another method says which methods it has.
 */
import { RegExpRouter } from 'hono/router/reg-exp-router'
import { SmartRouter } from 'hono/router/smart-router'
import { TrieRouter } from 'hono/router/trie-router'
import { ParapetError } from '../../spec/index.ts'
import type { Access } from '../keys/key-ring.ts'
import type { GatewayRequest, Reply } from './exchange.ts'

export type Method = 'GET' | 'POST' | 'DELETE'

/** A request that may be answered. */
export interface RouteCall {
  readonly request: GatewayRequest
  /** Decoded parameters of the path. */
  readonly params: Readonly<Record<string, string>>
  /** Who asks, from the API key. */
  readonly access: Access
}

export type Handler = (call: RouteCall) => Promise<Reply> | Reply

export interface Route {
  /** For example `/v1/decisions/:id`. */
  readonly path: string
  readonly methods: Readonly<Partial<Record<Method, Handler>>>
  /** `open`: no key. `caller`: any key. `operator`: a key with that role. */
  readonly access: 'open' | 'caller' | 'operator'
  /** Counts against the concurrency limit and rate limits, and is refused while the server drains. */
  readonly limited: boolean
  /**
   * What may come out: `model` answers with words of a model, which are judged; `verdict` with decisions; `list` passes on data
   * of a model server that is no words; `own` only with what Parapet itself knows.
   */
  readonly kind: 'model' | 'verdict' | 'list' | 'own'
}

export interface RouteMatch {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

export interface Router {
  /** Throws `not_found`. */
  match(path: string): RouteMatch
}

export function createRouter(routes: readonly Route[]): Router {
  const router = new SmartRouter<Route>({ routers: [new RegExpRouter(), new TrieRouter()] })
  for (const route of routes) router.add('ALL', route.path, route)
  return {
    match(path) {
      const [matches, stash] = router.match('ALL', path)
      const first = matches[0]
      if (first === undefined) {
        throw new ParapetError('not_found', 'There is no such path; see the reference of the HTTP interface.')
      }
      const [route, where] = first
      const params: Record<string, string> = {}
      for (const [name, value] of Object.entries(where)) {
        const text = typeof value === 'number' ? stash?.[value] : value
        if (typeof text === 'string') params[name] = decoded(text)
      }
      return { route, params }
    },
  }
}

/** Methods of a route, for `allow`. */
export function allowOf(route: Route): string {
  return [...Object.keys(route.methods), ...('GET' in route.methods ? ['HEAD'] : []), 'OPTIONS'].join(', ')
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new ParapetError('input_invalid', 'The path has a broken percent escape.', { details: { param: 'path' } })
  }
}
