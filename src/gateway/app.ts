/**
 * The gateway as a function from request to answer: routes, API keys, limits, draining. It listens nowhere (`serve.ts` does)
 * and judges nothing (the pipeline does).
 */
import { setMaxListeners } from 'node:events'
import { Hono } from 'hono'
import { ParapetError } from '../spec/index.ts'
import { errorResponse, jsonResponse, toParapetError } from './answer/errors.ts'
import type { KeySetting } from './auth.ts'
import { createKeyRing } from './auth.ts'
import { answerChat } from './chat-route.ts'
import type { Answer, GatewayContext } from './context.ts'
import { answerGuard } from './guard-route.ts'
import { createHeldDecisions } from './held.ts'
import type { GatewayMetrics } from './metrics.ts'
import { createGatewayMetrics } from './metrics.ts'
import type { GatewayPipeline } from './pipeline.ts'
import type { Upstream } from './upstream/upstream.ts'

export interface GatewayOptions {
  readonly pipeline: GatewayPipeline
  readonly upstream: Upstream
  /** Bearer keys. Without any, everybody who reaches the gateway may use it. */
  readonly keys?: readonly KeySetting[]
  readonly limits?: {
    /** Bytes of a request's body. Default 10 MiB. */
    readonly body?: number
    /** Requests under `/v1` answered at the same time. Default 512. */
    readonly concurrency?: number
    /** Milliseconds for one call of the model. Default 600,000. */
    readonly upstreamTimeout?: number
  }
  /** Its `listener` must be among the pipeline's; without it decisions are not counted. */
  readonly metrics?: GatewayMetrics
  /** Version of the package, for `/healthz`. */
  readonly version: string
  readonly now?: () => number
  /** The upstream is the built-in demo model. */
  readonly demo?: boolean
  /** Told of errors that are defects; never holds a prompt. */
  readonly onDefect?: (error: unknown) => void
}

export interface Gateway {
  fetch(request: Request): Promise<Response>
  /** Takes no new requests, waits for those in flight up to `grace` milliseconds (default 10,000), then aborts them. */
  close(options?: { readonly grace?: number }): Promise<void>
  /** True when requests need an API key. */
  readonly keyed: boolean
}

type Handler = (request: Request, key: string | undefined, id: string) => Promise<Answer> | Answer

interface Route {
  readonly path: string
  readonly methods: Readonly<Record<string, Handler>>
  /** Needs a key when keys are configured. */
  readonly guarded: boolean
  /** Counts against the concurrency limit and is refused while draining. */
  readonly limited: boolean
}

export function createGateway(options: GatewayOptions): Gateway {
  const { limits = {}, metrics = createGatewayMetrics(), now = Date.now } = options
  const keys = createKeyRing(options.keys ?? [])
  const stop = new AbortController()
  // One listener for each request in flight.
  setMaxListeners(0, stop.signal)
  const open = new Set<Promise<void>>()
  let draining = false
  const context: GatewayContext = {
    pipeline: options.pipeline,
    upstream: options.upstream,
    metrics,
    held: createHeldDecisions(),
    limits: {
      body: limits.body ?? 10 * 1024 * 1024,
      concurrency: limits.concurrency ?? 512,
      upstreamTimeout: limits.upstreamTimeout ?? 600_000,
    },
    now,
    stopped: stop.signal,
  }

  const serveRoute = async (route: Route, handler: Handler, request: Request, id: string): Promise<Response> => {
    if (route.limited && draining)
      throw new ParapetError('shutting_down', 'The server is stopping; ask again, or another one.')
    const key = route.guarded ? keys.identify(request.headers) : undefined
    if (!route.limited) return (await handler(request, key, id)).response
    if (metrics.inFlight >= context.limits.concurrency) {
      throw new ParapetError('rate_limited', 'The gateway is answering as many requests as it may; try again shortly.')
    }
    return tracked(metrics, open, () => Promise.resolve(handler(request, key, id)))
  }

  const onThrow = (thrown: unknown, request: Request): Response => {
    const error = toParapetError(thrown)
    if (error.code === 'internal') options.onDefect?.(error.cause ?? error)
    if (request.signal.aborted && error.code !== 'input_too_large')
      return errorResponse(new ParapetError('aborted', 'The caller went away.'))
    return errorResponse(error, null, CLOSES.has(error.code) ? { connection: 'close' } : {})
  }

  const app = buildApp(
    routesOf(options, context, () => draining),
    serveRoute,
    onThrow,
  )
  return {
    keyed: keys.size > 0,
    async fetch(request) {
      const response = await app.fetch(request)
      metrics.answered(response.status)
      return response
    },
    async close({ grace = 10_000 } = {}) {
      draining = true
      await settledWithin([...open], grace)
      stop.abort(new ParapetError('shutting_down', 'The server is stopping.'))
      await settledWithin([...open], 1000)
    },
  }
}

/** After these the rest of the request is not read, so its connection cannot be used again. */
const CLOSES: ReadonlySet<string> = new Set(['input_too_large', 'shutting_down'])

async function tracked(
  metrics: GatewayMetrics,
  open: Set<Promise<void>>,
  work: () => Promise<Answer>,
): Promise<Response> {
  const end = metrics.begin()
  let release: () => void = () => undefined
  const done = new Promise<void>((resolve) => (release = resolve))
  open.add(done)
  const finish = (): void => {
    end()
    open.delete(done)
    release()
  }
  try {
    const answer = await work()
    if (answer.ended === undefined) finish()
    else void answer.ended.then(finish)
    return answer.response
  } catch (thrown) {
    finish()
    throw thrown
  }
}

async function settledWithin(work: readonly Promise<void>[], grace: number): Promise<void> {
  if (work.length === 0) return
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, grace)))
  await Promise.race([Promise.all(work), late])
  clearTimeout(timer)
}

function routesOf(options: GatewayOptions, context: GatewayContext, draining: () => boolean): readonly Route[] {
  const { pipeline, metrics, held } = context
  const facts = (): { policyVersion: string; version: string } => ({
    policyVersion: pipeline.policyVersion,
    version: options.version,
  })
  return [
    {
      path: '/v1/chat/completions',
      guarded: true,
      limited: true,
      methods: { POST: (request, key) => answerChat(request, context, key) },
    },
    {
      path: '/v1/guard',
      guarded: true,
      limited: true,
      methods: { POST: (request, key) => answerGuard(request, context, key) },
    },
    {
      path: '/v1/decisions/:id',
      guarded: true,
      limited: false,
      methods: {
        GET: (_request, _key, id) => {
          if (!held.has(id)) throw new ParapetError('not_found', 'No decision with this id is waiting.')
          const decision = { decision: 'hold', decisionId: id } as const
          return {
            response: jsonResponse({ id, object: 'parapet.decision', status: 'held' }, 200, headersOf(decision)),
          }
        },
      },
    },
    {
      path: '/healthz',
      guarded: false,
      limited: false,
      methods: { GET: () => ({ response: jsonResponse({ status: 'ok', version: options.version }, 200) }) },
    },
    {
      path: '/readyz',
      guarded: false,
      limited: false,
      methods: {
        GET: () => {
          if (draining()) throw new ParapetError('shutting_down', 'The server is draining.')
          const upstream = options.demo === true ? { demo: true } : {}
          return {
            response: jsonResponse({ status: 'ready', policyVersion: pipeline.policyVersion, ...upstream }, 200),
          }
        },
      },
    },
    {
      path: '/metrics',
      guarded: true,
      limited: false,
      methods: {
        GET: () => ({
          response: new Response(metrics.render(facts()), {
            headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
          }),
        }),
      },
    },
  ]
}

function headersOf(decision: { readonly decision: string; readonly decisionId: string }): Record<string, string> {
  return { 'x-parapet-decision': decision.decision, 'x-parapet-decision-id': decision.decisionId }
}

function buildApp(
  routes: readonly Route[],
  serveRoute: (route: Route, handler: Handler, request: Request, id: string) => Promise<Response>,
  onThrow: (thrown: unknown, request: Request) => Response,
): Hono {
  const app = new Hono()
  for (const route of routes) {
    for (const [method, handler] of Object.entries(route.methods)) {
      app.on(method, route.path, (c) => serveRoute(route, handler, c.req.raw, c.req.param('id') ?? ''))
    }
    const allow = [...Object.keys(route.methods), ...('GET' in route.methods ? ['HEAD'] : []), 'OPTIONS'].join(', ')
    app.all(route.path, (c) => {
      if (c.req.method === 'OPTIONS') return new Response(null, { status: 204, headers: { allow } })
      return errorResponse(new ParapetError('method_not_allowed', `Use ${allow} here.`), null, { allow })
    })
  }
  app.notFound(() =>
    errorResponse(new ParapetError('not_found', 'There is no such path; see the reference of the HTTP interface.')),
  )
  app.onError((thrown, c) => onThrow(thrown, c.req.raw))
  return app
}
