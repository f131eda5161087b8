/**
 * The list of everything that answers. What is not here is a 404: nothing is passed on to a model server unlisted. The coverage
 * test takes its rows from this list.
 */
import type { ErrorBody, JsonObject } from '../contract/index.ts'
import { ParapetError } from '../spec/index.ts'
import { jsonReply } from './answer/errors.ts'
import type { ConsoleFiles } from './console-files.ts'
import type { GatewayContext } from './context.ts'
import {
  deleteUser,
  exportDecisions,
  giveFeedback,
  listDecisions,
  liveDecisions,
  oneDecision,
  reviewDecision,
} from './decisions-route.ts'
import { answerGuard } from './guard-route.ts'
import type { Handler, Method, Route, RouteCall } from './http/router.ts'
import { answerModel } from './model-route.ts'
import { CHAT_COMPLETIONS } from './protocols/chat/protocol.ts'
import type { Protocol } from './protocols/protocol.ts'
import { answerSession } from './session-route.ts'

/** What the routes tell of the gateway. */
export interface GatewayFacts {
  readonly version: string
  readonly keyed: boolean
  readonly demo: boolean
  readonly draining: () => boolean
}

/** Interfaces of model servers that are guarded. */
export const PROTOCOLS: readonly Protocol[] = [CHAT_COMPLETIONS]

export function createRoutes(
  context: GatewayContext,
  facts: GatewayFacts,
  consoleFiles?: ConsoleFiles,
): readonly Route[] {
  const bind = (answer: (call: RouteCall, context: GatewayContext) => ReturnType<Handler>): Handler => {
    return (call) => answer(call, context)
  }
  return [
    ...PROTOCOLS.map((protocol) =>
      route('model', protocol.path, { POST: (call) => answerModel(call, context, protocol) }, 'caller', true),
    ),
    route('verdict', '/v1/guard', { POST: bind(answerGuard) }, 'caller', true),
    route('own', '/v1/session', { GET: (call) => answerSession(call, context, facts) }, 'caller'),
    route('own', '/v1/decisions', { GET: bind(listDecisions) }, 'caller'),
    route('own', '/v1/decisions/live', { GET: bind(liveDecisions) }, 'caller'),
    route('own', '/v1/decisions/:id', { GET: bind(oneDecision) }, 'caller'),
    route('own', '/v1/decisions/:id/feedback', { POST: bind(giveFeedback) }, 'caller'),
    route('own', '/v1/decisions/:id/review', { POST: bind(reviewDecision) }, 'operator'),
    route('own', '/v1/export', { GET: bind(exportDecisions) }, 'operator'),
    route('own', '/v1/users/:user/decisions', { DELETE: bind(deleteUser) }, 'operator'),
    ...operation(context, facts),
    ...page(consoleFiles),
  ]
}

function route(
  kind: Route['kind'],
  path: string,
  methods: Readonly<Partial<Record<Method, Handler>>>,
  access: Route['access'],
  limited = false,
): Route {
  return { kind, path, methods, access, limited }
}

function operation(context: GatewayContext, { version, demo, draining }: GatewayFacts): readonly Route[] {
  const { pipeline, metrics, recorder } = context
  return [
    route('own', '/healthz', { GET: () => jsonReply({ status: 'ok', version }, 200) }, 'open'),
    route(
      'own',
      '/readyz',
      {
        GET: () => {
          if (draining()) throw new ParapetError('shutting_down', 'The server is draining.')
          const store = recorder === null ? {} : { store: recorder.counts.storeReachable ? 'reachable' : 'unreachable' }
          const upstream = demo ? { demo: true } : {}
          return jsonReply({ status: 'ready', policyVersion: pipeline.policyVersion, ...store, ...upstream }, 200)
        },
      },
      'open',
    ),
    route(
      'own',
      '/metrics',
      {
        GET: () => ({
          status: 200,
          headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
          body: metrics.render({
            policyVersion: pipeline.policyVersion,
            version,
            ...(recorder === null ? {} : { record: recorder.counts }),
          }),
        }),
      },
      'caller',
    ),
  ]
}

/** The page needs no key: it holds no data, and asks for the key itself. */
function page(files: ConsoleFiles | undefined): readonly Route[] {
  if (files === undefined) return []
  const serve: Handler = ({ request }) => {
    const file = files.find(request.path)
    if (file === null) throw new ParapetError('not_found', 'There is no such file.')
    return { status: 200, headers: file.headers, body: file.body }
  }
  return [route('own', '/', { GET: serve }, 'open'), route('own', '/console/*', { GET: serve }, 'open')]
}

/** The error shape that clients of this path expect. */
export function errorShapeOf(path: string): (body: ErrorBody) => JsonObject {
  return PROTOCOLS.find((protocol) => protocol.path === path)?.errorBody ?? plainShape
}

function plainShape(body: ErrorBody): JsonObject {
  return body as ErrorBody & JsonObject
}
