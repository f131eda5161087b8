/**
 * One HTTP request whose answer is read as it arrives. `node:http` rather than `fetch`, whose web streams cost about half the rate
 * on streamed answers; a `fetch` can be passed instead where there is no `node:http` or a test scripts one.
 *
 * Follows no redirects (a key must not travel). Cancelling the signal closes the socket.
 */
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'

export interface TransportAnswer {
  readonly status: number
  header(name: string): string | undefined
  readonly body: AsyncIterable<Uint8Array>
}

/** Sends a body and resolves once the answer's headers are there. */
export type Transport = (
  url: URL,
  options: {
    readonly method: 'GET' | 'POST'
    readonly headers: Readonly<Record<string, string>>
    readonly body?: string
    readonly signal: AbortSignal
  },
) => Promise<TransportAnswer>

export interface ClosableTransport {
  readonly send: Transport
  /** Closes idle connections. */
  close(): void
}

/** A transport on `node:http` with connections kept open between requests. */
export function createNodeTransport(): ClosableTransport {
  const agents = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) }
  return {
    send: (url, { method, headers, body, signal }) =>
      new Promise((resolve, reject) => {
        const secure = url.protocol === 'https:'
        const options = {
          method,
          headers: body === undefined ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) },
          signal,
          agent: secure ? agents.https : agents.http,
        }
        const outgoing = (secure ? httpsRequest : httpRequest)(url, options, (incoming) => {
          resolve({
            status: incoming.statusCode ?? 0,
            header: (name) => singleHeader(incoming.headers, name),
            body: incoming,
          })
        })
        outgoing.on('error', reject)
        outgoing.end(body)
      }),
    close() {
      agents.http.destroy()
      agents.https.destroy()
    },
  }
}

function singleHeader(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}

/** A transport on a `fetch` function. */
export function createFetchTransport(fetchFunction: typeof fetch): ClosableTransport {
  return {
    async send(url, { method, headers, body, signal }) {
      const asked = fetchFunction(url, {
        method,
        headers,
        ...(body === undefined ? {} : { body }),
        signal,
        redirect: 'manual',
      })
      const response = await unlessAborted(asked, signal)
      return {
        status: response.status,
        header: (name) => response.headers.get(name) ?? undefined,
        body: response.body === null ? nothing() : readAll(response.body, signal),
      }
    },
    close: () => undefined,
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // No body.
}

async function* readAll(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await unlessAborted(reader.read(), signal)
      if (done) return
      yield value
    }
  } finally {
    reader.cancel().catch(() => undefined)
  }
}

/** A function passed in may ignore its signal; nothing here waits for it then. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new Error('The call was aborted.', { cause: signal.reason }))
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
