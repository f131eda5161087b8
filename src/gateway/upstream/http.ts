/**
 * Any OpenAI-compatible server as an upstream.
 *
 * It never retries (the client decides, and a stream cannot be taken back) and never repeats what the server said in an error:
 * such messages quote prompts and keys. Three clocks run: until the first byte, between bytes, and over the whole answer.
 */
import type { JsonObject } from '../../contract/index.ts'
import { isJsonObject } from '../../contract/index.ts'
import type { StreamPart } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { createChunkReader } from './chunk-reader.ts'
import { readCompletion } from './completion-reader.ts'
import { createSseParser } from './sse.ts'
import type { ClosableTransport, TransportAnswer } from './transport.ts'
import { createFetchTransport, createNodeTransport } from './transport.ts'
import type { Upstream, UpstreamRequest } from './upstream.ts'
import { upstreamError, upstreamTimeout } from './upstream.ts'

export interface UpstreamTimeouts {
  /** Milliseconds until the answer begins. Default 60,000. */
  readonly firstByte?: number
  /** Milliseconds between two pieces of the answer. Default 60,000. */
  readonly idle?: number
  /** Milliseconds for the whole answer. Default 600,000. */
  readonly total?: number
}

export interface HttpUpstreamOptions {
  /** Base URL with or without `/v1`, or the full URL of the chat-completions endpoint. */
  readonly url: string
  /** Sent as `Authorization: Bearer`. */
  readonly apiKey?: string
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>
  /** Hand the client's own `Authorization` on when there is no `apiKey`. */
  readonly forwardAuth?: boolean
  readonly timeout?: UpstreamTimeouts
  /** Largest answer that is not a stream, in bytes. Default 64 MiB. */
  readonly maxAnswer?: number
  /** Used instead of `node:http`. */
  readonly fetch?: typeof fetch
}

export interface HttpUpstream extends Upstream {
  close(): void
}

/** Headers of the client that identify a request, not a person. */
const FORWARDED = ['traceparent', 'tracestate', 'x-request-id', 'idempotency-key']
const FORWARDED_WITH_AUTH = ['authorization', 'openai-organization', 'openai-project', 'api-key']

export function createHttpUpstream(options: HttpUpstreamOptions): HttpUpstream {
  const endpoint = endpointOf(options.url)
  const transport: ClosableTransport =
    options.fetch === undefined ? createNodeTransport() : createFetchTransport(options.fetch)
  return {
    name: endpoint.host,
    async open(request) {
      const watch = createWatch(request.signal, options.timeout ?? {})
      try {
        const answer = await transport.send(endpoint, {
          headers: headersFor(options, request),
          body: JSON.stringify(request.body),
          signal: watch.signal,
        })
        await refuseBadStatus(answer)
        watch.begun()
        return read(answer, request.body.stream === true, watch, options.maxAnswer ?? 64 * 1024 * 1024)
      } catch (cause) {
        watch.stop()
        throw watch.explain(cause, 'The model server could not be reached; check its URL and whether it runs.')
      }
    },
    close: () => transport.close(),
  }
}

function endpointOf(text: string): URL {
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
  const path = url.pathname.replace(/\/$/, '')
  if (!path.endsWith('/chat/completions')) url.pathname = `${path === '' ? '/v1' : path}/chat/completions`
  return url
}

function headersFor(options: HttpUpstreamOptions, request: UpstreamRequest): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: request.body.stream === true ? 'text/event-stream' : 'application/json',
    'accept-encoding': 'identity',
    'user-agent': 'parapet',
  }
  const names =
    options.forwardAuth === true && options.apiKey === undefined ? [...FORWARDED, ...FORWARDED_WITH_AUTH] : FORWARDED
  for (const name of names) {
    const value = request.headers[name]
    if (value !== undefined) headers[name] = value
  }
  if (options.apiKey !== undefined) headers['authorization'] = `Bearer ${options.apiKey}`
  return { ...headers, ...options.headers }
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

async function* read(
  answer: TransportAnswer,
  stream: boolean,
  watch: Watch,
  maxAnswer: number,
): AsyncGenerator<StreamPart> {
  try {
    if (stream) yield* readStream(answer.body, watch)
    else yield* readCompletion(await readJson(answer.body, watch, maxAnswer))
  } catch (cause) {
    throw watch.explain(cause, 'The connection to the model server broke off.')
  } finally {
    watch.stop()
  }
}

async function* readStream(body: AsyncIterable<Uint8Array>, watch: Watch): AsyncGenerator<StreamPart> {
  const parser = createSseParser()
  const reader = createChunkReader()
  const iterator = body[Symbol.asyncIterator]()
  let complete = false
  try {
    for (;;) {
      const step = await iterator.next()
      watch.touch()
      if (step.done === true) break
      for (const data of parser.push(step.value)) {
        if (data === '[DONE]') {
          reader.end()
          complete = true
          return
        }
        watch.pause()
        yield* reader.read(parseObject(data))
        watch.touch()
      }
    }
    parser.end()
    reader.end()
    complete = true
  } finally {
    if (complete) letFinish(iterator, watch)
    else void Promise.resolve(iterator.return?.()).catch(() => undefined)
  }
}

/** After `[DONE]` the body ends by itself and its connection can be used again; a server that goes on is cut off. */
function letFinish(iterator: AsyncIterator<Uint8Array>, watch: Watch): void {
  watch.complete()
  const timer = setTimeout(() => watch.cut(), 1000)
  timer.unref()
  iterator
    .next()
    .then(
      (step) => (step.done === true ? undefined : watch.cut()),
      () => undefined,
    )
    .finally(() => clearTimeout(timer))
}

async function readJson(body: AsyncIterable<Uint8Array>, watch: Watch, limit: number): Promise<JsonObject> {
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for await (const bytes of body) {
    watch.touch()
    size += bytes.byteLength
    if (size > limit) throw upstreamError('The answer of the model server is larger than the limit.')
    text += decoder.decode(bytes, { stream: true })
  }
  watch.complete()
  return parseObject(text + decoder.decode())
}

function parseObject(text: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw upstreamError('The model server sent something that is not JSON.')
  }
  if (!isJsonObject(value)) throw upstreamError('The model server sent something that is not a JSON object.')
  return value
}

/** The clocks of one call. */
interface Watch {
  readonly signal: AbortSignal
  /** The answer began. */
  begun(): void
  /** Something arrived. */
  touch(): void
  /** The answer is not being read just now; silence is not the server's. */
  pause(): void
  /** The answer is whole: `stop` leaves the connection open. */
  complete(): void
  /** Closes the connection. */
  cut(): void
  stop(): void
  /** The error to throw for this cause: ours when a clock ran out, as it is when it is Parapet's already. */
  explain(cause: unknown, message: string): unknown
}

function createWatch(outer: AbortSignal, timeouts: UpstreamTimeouts): Watch {
  const { firstByte = 60_000, idle = 60_000, total = 600_000 } = timeouts
  const controller = new AbortController()
  let reason: string | null = null
  let paused = false
  let complete = false
  const expire = (message: string): void => {
    reason ??= message
    controller.abort()
  }
  const onQuiet = (): void => {
    if (paused) quiet.refresh()
    else expire(`The model server fell silent for ${idle} ms.`)
  }
  const onAbort = (): void => controller.abort(outer.reason)
  if (outer.aborted) onAbort()
  else outer.addEventListener('abort', onAbort, { once: true })
  let quiet = setTimeout(() => expire(`The model server did not begin to answer within ${firstByte} ms.`), firstByte)
  const whole = setTimeout(() => expire(`The model server did not finish within ${total} ms.`), total)
  return {
    signal: controller.signal,
    begun() {
      clearTimeout(quiet)
      quiet = setTimeout(onQuiet, idle)
    },
    touch() {
      paused = false
      quiet.refresh()
    },
    pause: () => void (paused = true),
    complete: () => void (complete = true),
    cut: () => controller.abort(),
    stop() {
      clearTimeout(quiet)
      clearTimeout(whole)
      outer.removeEventListener('abort', onAbort)
      if (!complete) controller.abort()
    },
    explain(cause, message) {
      if (reason !== null) return upstreamTimeout(reason)
      if (ParapetError.isInstance(cause)) return cause
      if (outer.aborted) return new ParapetError('aborted', 'The call to the model server was cancelled.')
      return upstreamError(message, {}, cause)
    },
  }
}
