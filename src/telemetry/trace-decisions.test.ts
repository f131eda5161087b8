import * as api from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node'
import {
  AlwaysOffSampler,
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node'
import { afterEach, describe, expect, test } from 'vitest'
import { type CallModel, converse, guardParts, routeCalls } from '../core/stream/index.ts'
import { createPrimeGuard } from '../routing/primeguard/index.ts'
import type { Guard, ParapetEvent, ParapetListener, Policy, StreamPart } from '../spec/index.ts'
import { judgeWith, ManualClock, partsOf, texts, wordGuard } from '../../test/support/stream.ts'
import type { TraceOptions } from './index.ts'
import { CONVENTIONS, NAMES, traceDecisions } from './index.ts'
import { readTraceparent } from './parent.ts'

const SECRET = 'a secret sentence'

function sdk(config: object = {}) {
  const exporter = new InMemorySpanExporter()
  const tracerProvider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)], ...config })
  const spans = (): readonly ReadableSpan[] => exporter.getFinishedSpans()
  return { tracerProvider, spans }
}

interface Traced {
  readonly decision: ReadableSpan
  readonly guards: readonly ReadableSpan[]
}

function read(spans: readonly ReadableSpan[]): Traced {
  const decision = spans.find(({ name }) => name === 'parapet.decision')
  if (decision === undefined) throw new Error('no decision was traced')
  return { decision, guards: spans.filter((span) => span !== decision) }
}

function millis([seconds, nanos]: api.HrTime): number {
  return seconds * 1000 + nanos / 1e6
}

/** Checks one prompt with these guards and traces it. */
async function check(
  guards: readonly Guard[],
  policy: Partial<Policy> = {},
  options: TraceOptions = {},
  caller: object = {},
): Promise<Traced> {
  const { tracerProvider, spans } = sdk()
  const listener = await traceDecisions({ api, tracerProvider, ...options })
  const { judge, events } = judgeWith(guards, policy)
  await judge.check({ prompt: `${SECRET} bad`, caller }, { door: 'test' })
  events.forEach(listener)
  return read(spans())
}

const bad = (action: 'pass' | 'flag' | 'modify' | 'refuse' | 'hold' | 'block'): Guard =>
  wordGuard('words', ['bad'], { action })
const throwing: Guard = {
  ...bad('block'),
  check: () => {
    throw new Error(SECRET)
  },
}

afterEach(() => {
  api.trace.disable()
  api.context.disable()
})

describe('one span for the decision, one for each guard', () => {
  test('with what was decided and by whom', async () => {
    const { decision, guards } = await check(
      [bad('block'), wordGuard('other', ['x'])],
      {},
      {},
      { application: 'shop', conversation: 'c1', user: 'ann', key: 'k' },
    )
    expect(decision.attributes).toMatchObject({
      'parapet.decision': 'block',
      'parapet.decision.id': 'dec_1',
      'parapet.door': 'test',
      'parapet.labels': ['rule.words'],
      'parapet.application': 'shop',
      'gen_ai.conversation.id': 'c1',
      'openinference.span.kind': 'GUARDRAIL',
      'gen_ai.operation.name': 'run_guardrail',
      'gen_ai.security.verdict.type': 'deny',
      'gen_ai.security.action.type': 'block',
      'gen_ai.security.target.type': 'input',
    })
    expect(guards.map(({ name }) => name)).toEqual(['run_guardrail words', 'run_guardrail other'])
    for (const guard of guards) {
      expect(guard.parentSpanContext?.spanId).toBe(decision.spanContext().spanId)
      expect(guard.spanContext().traceId).toBe(decision.spanContext().traceId)
      expect(guard.kind).toBe(api.SpanKind.INTERNAL)
    }
    expect(guards[0]?.attributes).toMatchObject({
      'parapet.guard': 'words',
      'parapet.stage': 'input',
      'parapet.guard.status': 'judged',
      'parapet.guard.decision': 'block',
      'gen_ai.security.guardrail.name': 'words',
    })
    expect(guards[0]?.events.map(({ name, attributes }) => [name, attributes])).toEqual([
      ['gen_ai.evaluation.result', { 'gen_ai.evaluation.name': 'words', 'gen_ai.evaluation.score.label': 'block' }],
      [
        'gen_ai.security.finding',
        {
          'gen_ai.security.guardrail.name': 'words',
          'gen_ai.security.risk.finding': 'rule.words',
          'gen_ai.security.target.type': 'input',
          'gen_ai.security.target.subtype': 'llm',
          'gen_ai.security.verdict.type': 'deny',
        },
      ],
    ])
  })

  test('nothing that was judged, no user and no key is in it', async () => {
    for (const guard of [bad('modify'), bad('refuse'), throwing]) {
      const traced = await check([guard], {}, {}, { user: 'ann in person', key: 'key in person' })
      const said = JSON.stringify(
        [traced.decision, ...traced.guards].map(({ name, attributes, events, status }) => [
          name,
          attributes,
          events,
          status,
        ]),
      )
      expect(said).not.toMatch(/secret|in person/)
    }
  })

  test('scores are events of the published convention', async () => {
    const scoring: Guard = {
      ...bad('pass'),
      check: () => ({ findings: [], scores: { injection: 0.25, toxicity: null } }),
    }
    const { decision } = await check([scoring])
    expect(decision.events.map(({ attributes }) => attributes)).toEqual([
      { 'gen_ai.evaluation.name': 'injection', 'gen_ai.evaluation.score.value': 0.25 },
    ])
  })
})

describe('blocked, failed and too late differ', () => {
  test.each([
    ['pass', 'allow', 'allow'],
    ['flag', 'warn', 'allow'],
    ['modify', 'modify', 'modify'],
    ['hold', 'escalate', 'escalate'],
    ['refuse', 'deny', 'block'],
    ['block', 'deny', 'block'],
  ] as const)('%s is no error', async (outcome, verdict, action) => {
    const { decision, guards } = await check([bad(outcome)])
    for (const { status, attributes } of [decision, ...guards]) {
      expect(status.code).toBe(api.SpanStatusCode.UNSET)
      expect(attributes).toMatchObject({
        'gen_ai.security.verdict.type': verdict,
        'gen_ai.security.action.type': action,
      })
      expect(attributes).not.toHaveProperty('error.type')
    }
    expect(decision.attributes['parapet.decision']).toBe(outcome)
    expect(decision.attributes['gen_ai.security.content.modified']).toBe(outcome === 'modify')
  })

  test('a guard that fails is one', async () => {
    const { decision, guards } = await check([throwing])
    for (const { status, attributes } of [decision, ...guards]) {
      expect(status).toEqual({ code: api.SpanStatusCode.ERROR, message: 'guard_failed' })
      expect(attributes['error.type']).toBe('guard_failed')
      expect(attributes).not.toHaveProperty('gen_ai.security.verdict.type')
      expect(attributes['gen_ai.security.action.type']).toBe('block')
    }
    expect(guards[0]?.attributes['parapet.guard.status']).toBe('error')
  })

  test('unless the policy lets it pass: then only the guard’s span is', async () => {
    const { decision, guards } = await check([throwing], { onError: 'pass' })
    expect([decision.status.code, guards[0]?.status.code]).toEqual([api.SpanStatusCode.UNSET, api.SpanStatusCode.ERROR])
    expect(guards[0]?.attributes['gen_ai.security.action.type']).toBe('allow')
  })

  test('a guard that is too late is told apart', async () => {
    const { tracerProvider, spans } = sdk()
    const clock = new ManualClock()
    const hanging: Guard = { ...bad('block'), check: () => new Promise(() => undefined) }
    const { judge, events } = judgeWith([hanging], { deadlines: { guard: 50 } }, clock)
    const checked = judge.check({ prompt: 'x' })
    await clock.advance(60)
    await checked
    events.forEach(await traceDecisions({ api, tracerProvider }))
    const { decision, guards } = read(spans())
    expect(decision.attributes['parapet.decision']).toBe('timeout')
    expect(decision.status).toEqual({ code: api.SpanStatusCode.ERROR, message: 'guard_timeout' })
    expect(guards[0]?.attributes).toMatchObject({ 'parapet.guard.status': 'timeout', 'error.type': 'guard_timeout' })
    expect(millis(guards[0]?.endTime ?? [0, 0]) - millis(guards[0]?.startTime ?? [0, 0])).toBe(50)
  })

  test('shadow changed nothing and says what it would have done', async () => {
    const { decision, guards } = await check([bad('block')], { shadow: true })
    expect(decision.attributes).toMatchObject({ 'parapet.decision': 'pass', 'parapet.decision.shadow': 'block' })
    expect(guards[0]?.attributes).toMatchObject({
      'parapet.guard.shadow': true,
      'parapet.guard.decision': 'block',
      'gen_ai.security.verdict.type': 'deny',
      'gen_ai.security.action.type': 'allow',
    })
  })
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

describe('which names are used', () => {
  test.each([[], ...CONVENTIONS.map((convention) => [convention])])('%s only', async (...chosen) => {
    const conventions = chosen.filter((convention) => CONVENTIONS.includes(convention))
    const { decision, guards } = await check([bad('block')], {}, { conventions })
    const names = [decision, ...guards].flatMap(({ attributes, events }) => [
      ...Object.keys(attributes),
      ...events.flatMap((event) => [event.name, ...Object.keys(event.attributes ?? {})]),
    ])
    const has = (prefix: string): boolean => names.some((name) => name.startsWith(prefix))
    expect([has('gen_ai.evaluation.'), has('gen_ai.security.'), has('openinference.')]).toEqual(
      CONVENTIONS.map((convention) => conventions.includes(convention)),
    )
    expect(has('parapet.')).toBe(true)
    const known = new Set(
      Object.values(NAMES).flatMap((group) => (typeof group === 'string' ? [] : Object.values(group))),
    )
    expect(names.filter((name) => !known.has(name as never))).toEqual([])
  })

  test('without guards there is one span', async () => {
    expect((await check([bad('block')], {}, { guards: false })).guards).toEqual([])
  })
})

describe('what is not there', () => {
  test('no SDK: nothing happens', async () => {
    const listener = await traceDecisions()
    const { judge, events } = judgeWith([bad('block')])
    await judge.check({ prompt: 'bad' })
    expect(() => events.forEach(listener)).not.toThrow()
  })

  test('an SDK that comes later is found', async () => {
    const { tracerProvider, spans } = sdk()
    const listener = await traceDecisions()
    const { judge, events } = judgeWith([bad('block')])
    await judge.check({ prompt: 'bad' })
    tracerProvider.register()
    events.forEach(listener)
    expect(spans()).toHaveLength(2)
  })

  test('a decision that is not sampled has no spans for its guards', async () => {
    const { tracerProvider, spans } = sdk({ sampler: new AlwaysOffSampler() })
    let started = 0
    const tracer = tracerProvider.getTracer('test')
    const counting: api.Tracer = {
      startSpan: (...parameters) => {
        started += 1
        return tracer.startSpan(...parameters)
      },
      startActiveSpan: tracer.startActiveSpan.bind(tracer),
    }
    const listener = await traceDecisions({ api, tracer: counting })
    const { judge, events } = judgeWith([bad('block')])
    await judge.check({ prompt: 'bad' })
    events.forEach(listener)
    expect([started, spans().length]).toEqual([1, 0])
  })

  test('no package: it says what to install', async () => {
    const load = (): Promise<never> => Promise.reject(new Error('not found'))
    await expect(traceDecisions({ load })).rejects.toMatchObject({
      code: 'configuration',
      message: 'Traces need @opentelemetry/api. Install it: npm install @opentelemetry/api',
    })
  })
})
