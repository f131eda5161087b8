/**
 * The gateway on `node:http`: an incoming message becomes a request, a reply is written to the socket.
 *
 * A client that does not read is waited for (`drain`), so the model server is slowed down and memory stays flat; one that reads
 * nothing at all for `stalled` milliseconds is cut off, because it holds a place that others wait for.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { EventSource, GatewayRequest, Reply } from './exchange.ts'
import { isEventSource } from './exchange.ts'

export interface NodeDoorOptions {
  /** Milliseconds a client may leave a full socket unread. */
  readonly stalled: number
}

/** Answers one message. Never rejects. */
export async function answerMessage(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  handle: (request: GatewayRequest) => Promise<Reply>,
  options: NodeDoorOptions,
): Promise<void> {
  const left = new AbortController()
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) left.abort()
  })
  const reply = await handle(toRequest(incoming, left.signal))
  if (outgoing.destroyed) {
    if (isEventSource(reply.body)) reply.body.cancel()
    return
  }
  if (isEventSource(reply.body)) {
    outgoing.writeHead(reply.status, reply.headers)
    if (incoming.method === 'HEAD') {
      reply.body.cancel()
      outgoing.end()
      return
    }
    await sendEvents(reply.body, outgoing, options)
    return
  }
  sendWhole(reply, reply.body, incoming, outgoing)
}

function toRequest(incoming: IncomingMessage, signal: AbortSignal): GatewayRequest {
  const url = incoming.url ?? '/'
  const question = url.indexOf('?')
  return {
    method: incoming.method ?? 'GET',
    path: question === -1 ? url : url.slice(0, question),
    query: question === -1 ? '' : url.slice(question + 1),
    header(name) {
      const value = incoming.headers[name]
      return Array.isArray(value) ? value.join(', ') : value
    },
    // A body that is given up must not take the socket with it: the answer still has to be written there.
    body: () => incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>,
    signal,
  }
}

function sendWhole(
  reply: Reply,
  body: string | Uint8Array | null,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): void {
  const length = body === null ? 0 : typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength
  const headers: Record<string, string> = { ...reply.headers }
  if (reply.status !== 204) headers['content-length'] = String(length)
  // What was not read of the request would be taken for the next one.
  if (!incoming.complete) headers['connection'] = 'close'
  outgoing.writeHead(reply.status, headers)
  if (body === null || incoming.method === 'HEAD') outgoing.end()
  else outgoing.end(body)
}

async function sendEvents(source: EventSource, outgoing: ServerResponse, options: NodeDoorOptions): Promise<void> {
  const onClose = (): void => source.cancel()
  outgoing.once('close', onClose)
  try {
    for (;;) {
      const text = await source.next()
      if (text === null || outgoing.destroyed) break
      if (!outgoing.write(text) && !(await drained(outgoing, options.stalled))) {
        outgoing.destroy()
        return
      }
    }
    outgoing.off('close', onClose)
    outgoing.end()
  } finally {
    if (outgoing.destroyed) source.cancel()
  }
}

/** False when the socket closed or nothing was read of it for too long. */
function drained(outgoing: ServerResponse, stalled: number): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (value: boolean) => (): void => {
      clearTimeout(timer)
      outgoing.off('drain', onDrain)
      outgoing.off('close', onClose)
      resolve(value)
    }
    const onDrain = settle(true)
    const onClose = settle(false)
    const timer = setTimeout(settle(false), stalled)
    outgoing.once('drain', onDrain)
    outgoing.once('close', onClose)
  })
}
