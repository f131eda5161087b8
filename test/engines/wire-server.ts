/** A server on a socket that answers as a test says and keeps what it was asked. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface AskedOfServer {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

export interface WireServer {
  readonly url: string
  readonly asked: readonly AskedOfServer[]
  close(): Promise<void>
}

export type Answer = (response: ServerResponse, asked: AskedOfServer) => void

/** Answers every request with `answer`. */
export async function startWireServer(answer: Answer): Promise<WireServer> {
  const asked: AskedOfServer[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8')
    request.on('data', (piece: string) => (text += piece))
    request.on('end', () => {
      const call = { path: request.url ?? '', headers: request.headers, body: JSON.parse(text) as unknown }
      asked.push(call)
      answer(response, call)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Sends a value as JSON. */
export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
}
