/** Through real sockets: what a function from request to answer cannot show. */
import { connect, createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { createServer, request as httpRequest } from 'node:http'
import type { Server as HttpServer, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import type { Gateway, RunningGateway, ServeOptions } from '../../src/gateway/index.ts'
import { createGateway, createGatewayMetrics, createHttpUpstream, serve } from '../../src/gateway/index.ts'
import { chunk, chunksOf, completionOf, contentOf, harness, pipelineOf, sseText, WORDS } from './support.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function start(gateway: Gateway, options: ServeOptions = {}): Promise<RunningGateway> {
  const running = await serve(gateway, { port: 0, ...options })
  closers.push(() => running.close({ grace: 0 }))
  return running
}

/** A model server on a socket, and a gateway in front of it. */
async function withModel(
  handler: (response: ServerResponse, body: string) => void,
  timeout = {},
  options: ServeOptions = {},
): Promise<RunningGateway & { requests: { closed: boolean }[] }> {
  const requests: { closed: boolean }[] = []
  const model: HttpServer = createServer((request, response) => {
    let body = ''
    request.on('data', (bytes: Buffer) => (body += bytes.toString()))
    request.on('end', () => {
      const seen = { closed: false }
      requests.push(seen)
      response.on('close', () => (seen.closed = true))
      handler(response, body)
    })
  })
  await new Promise<void>((resolve) => model.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    model.closeAllConnections()
    model.close()
  })
  const metrics = createGatewayMetrics()
  const upstream = createHttpUpstream({ url: `http://127.0.0.1:${(model.address() as AddressInfo).port}`, timeout })
  closers.push(() => upstream.close())
  const gateway = createGateway({ pipeline: pipelineOf(WORDS, {}, metrics), upstream, metrics, version: '0' })
  return { ...(await start(gateway, options)), requests }
}

function ask(url: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  })
}

const hello = { messages: [{ role: 'user', content: 'hi' }] }

describe('serving', () => {
  test('a stream arrives piece by piece over one kept connection', async () => {
    const running = await withModel((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(sseText(chunksOf('it goes MASKME through')))
    })
    for (let turn = 0; turn < 3; turn += 1) {
      const response = await ask(running.url, { ...hello, stream: true })
      expect(response.headers.get('content-type')).toContain('text/event-stream')
      expect(contentOf(await response.text())).toBe('it goes [masked] through')
    }
    expect(running.requests).toHaveLength(3)
  })

  test('a model server that compresses is understood, whole and streamed; one that breaks off in it is a 502', async () => {
    let broken = false
    const running = await withModel((response, body) => {
      const { stream } = JSON.parse(body) as { stream?: boolean }
      const text =
        stream === true
          ? sseText(chunksOf('it goes MASKME through'))
          : JSON.stringify(completionOf('it goes MASKME through'))
      const bytes = gzipSync(text)
      response.writeHead(200, {
        'content-type': stream === true ? 'text/event-stream' : 'application/json',
        'content-encoding': 'gzip',
      })
      response.end(broken ? bytes.subarray(0, bytes.length / 2) : bytes)
    })
    const whole = (await (await ask(running.url, hello)).json()) as { choices: { message: { content: string } }[] }
    expect(whole.choices[0]?.message.content).toBe('it goes [masked] through')
    expect(contentOf(await (await ask(running.url, { ...hello, stream: true })).text())).toBe(
      'it goes [masked] through',
    )
    broken = true
    expect((await ask(running.url, hello)).status).toBe(502)
    expect((await ask(running.url, { ...hello, stream: true })).status).toBe(502)
    broken = false
    expect((await ask(running.url, hello)).status).toBe(200)
  })

  test('a client that leaves in the middle stops the model', async () => {
    let timer: ReturnType<typeof setInterval> | undefined
    const running = await withModel((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      timer = setInterval(() => response.write(sseText([chunk({ content: 'on and on ' })], false)), 2)
    })
    closers.push(() => clearInterval(timer))
    const leave = new AbortController()
    const reader = (await ask(running.url, { ...hello, stream: true }, leave.signal)).body?.getReader()
    await reader?.read()
    leave.abort()
    await reader?.read().catch(() => undefined)
    await expect.poll(() => running.requests[0]?.closed, { timeout: 5000 }).toBe(true)
    expect((await fetch(`${running.url}/healthz`)).status).toBe(200)
  })

  test('a client that does not read slows the model down', async () => {
    let written = 0
    const running = await withModel((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const event = sseText([chunk({ content: 'words '.repeat(2000) })], false)
      const pump = (): void => {
        while (!response.destroyed && response.write(event)) written += event.length
        written += event.length
        response.once('drain', pump)
      }
      pump()
    })
    const outgoing = httpRequest(`${running.url}/v1/chat/completions`, { method: 'POST' })
    outgoing.end(JSON.stringify({ ...hello, stream: true }))
    const incoming = await new Promise<import('node:http').IncomingMessage>((resolve) =>
      outgoing.on('response', resolve),
    )
    incoming.pause()
    let before = -1
    await expect
      .poll(
        () => {
          const still = written === before
          before = written
          return still
        },
        { interval: 200, timeout: 20_000 },
      )
      .toBe(true)
    expect(written).toBeLessThan(64 * 1024 * 1024)
    incoming.destroy()
    await expect.poll(() => running.requests[0]?.closed, { timeout: 5000 }).toBe(true)
  })

  test('a client that reads nothing for too long is cut off, and its model is let go', async () => {
    const running = await withModel(
      (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        const event = sseText([chunk({ content: 'words '.repeat(2000) })], false)
        const pump = (): void => {
          while (!response.destroyed && response.write(event));
          response.once('drain', pump)
        }
        pump()
      },
      {},
      { stallTimeout: 300 },
    )
    const body = JSON.stringify({ ...hello, stream: true })
    const socket = connect(running.port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    )
    socket.pause()
    await expect.poll(() => running.requests[0]?.closed, { timeout: 20_000 }).toBe(true)
    socket.destroy()
    expect((await fetch(`${running.url}/healthz`)).status).toBe(200)
  })

  test('a model server that is not there, hangs up or cuts its answer short', async () => {
    const tcp = createTcpServer((socket: Socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () =>
        socket.end(
          'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n10\r\ndata: {"cho',
        ),
      )
    })
    await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve))
    closers.push(() => tcp.close())
    const cut = createHttpUpstream({ url: `http://127.0.0.1:${(tcp.address() as AddressInfo).port}/v1` })
    const absent = createHttpUpstream({ url: 'http://127.0.0.1:9' })
    for (const upstream of [cut, absent]) {
      const running = await start(harness({ upstream }).gateway)
      for (const stream of [true, false]) {
        const response = await ask(running.url, { ...hello, stream })
        expect(response.status).toBe(502)
        expect(await response.json()).toMatchObject({ error: { type: 'upstream_error' } })
      }
    }
  })

  test('50 MB are refused early and the next request is served', async () => {
    const running = await start(harness().gateway)
    const big = Buffer.alloc(50 * 1024 * 1024, 0x20)
    const status = await new Promise<number>((resolve, reject) => {
      const outgoing = httpRequest(`${running.url}/v1/guard`, {
        method: 'POST',
        headers: { 'content-length': big.length },
      })
      outgoing.on('response', (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      outgoing.on('error', reject)
      outgoing.end(big)
    })
    expect(status).toBe(413)
    expect((await fetch(`${running.url}/v1/guard`, { method: 'POST', body: '{"prompt":"x"}' })).status).toBe(200)
  })
})

describe('where it listens', () => {
  test('without keys only on loopback', async () => {
    const { gateway } = harness()
    await expect(serve(gateway, { port: 0, host: '0.0.0.0' })).rejects.toMatchObject({ code: 'configuration' })
    const running = await serve(harness({ keys: ['long-enough-key'] }).gateway, { port: 0, host: '0.0.0.0' })
    await running.close()
  })

  test('a taken port and a wrong one are told', async () => {
    const running = await start(harness().gateway)
    await expect(serve(harness().gateway, { port: running.port })).rejects.toMatchObject({ code: 'configuration' })
    await expect(serve(harness().gateway, { port: 70_000 })).rejects.toMatchObject({ code: 'configuration' })
  })

  test('other hosts and origins are refused without keys', async () => {
    const running = await start(harness().gateway)
    const status = (headers: Record<string, string>): Promise<number> =>
      new Promise((resolve, reject) => {
        const outgoing = httpRequest(`${running.url}/healthz`, { headers }, (response) => {
          response.resume()
          resolve(response.statusCode ?? 0)
        })
        outgoing.on('error', reject)
        outgoing.end()
      })
    expect(await status({ host: 'evil.example' })).toBe(403)
    expect(await status({ origin: 'https://evil.example' })).toBe(403)
    expect(await status({ origin: 'null' })).toBe(403)
    expect(await status({ host: `localhost:${running.port}`, origin: 'http://localhost:3000' })).toBe(200)
  })

  test('bytes that are not HTTP close the connection and nothing else', async () => {
    const running = await start(harness().gateway)
    await new Promise<void>((resolve) => {
      const socket = connect(running.port, '127.0.0.1', () => socket.write('\x16\x03\x01 not http\r\n\r\n'))
      socket.on('error', () => undefined)
      socket.on('close', () => resolve())
      socket.resume()
    })
    expect((await fetch(`${running.url}/healthz`)).status).toBe(200)
  })
})

test('closing waits for what is in flight and takes nothing new', async () => {
  let finish: () => void = () => undefined
  const running = await withModel((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(sseText(chunksOf('calm words follow '.repeat(60)).slice(0, -1), false))
    finish = () => response.end(sseText([chunk({}, 'stop')]))
  })
  const response = await ask(running.url, { ...hello, stream: true })
  const text = response.text()
  const closed = running.close({ grace: 5000 })
  await expect(fetch(`${running.url}/healthz`)).rejects.toThrow()
  finish()
  expect((await text).endsWith('data: [DONE]\n\n')).toBe(true)
  await closed
})
