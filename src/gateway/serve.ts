/**
 * The gateway on a socket. Without API keys it serves loopback only, and there it answers only requests that name a loopback
 * host: a web page whose name was pointed at 127.0.0.1 (DNS rebinding), or that posts across origins, is refused.
 */
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ParapetError } from '../spec/index.ts'
import { errorReply } from './answer/errors.ts'
import type { Gateway } from './app.ts'
import type { GatewayRequest, Reply } from './http/exchange.ts'
import { answerMessage } from './http/node-door.ts'

export interface ServeOptions {
  /** Default 4141; 0 takes a free one. */
  readonly port?: number
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Milliseconds within which a client must have sent its whole request. Default 120,000. */
  readonly requestTimeout?: number
  /** Milliseconds a client may leave a full socket unread before it is cut off. Default 60,000. */
  readonly stallTimeout?: number
}

export interface RunningGateway {
  /** For example `http://127.0.0.1:4141`. */
  readonly url: string
  readonly port: number
  /** Stops accepting, lets requests in flight finish for up to `grace` milliseconds, then aborts them. */
  close(options?: { readonly grace?: number }): Promise<void>
}

/** What `serve` needs of a gateway. */
export type ServedGateway = Pick<Gateway, 'handle' | 'close' | 'keyed'>

/** Milliseconds a client is given to read the end of its answer while the server stops. */
const FLUSH = 2000

/** Starts to listen. Rejects with `configuration` when the host is not allowed or the port is taken. */
export async function serve(gateway: ServedGateway, options: ServeOptions = {}): Promise<RunningGateway> {
  const { port = 4141, host = '127.0.0.1', requestTimeout = 120_000, stallTimeout = 60_000 } = options
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new ParapetError('configuration', 'The port must be a whole number from 0 to 65535.')
  }
  if (!gateway.keyed && !isLoopback(host)) {
    throw new ParapetError(
      'configuration',
      'Without API keys only a loopback host is served. Configure a key, or listen on 127.0.0.1.',
    )
  }
  const handle = gateway.keyed ? gateway.handle : (request: GatewayRequest) => loopbackOnly(request, gateway)
  const server = createServer((incoming, outgoing) => {
    void answerMessage(incoming, outgoing, handle, { stalled: stallTimeout })
  })
  // A client that sends its request a byte a minute must not hold a connection for ever.
  server.headersTimeout = Math.min(30_000, requestTimeout)
  server.requestTimeout = requestTimeout
  const address = await listen(server, port, host)
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    port: address.port,
    async close(closing = {}) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      await gateway.close(closing)
      // What has been answered must still reach the client: idle connections are closed as they become idle, the rest in the end.
      const sweep = setInterval(() => server.closeIdleConnections(), 20)
      const late = setTimeout(() => server.closeAllConnections(), FLUSH)
      await closed
      clearInterval(sweep)
      clearTimeout(late)
    },
  }
}

function listen(server: Server, port: number, host: string): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const advice =
        cause.code === 'EADDRINUSE'
          ? `Port ${port} is taken; choose another with --port, or 0 for a free one.`
          : `Cannot listen on port ${port} (${cause.code ?? 'unknown error'}); check host and port.`
      reject(new ParapetError('configuration', advice, { cause }))
    })
    server.listen(port, host, () => resolve(server.address() as AddressInfo))
  })
}

/** Whether a host name or address is this machine's own. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase()
  return bare === 'localhost' || bare === '::1' || /^127(?:\.\d{1,3}){3}$/.test(bare)
}

async function loopbackOnly(request: GatewayRequest, gateway: ServedGateway): Promise<Reply> {
  const origin = request.header('origin')
  if (namesLoopback(`http://${request.header('host') ?? ''}`) && (origin === undefined || namesLoopback(origin)))
    return gateway.handle(request)
  return errorReply(
    new ParapetError(
      'unauthorized',
      'Without API keys only requests to and from this machine are answered. Configure a key.',
      {
        details: { httpStatus: 403 },
      },
    ),
  )
}

function namesLoopback(url: string): boolean {
  try {
    return isLoopback(new URL(url).hostname)
  } catch {
    return false
  }
}
