/** Against a collector that listens on this machine and keeps what it is sent. */
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { judgeWith, wordGuard } from '../../test/support/stream.ts'
import { startTelemetry } from './index.ts'

interface Received {
  readonly path: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: {
    readonly resourceSpans: readonly {
      readonly resource: { readonly attributes: readonly Attribute[] }
      readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[]
    }[]
  }
}
interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue?: string }
}
interface OtlpSpan {
  readonly name: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly traceId: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly Attribute[]
}

let server: Server | null = null

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
  server = null
})

async function collector(status = 200): Promise<{ readonly url: string; readonly received: Received[] }> {
  const received: Received[] = []
  server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      received.push({
        path: request.url,
        headers: request.headers,
        body: JSON.parse(Buffer.concat(pieces).toString()) as Received['body'],
      })
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received }
}

const text = (attributes: readonly Attribute[], key: string): string | undefined =>
  attributes.find((attribute) => attribute.key === key)?.value.stringValue

async function decide(): Promise<ReturnType<typeof judgeWith>['events']> {
  const { judge, events } = judgeWith([wordGuard('words', ['bad'], { action: 'block' })])
  await judge.check({ prompt: 'a secret sentence, bad' })
  return events
}

describe('traces of a process of its own', () => {
  test('are sent to the collector as OTLP in JSON', async () => {
    const { url, received } = await collector()
    const telemetry = await startTelemetry({
      OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/`,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-team=guards%20inc, authorization=Bearer%20t, nonsense',
      OTEL_SERVICE_NAME: 'my-gateway',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test,service.name=other',
    })
    const events = await decide()
    events.forEach((event) => telemetry?.listener(event))
    await telemetry?.shutdown()
    expect(received).toHaveLength(1)
    const [{ path, headers, body } = {} as Received] = received
    expect([path, headers['content-type'], headers['x-team'], headers.authorization]).toEqual([
      '/v1/traces',
      'application/json',
      'guards inc',
      'Bearer t',
    ])
    const [resource] = body.resourceSpans
    expect(text(resource?.resource.attributes ?? [], 'service.name')).toBe('my-gateway')
    expect(text(resource?.resource.attributes ?? [], 'deployment.environment')).toBe('test')
    const spans = resource?.scopeSpans.flatMap((scope) => scope.spans) ?? []
    const decision = spans.find(({ name }) => name === 'parapet.decision')
    const guard = spans.find(({ name }) => name === 'run_guardrail words')
    expect(text(decision?.attributes ?? [], 'parapet.decision')).toBe('block')
    expect([guard?.parentSpanId, guard?.traceId]).toEqual([decision?.spanId, decision?.traceId])
    expect(JSON.stringify(body)).not.toContain('secret')
  })

  test('have an address and headers of their own where that is said', async () => {
    const { url, received } = await collector()
    const telemetry = await startTelemetry(
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${url}/my/traces`,
        OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-a=%zz',
        OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '500',
      },
      { guards: false, conventions: [] },
    )
    const events = await decide()
    events.forEach((event) => telemetry?.listener(event))
    await telemetry?.shutdown()
    expect(received.map(({ path, headers }) => [path, headers['x-a']])).toEqual([['/my/traces', '%zz']])
    const [resource] = received[0]?.body.resourceSpans ?? []
    expect(text(resource?.resource.attributes ?? [], 'service.name')).toBe('parapet')
    expect(resource?.scopeSpans.flatMap(({ spans }) => spans)).toHaveLength(1)
  })

  test('are made later, and none is lost', async () => {
    const { url, received } = await collector()
    const telemetry = await startTelemetry({ OTEL_EXPORTER_OTLP_ENDPOINT: url }, { guards: false, conventions: [] })
    const [event] = (await decide()).filter(({ type }) => type === 'decision-made')
    for (let count = 0; event !== undefined && count < 1500; count += 1) telemetry?.listener(event)
    await telemetry?.shutdown()
    const spans = received.flatMap(({ body }) => body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans))
    expect(spans.flatMap((scope) => scope.spans)).toHaveLength(1500)
  })

  test('that nobody takes cost nothing but themselves', async () => {
    const { url } = await collector(400)
    const telemetry = await startTelemetry({ OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_TIMEOUT: '200' })
    const events = await decide()
    events.forEach((event) => telemetry?.listener(event))
    await expect(telemetry?.shutdown()).resolves.toBeUndefined()
    await expect(telemetry?.shutdown()).resolves.toBeUndefined()
  })
})

describe('nothing is started', () => {
  test.each([
    {},
    { OTEL_EXPORTER_OTLP_ENDPOINT: '' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318', OTEL_SDK_DISABLED: 'TRUE' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318', OTEL_TRACES_EXPORTER: 'none' },
  ])('and nothing loaded: %o', async (env) => {
    const load = (): Promise<never> => Promise.reject(new Error('was asked for'))
    expect(await startTelemetry(env, { load })).toBeNull()
  })

  test.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' }, 'OTEL_EXPORTER_OTLP_ENDPOINT must be'],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'nonsense' }, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT must be'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'usually 4318'],
  ])('with what is wrong: %o', async (env, message) => {
    await expect(startTelemetry(env)).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining(message) as string,
    })
  })

  test('without the packages, and it says which', async () => {
    const load = (): Promise<never> => Promise.reject(new Error('not found'))
    await expect(
      startTelemetry({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' }, { load }),
    ).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringMatching(/npm install .*sdk-trace-node .*exporter-trace-otlp-http/) as string,
    })
  })
})
