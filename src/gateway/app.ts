/**
 * The gateway as a function from request to reply: API keys, limits, draining, and which route answers. It listens nowhere
 * (`serve.ts` does) and judges nothing (the pipeline does).
 */
import { setMaxListeners } from 'node:events'
import type { DecisionStore, ParapetListener, Recorder } from '../spec/index.ts'
import { ParapetError } from '../spec/index.ts'
import { errorReply, toParapetError } from './answer/errors.ts'
import type { ConsoleFiles } from './console-files.ts'
import type { GatewayContext } from './context.ts'
import { createHeldDecisions } from './held.ts'
import type { EventSource, GatewayRequest, Reply } from './http/exchange.ts'
import { isEventSource } from './http/exchange.ts'
import { fromWebRequest, toWebResponse } from './http/fetch-door.ts'
import type { Handler, Method, Route } from './http/router.ts'
import { allowOf, createRouter } from './http/router.ts'
import type { KeySetting, KeySource } from './keys/key-ring.ts'
import { createKeyRing } from './keys/key-ring.ts'
import { createRateLimits } from './keys/rate-limit.ts'
import { createLiveFeed } from './live-feed.ts'
import type { GatewayMetrics } from './metrics.ts'
import { createGatewayMetrics } from './metrics.ts'
import type { GatewayPipeline } from './pipeline.ts'
import { createRoutes, errorShapeOf } from './routes.ts'
import type { Upstream } from './upstream/upstream.ts'
import { createUpstreamSet } from './upstream/upstream-set.ts'

export interface GatewayOptions {
  readonly pipeline: GatewayPipeline
  /** One upstream, or several by name; the first is taken when a request names none. */
  readonly upstream: Upstream | Readonly<Record<string, Upstream>>
  /** API keys. Without any, everybody who reaches the gateway may use it. */
  readonly keys?: readonly KeySetting[] | KeySource
  readonly limits?: {
    /** Bytes of a request's body. Default 10 MiB. */
    readonly body?: number
    /** Requests to models and guards answered at the same time. Default 512. */
    readonly concurrency?: number
    /** Milliseconds for one call of the model. Default 600,000. */
    readonly upstreamTimeout?: number
  }
  /** Its `listener` must be among the pipeline's; without it decisions are not counted. */
  readonly metrics?: GatewayMetrics
  /** Subscribes to the pipeline's events; without it the live feed is silent. */
  readonly on?: (listener: ParapetListener) => () => void
  /** Where decisions can be read. Default: they are not kept. */
  readonly decisions?: DecisionStore | null
  readonly recorder?: Recorder | null
  /** Files of the page at `/`. Default: no page. */
  readonly console?: ConsoleFiles
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
  /** The same without web classes, for `serve`. Never rejects. */
  handle(request: GatewayRequest): Promise<Reply>
  /** Takes no new requests, waits for those in flight up to `grace` milliseconds (default 10,000), then aborts them. */
  close(options?: { readonly grace?: number }): Promise<void>
  /** True when requests need an API key. */
  readonly keyed: boolean
  readonly routes: readonly Route[]
}

/** After these the rest of the request is not read, so its connection cannot be used again. */
const CLOSES: ReadonlySet<string> = new Set(['input_too_large', 'shutting_down'])

export function createGateway(options: GatewayOptions): Gateway {
  const keys = createKeyRing(options.keys ?? [])
  const now = options.now ?? Date.now
  const rates = createRateLimits(now)
  const stop = new AbortController()
  // One listener for each request in flight.
  setMaxListeners(0, stop.signal)
  const flights = createFlights(options.metrics ?? createGatewayMetrics())
  const live = createLiveFeed(now)
  const unsubscribe = options.on?.((event) => live.listener(event))
  let draining = false
  const context: GatewayContext = {
    pipeline: options.pipeline,
    upstreams: createUpstreamSet(options.upstream),
    metrics: flights.metrics,
    held: createHeldDecisions(),
    live,
    decisions: options.decisions ?? null,
    recorder: options.recorder ?? null,
    limits: {
      body: options.limits?.body ?? 10 * 1024 * 1024,
      concurrency: options.limits?.concurrency ?? 512,
      upstreamTimeout: options.limits?.upstreamTimeout ?? 600_000,
    },
    now,
    onDefect: (error) => options.onDefect?.(error),
    stopped: stop.signal,
  }
  const facts = {
    version: options.version,
    keyed: keys.keyed,
    demo: options.demo === true,
    draining: () => draining,
  }
  const routes = createRoutes(context, facts, options.console)
  const router = createRouter(routes)

  const answer = async (request: GatewayRequest): Promise<Reply> => {
    const { route, params } = router.match(request.path)
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const handler: Handler | undefined = route.methods[method as Method]
    if (handler === undefined) return withoutHandler(request, route)
    if (route.limited && draining)
      throw new ParapetError('shutting_down', 'The server is stopping; ask again, or another one.')
    const access = route.access === 'open' ? OPEN : keys.identify(request.header)
    if (route.access === 'operator' && access.role !== 'operator') {
      throw new ParapetError('forbidden', 'This needs an API key with the role operator.')
    }
    const call = { request, params, access }
    if (!route.limited) return handler(call)
    if (flights.metrics.inFlight >= context.limits.concurrency) {
      throw new ParapetError('rate_limited', 'The gateway is answering as many requests as it may; try again shortly.')
    }
    return flights.track(rates.begin(access), () => handler(call))
  }

  const handle = async (request: GatewayRequest): Promise<Reply> => {
    const reply = await answer(request).catch((thrown: unknown) => failure(thrown, request))
    flights.metrics.answered(reply.status)
    return reply
  }

  const failure = (thrown: unknown, request: GatewayRequest): Reply => {
    const error = toParapetError(thrown)
    if (error.code === 'internal') options.onDefect?.(error.cause ?? error)
    const shape = errorShapeOf(request.path)
    if (request.signal.aborted && error.code !== 'input_too_large')
      return errorReply(new ParapetError('aborted', 'The caller went away.'), { shape })
    return errorReply(error, { shape, headers: CLOSES.has(error.code) ? { connection: 'close' } : {} })
  }

  return {
    keyed: keys.keyed,
    routes,
    handle,
    fetch: async (request) => toWebResponse(await handle(fromWebRequest(request))),
    async close({ grace = 10_000 } = {}) {
      draining = true
      live.close()
      await flights.settled(grace)
      stop.abort(new ParapetError('shutting_down', 'The server is stopping.'))
      await flights.settled(1000)
      unsubscribe?.()
    },
  }
}

const OPEN = { key: null, role: 'caller', definition: null } as const

function withoutHandler(request: GatewayRequest, route: Route): Reply {
  const allow = allowOf(route)
  if (request.method === 'OPTIONS') return { status: 204, headers: { allow }, body: null }
  const error = new ParapetError('method_not_allowed', `Use ${allow} here.`)
  return errorReply(error, { headers: { allow }, shape: errorShapeOf(request.path) })
}

/** Requests that are being answered, up to the last byte of their streams. */
interface Flights {
  readonly metrics: GatewayMetrics
  track(release: () => void, work: () => Promise<Reply> | Reply): Promise<Reply>
  /** Resolves when all have ended, or after `grace` milliseconds. */
  settled(grace: number): Promise<void>
}

function createFlights(metrics: GatewayMetrics): Flights {
  const open = new Set<Promise<void>>()
  return {
    metrics,
    async track(release, work) {
      const end = metrics.begin()
      let landed: () => void = () => undefined
      const flight = new Promise<void>((resolve) => (landed = resolve))
      open.add(flight)
      const finish = (): void => {
        end()
        release()
        open.delete(flight)
        landed()
      }
      try {
        const reply = await work()
        if (!isEventSource(reply.body)) {
          finish()
          return reply
        }
        return { ...reply, body: watched(reply.body, finish) }
      } catch (thrown) {
        finish()
        throw thrown
      }
    },
    async settled(grace) {
      if (open.size === 0) return
      let timer: ReturnType<typeof setTimeout> | undefined
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, grace)))
      await Promise.race([Promise.all(open), late])
      clearTimeout(timer)
    },
  }
}

/** The same events; `finish` is called once when they have ended or were left. */
function watched(source: EventSource, finish: () => void): EventSource {
  let over = false
  const once = (): void => {
    if (!over) finish()
    over = true
  }
  return {
    async next() {
      const text = await source.next()
      if (text === null) once()
      return text
    },
    cancel() {
      source.cancel()
      once()
    },
  }
}
