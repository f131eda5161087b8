/**
 * The gateway as a `fetch` function: web requests in, web responses out. For programs that mount it in a framework of their own,
 * and for everything that has no socket.
 */
import type { EventSource, GatewayRequest, Reply } from './exchange.ts'
import { isEventSource } from './exchange.ts'

export function fromWebRequest(request: Request): GatewayRequest {
  const url = new URL(request.url)
  return {
    method: request.method,
    path: url.pathname,
    query: url.search.slice(1),
    header: (name) => request.headers.get(name) ?? undefined,
    body: () => chunksOf(request.body),
    signal: request.signal,
  }
}

async function* chunksOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body === null) return
  const reader = body.getReader()
  let ended = false
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) {
        ended = true
        return
      }
      yield value
    }
  } finally {
    if (!ended) reader.cancel().catch(() => undefined)
  }
}

export function toWebResponse(reply: Reply): Response {
  const { status, headers, body } = reply
  if (isEventSource(body)) return new Response(toWebStream(body), { status, headers })
  return new Response(body as BodyInit | null, { status, headers })
}

/** The next piece is asked for only when the reader wants more, so a slow client slows the model server down. */
function toWebStream(source: EventSource): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const text = await source.next()
        if (text === null) controller.close()
        else controller.enqueue(encoder.encode(text))
      },
      cancel: () => source.cancel(),
    },
    { highWaterMark: 0 },
  )
}
