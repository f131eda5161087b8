/** What the spans of a decision say: attributes, events and status, and which names stand in them. */
import * as api from '@opentelemetry/api'
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-node'
import { afterEach, describe, expect, test } from 'vitest'
import type { Guard } from '../spec/index.ts'
import { judgeWith, ManualClock, wordGuard } from '../../test/support/stream.ts'
import { bad, check, millis, read, sdk, SECRET } from '../../test/support/traces.ts'
import { CONVENTIONS, NAMES, traceDecisions } from './index.ts'

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
