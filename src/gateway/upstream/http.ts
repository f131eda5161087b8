/**
 * Any model server behind HTTP as an upstream, whatever interface of it is asked.
 *
 * It never retries (the client decides, and a stream cannot be taken back) and never repeats what the server said in an error:
 * such messages quote prompts and keys. Three clocks run: until the first byte, between bytes, and over the whole answer.
 */
import { createGunzip } from 'node:zlib'
import { pipeline, Readable } from 'node:stream'
import type { JsonObject } from '../../contract/index.ts'
import type { StreamPart } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { parseEvent } from '../protocols/parse-event.ts'
import type { Protocol } from '../protocols/protocol.ts'
import { createAnswerStream } from './answer-stream.ts'
import { upstreamError } from './failure.ts'
import type { ClosableTransport, TransportAnswer } from './transport.ts'
import { createFetchTransport, createPooledTransport } from './transport.ts'
import type { Upstream, UpstreamCall } from './upstream.ts'
import type { UpstreamTimeouts, Watch } from './watch.ts'
import { createWatch } from './watch.ts'

export interface HttpUpstreamOptions {
  /** Base URL with or without `/v1`; the full URL of its chat-completions endpoint is understood as well. */
  readonly url: string
  /** Sent as `Authorization: Bearer`, or as `x-api-key` where the interface wants that. */
  readonly apiKey?: string
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>
  /** Hand the client's own `Authorization` on when there is no `apiKey`. */
  readonly forwardAuth?: boolean
  readonly timeout?: UpstreamTimeouts
  /** Largest answer that is not a stream, in bytes. Default 64 MiB. */
  readonly maxAnswer?: number
  /** Used instead of a pool of connections. */
  readonly fetch?: typeof fetch
}

export interface HttpUpstream extends Upstream {
  json: NonNullable<Upstream['json']>
  close(): void
}

/** Headers of the client that identify a request, not a person. */
const FORWARDED = ['traceparent', 'tracestate', 'x-request-id', 'idempotency-key']
const FORWARDED_WITH_AUTH = ['authorization', 'openai-organization', 'openai-project', 'api-key', 'x-api-key']

export function createHttpUpstream(options: HttpUpstreamOptions): HttpUpstream {
  const base = baseOf(options.url)
  const maxAnswer = options.maxAnswer ?? 64 * 1024 * 1024
  const transport: ClosableTransport =
    options.fetch === undefined ? createPooledTransport() : createFetchTransport(options.fetch)
  return {
    name: base.host,
    async open(call) {
      const watch = createWatch(call.signal, options.timeout ?? {})
      const { stream } = call.request
      try {
        const answer = await transport.send(urlOf(base, call.protocol.endpoint, call.query), {
          method: 'POST',
          headers: headersFor(options, call, call.protocol, stream),
          body: JSON.stringify(call.body),
          signal: watch.signal,
        })
        await refuseBadStatus(answer)
        watch.begun()
        return stream
          ? createAnswerStream(plainBody(answer), call.request, watch)
          : readWhole(answer, call, watch, maxAnswer)
      } catch (cause) {
        watch.stop()
        throw watch.explain(cause, UNREACHABLE)
      }
    },
    async json(call) {
      const watch = createWatch(call.signal, options.timeout ?? {})
      try {
        const answer = await transport.send(urlOf(base, call.endpoint, undefined), {
          method: call.method,
          headers: headersFor(options, call, { auth: 'bearer', forwarded: [] }, false),
          ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
          signal: watch.signal,
        })
        await refuseBadStatus(answer)
        watch.begun()
        return await readJson(answer, watch, maxAnswer)
      } catch (cause) {
        throw watch.explain(cause, UNREACHABLE)
      } finally {
        watch.stop()
      }
    },
    close: () => transport.close(),
  }
}

const UNREACHABLE = 'The model server could not be reached; check its URL and whether it runs.'

function baseOf(text: string): URL {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new ParapetError(
      'configuration',
      'The upstream URL is not a URL; write for example http://127.0.0.1:8000/v1.',
    )
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ParapetError('configuration', 'The upstream URL must begin with http:// or https://.')
  }
  if (url.username !== '' || url.password !== '') {
    throw new ParapetError(
      'configuration',
      'The upstream URL holds a password; pass the key in the environment instead.',
    )
  }
  const path = url.pathname.replace(/\/+$/, '').replace(/\/chat\/completions$/, '')
  url.pathname = path === '' ? '/v1' : path
  return url
}

/** Query values that can be no more than a version or a switch. */
const QUERY = /^[\w.-]{1,64}=[\w.:-]{0,64}(?:&[\w.-]{1,64}=[\w.:-]{0,64}){0,15}$/

function urlOf(base: URL, endpoint: string, query: string | undefined): URL {
  const url = new URL(base)
  url.pathname = `${base.pathname}${endpoint}`
  if (query !== undefined && QUERY.test(query)) url.search = base.search === '' ? query : `${base.search}&${query}`
  return url
}

function headersFor(
  options: HttpUpstreamOptions,
  { header }: Pick<UpstreamCall, 'header'>,
  protocol: Pick<Protocol, 'auth' | 'forwarded'>,
  stream: boolean,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: stream ? 'text/event-stream' : 'application/json',
    'accept-encoding': stream ? 'identity' : 'gzip',
    'user-agent': 'parapet',
  }
  const passOn = (name: string): void => {
    const value = header(name)
    if (value !== undefined) headers[name] = value
  }
  FORWARDED.forEach(passOn)
  protocol.forwarded.forEach(passOn)
  if (options.forwardAuth === true && options.apiKey === undefined) FORWARDED_WITH_AUTH.forEach(passOn)
  if (options.apiKey !== undefined) {
    if (protocol.auth === 'x-api-key') headers['x-api-key'] = options.apiKey
    else headers['authorization'] = `Bearer ${options.apiKey}`
  }
  return options.headers === undefined ? headers : { ...headers, ...options.headers }
}

async function refuseBadStatus(answer: TransportAnswer): Promise<void> {
  const { status } = answer
  if (status >= 200 && status < 300) return
  await discard(answer.body)
  const retryAfter = answer.header('retry-after')
  const advice =
    status === 429
      ? 'it is rate limiting; try again later'
      : status === 401 || status === 403
        ? "check the gateway's upstream key"
        : status < 500
          ? 'it did not accept the request; check model name and parameters'
          : 'look at its log'
  throw upstreamError(`The model server answered with status ${status}: ${advice}.`, {
    status,
    ...(retryAfter !== undefined && /^[\w ,:]{1,40}$/.test(retryAfter) ? { retryAfter } : {}),
  })
}

/** Lets go of a body nobody reads, so that its connection is closed. */
async function discard(body: AsyncIterable<Uint8Array>): Promise<void> {
  const iterator = body[Symbol.asyncIterator]()
  try {
    await iterator.return?.()
  } catch {
    // It was already broken.
  }
}

async function* readWhole(
  answer: TransportAnswer,
  call: UpstreamCall,
  watch: Watch,
  maxAnswer: number,
): AsyncGenerator<StreamPart> {
  try {
    yield* call.request.readWhole(await readJson(answer, watch, maxAnswer))
  } catch (cause) {
    throw watch.explain(cause, BROKE_OFF)
  } finally {
    watch.stop()
  }
}

const BROKE_OFF = 'The connection to the model server broke off.'

/** The body without compression. Servers that were told `identity` may compress all the same. */
function plainBody(answer: TransportAnswer): AsyncIterable<Uint8Array> {
  const encoding = (answer.header('content-encoding') ?? 'identity').trim().toLowerCase()
  if (encoding === 'identity' || encoding === '') return answer.body
  if (encoding !== 'gzip' && encoding !== 'x-gzip') {
    throw upstreamError(
      `The model server compressed its answer as ${/^[\w-]{1,20}$/.exec(encoding)?.[0] ?? 'something'}.`,
    )
  }
  // A broken source ends the iteration with its error; there is nobody else to tell.
  return pipeline(Readable.from(answer.body), createGunzip(), () => undefined)
}

async function readJson(answer: TransportAnswer, watch: Watch, limit: number): Promise<JsonObject> {
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for await (const bytes of plainBody(answer)) {
    watch.touch()
    size += bytes.byteLength
    if (size > limit) throw upstreamError('The answer of the model server is larger than the limit.')
    text += decoder.decode(bytes, { stream: true })
  }
  watch.complete()
  return parseEvent(text + decoder.decode())
}
