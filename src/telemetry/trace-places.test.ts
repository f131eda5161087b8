/** Where the spans of a decision stand: in time, and below which other span. */
import * as api from '@opentelemetry/api'
import { afterEach, describe, expect, test } from 'vitest'
import { type CallModel, converse, guardParts, routeCalls } from '../core/stream/index.ts'
import { createPrimeGuard } from '../routing/primeguard/index.ts'
import type { Guard, ParapetEvent, ParapetListener, StreamPart } from '../spec/index.ts'
import { judgeWith, ManualClock, partsOf, texts, wordGuard } from '../../test/support/stream.ts'
import { bad, check, millis, read, sdk, SECRET } from '../../test/support/traces.ts'
import { traceDecisions } from './index.ts'
import { readTraceparent } from './parent.ts'

afterEach(() => {
  api.trace.disable()
  api.context.disable()
})

describe('times are those of the guards', () => {
  test('over a whole text', async () => {
    const { tracerProvider, spans } = sdk()
    const clock = new ManualClock()
    await clock.advance(1_000)
    const slow = (id: string, ms: number): Guard => ({
      ...wordGuard(id, ['bad']),
      check: () => new Promise((resolve) => clock.setTimeout(() => resolve({ findings: [] }), ms)),
    })
    const { judge, events } = judgeWith([slow('a', 30), slow('b', 70)], {}, clock)
    const checked = judge.check({ prompt: 'x' })
    await clock.advance(100)
    await checked
    events.forEach(await traceDecisions({ api, tracerProvider }))
    const { decision, guards } = read(spans())
    const times = [decision, ...guards].map(({ startTime, endTime }) => [millis(startTime), millis(endTime)])
    expect(times).toEqual([
      [1000, 1070],
      [1000, 1030],
      [1000, 1070],
    ])
  })

  test('over a stream: from the first step to the last', async () => {
    const { tracerProvider, spans } = sdk()
    const clock = new ManualClock()
    await clock.advance(1_000)
    const { judge, events } = judgeWith([wordGuard('a', ['bad'], { later: true })], { stream: { window: 16 } }, clock)
    const source = async function* (): AsyncGenerator<StreamPart> {
      yield { type: 'text', text: 'some decent words come first ' }
      await new Promise<void>((resolve) => clock.setTimeout(resolve, 40))
      yield { type: 'text', text: 'and some more of them' }
    }
    const stream = guardParts(source(), { judge })
    const reading = (async () => {
      for await (const _part of stream) void _part
    })()
    await clock.advance(100)
    await reading
    await stream.result
    events.forEach(await traceDecisions({ api, tracerProvider }))
    const [guard] = read(spans()).guards
    expect([millis(guard?.startTime ?? [0, 0]), millis(guard?.endTime ?? [0, 0])]).toEqual([1000, 1040])
    expect(guard?.attributes['parapet.guard.busy_ms']).toBe(0)
  })

  test('a turn is one trace of its input and its answer', async () => {
    const { tracerProvider, spans } = sdk()
    const { judge, events } = judgeWith([wordGuard('a', ['bad'])])
    const turn = converse({ messages: [{ role: 'user', content: 'hi' }] }, async () => partsOf(texts('fine')), {
      judge,
    })
    for await (const _part of turn) void _part
    await turn.result
    events.forEach(await traceDecisions({ api, tracerProvider }))
    const { decision, guards } = read(spans())
    expect(guards.map(({ attributes }) => attributes['parapet.stage'])).toEqual(['input', 'output'])
    expect(decision.attributes['gen_ai.security.target.type']).toBe('output')
  })

  test('a routed turn shows the route and the time it took, and no word of check or tip', async () => {
    const { tracerProvider, spans } = sdk()
    const clock = new ManualClock()
    const { judge, events } = judgeWith([wordGuard('a', ['bad'])], {}, clock)
    const said = { system_check_result: SECRET, route: 'direct_violation', system_tip: SECRET }
    const router = createPrimeGuard({ guidelines: ['Nothing of the mill'], clock })
    const answers = [JSON.stringify(said), 'Sorry, no.']
    const call: CallModel = async () => {
      await clock.advance(40)
      return partsOf(texts(answers.shift() ?? ''))
    }
    await clock.advance(10)
    const turn = converse({ messages: [{ role: 'user', content: SECRET }] }, routeCalls(router, call), { judge })
    for await (const _part of turn) void _part
    await turn.result
    events.forEach(await traceDecisions({ api, tracerProvider }))
    const route = read(spans()).guards.find(({ name }) => name.endsWith('primeguard'))
    expect(route?.attributes).toMatchObject({
      'parapet.guard': 'primeguard',
      'parapet.guard.decision': 'flag',
      'parapet.labels': ['route.direct_violation'],
    })
    expect([route?.startTime, route?.endTime].map((time) => millis(time ?? [0, 0]))).toEqual([10, 50])
    expect(JSON.stringify(spans().map(({ attributes, events: own }) => [attributes, own]))).not.toContain(SECRET)
  })
})

describe('where a span hangs', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

  test('below the request that said so', async () => {
    const { decision } = await check([bad('pass')], {}, {}, { traceparent })
    expect(decision.spanContext().traceId).toBe('0af7651916cd43dd8448eb211c80319c')
    expect(decision.parentSpanContext).toMatchObject({ spanId: 'b7ad6b7169203331', isRemote: true })
  })

  test('below the span that is active in this process', async () => {
    const { tracerProvider, spans } = sdk()
    tracerProvider.register()
    const listener = await traceDecisions({ api })
    const { judge } = withListener(listener)
    const tracer = api.trace.getTracer('test')
    const outer = await tracer.startActiveSpan('outer', async (span) => {
      await judge.check({ prompt: 'x' })
      span.end()
      return span
    })
    expect(read(spans().filter(({ name }) => name !== 'outer')).decision.parentSpanContext?.spanId).toBe(
      outer.spanContext().spanId,
    )
  })

  test('nowhere, when what was sent is no traceparent', async () => {
    const wrong = [
      '',
      'x',
      `ff${traceparent.slice(2)}`,
      traceparent.toUpperCase(),
      traceparent.replace('b7ad6b7169203331', '0'.repeat(16)),
      `${traceparent}x`,
    ]
    for (const header of wrong) {
      expect(readTraceparent(header)).toBeNull()
      const { decision } = await check([bad('pass')], {}, {}, { traceparent: header })
      expect(decision.parentSpanContext).toBeUndefined()
    }
    expect(readTraceparent(`01${traceparent.slice(2)}-later`)).toMatchObject({ traceFlags: 1 })
  })

  function withListener(listener: ParapetListener) {
    const bench = judgeWith([bad('pass')])
    const { events } = bench
    const push = events.push.bind(events)
    events.push = (...items: ParapetEvent[]) => {
      items.forEach(listener)
      return push(...items)
    }
    return bench
  }
})
