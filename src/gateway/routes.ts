/**
 * The list of everything that answers. What is not here is a 404: nothing is passed on to a model server unlisted. The coverage
 * test takes its rows from this list.
 */
import type { ErrorBody, JsonObject } from '../contract/index.ts'
import { ParapetError } from '../spec/index.ts'
import { jsonReply } from './answer/errors.ts'
import type { ConsoleFiles } from './console-files.ts'
import { CONSOLE_MISSING } from './console-files.ts'
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
import { answerEmbeddings } from './embeddings-route.ts'
import { answerGuard } from './guard-route.ts'
import { answerHook } from './hook-route.ts'
import type { HookAnswer, HookDoor } from './hooks/hook.ts'
import { answerLiteLlm } from './hooks/litellm.ts'
import { answerNemo, answerNemoServer } from './hooks/nemo.ts'
import { answerPortkey, refusePortkey } from './hooks/portkey.ts'
import type { Handler, Method, Route, RouteCall } from './http/router.ts'
import { createModelDirectory } from './model-directory.ts'
import { answerModel } from './model-route.ts'
import { listModels, oneModel } from './models-route.ts'
import { answerModerations } from './moderations.ts'
import { CHAT_COMPLETIONS } from './protocols/chat/protocol.ts'
import { COMPLETIONS } from './protocols/completions/protocol.ts'
import { COUNT_TOKENS } from './protocols/messages/count-tokens.ts'
import { MESSAGES } from './protocols/messages/protocol.ts'
import type { Protocol } from './protocols/protocol.ts'
import { RESPONSES } from './protocols/responses/protocol.ts'
import { responseRoutes } from './protocols/responses/routes.ts'
import { answerSession } from './session-route.ts'

/** What the routes tell of the gateway. */
export interface GatewayFacts {
  readonly version: string
  readonly keyed: boolean
  readonly demo: boolean
  readonly draining: () => boolean
}

/** Interfaces of model servers that are guarded. */
export const PROTOCOLS: readonly Protocol[] = [CHAT_COMPLETIONS, COMPLETIONS, MESSAGES, COUNT_TOKENS, RESPONSES]

export function createRoutes(
  context: GatewayContext,
  facts: GatewayFacts,
  consoleFiles?: ConsoleFiles,
): readonly Route[] {
  const bind = (answer: (call: RouteCall, context: GatewayContext) => ReturnType<Handler>): Handler => {
    return (call) => answer(call, context)
  }
  return [
    ...PROTOCOLS.filter((protocol) => protocol !== RESPONSES).map((protocol) =>
      route('model', protocol.path, { POST: (call) => answerModel(call, context, protocol) }, 'caller', true),
    ),
    ...responseRoutes(context),
    route('verdict', '/v1/guard', { POST: bind(answerGuard) }, 'caller', true),
    ...hooks(context),
    ...lists(context),
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

/** Doors by which gateways of others ask. */
function hooks(context: GatewayContext): readonly Route[] {
  const hook = (path: string, door: HookDoor, refuse?: (error: ParapetError) => HookAnswer): Route =>
    route('verdict', path, { POST: (call) => answerHook(call, context, door, refuse) }, 'caller', true)
  return [
    hook('/v1/moderations', answerModerations),
    hook('/beta/litellm_basic_guardrail_api', answerLiteLlm),
    hook('/v1/hooks/portkey', answerPortkey, refusePortkey),
    hook('/v1/guardrail/checks', answerNemo),
    hook('/v1/checks', answerNemoServer),
  ]
}

/** Doors whose answers hold no words of a model. */
function lists(context: GatewayContext): readonly Route[] {
  const directory = createModelDirectory(context)
  return [
    route('list', '/v1/embeddings', { POST: (call) => answerEmbeddings(call, context) }, 'caller', true),
    route('list', '/v1/models', { GET: (call) => listModels(call, context, directory) }, 'caller', true),
    // Ids hold slashes.
    route('list', '/v1/models/:id{.+}', { GET: (call) => oneModel(call, context, directory) }, 'caller', true),
  ]
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
    if (file === null && request.path === '/') {
      return { status: 404, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: CONSOLE_MISSING }
    }
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
