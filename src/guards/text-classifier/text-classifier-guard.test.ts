/** A classifier as a guard: what its labels become, at which stage, in which window, and that no failure is a clean text. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { GuardRequest, TextClassifierEngine, TextClassifierInput } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { guardStream } from '../../../test/engines/guard-stream.ts'
import { harmOf, requestFor, scripted, type Script } from '../../../test/support/scripted-text-classifier.ts'
import { cutAt } from '../../../test/support/stream.ts'
import { createTextClassifierGuard, type TextClassifierGuardOptions } from './index.ts'

const bad =
  (share = 0.9): Script =>
  ({ text }) =>
    text.includes('bad') ? [1 - share, share] : [0.95, 0.05]
const LABELS = { fine: [], bad: ['harm'] }
const options = (script: Script = bad()): TextClassifierGuardOptions => ({
  engine: scripted(['fine', 'bad'], script, true),
  labels: LABELS,
})

describe('labels', () => {
  test('harm is of the prompt or of the answer, by stage', async () => {
    const guard = createTextClassifierGuard(options())
    expect(guard.stages).toEqual(['input', 'retrieval', 'tool_result', 'output'])
    expect((await guard.check(requestFor('a bad thing'))).findings).toEqual([{ label: 'prompt_harm', score: 0.9 }])
    const answer = await guard.check(requestFor('a bad thing', { stage: 'output' }))
    expect(answer.findings).toEqual([{ label: 'response_harm', score: 0.9 }])
    expect((await guard.check(requestFor('a good thing'))).findings).toEqual([])
  })

  test('a stage that a label names is judged, arguments of tools as well', async () => {
    const labels = { fine: [], bad: [{ label: 'injection', stages: ['tool_call', 'input'] as const }] }
    const guard = createTextClassifierGuard({ ...options(), labels })
    expect(guard.stages).toEqual(['input', 'tool_call'])
    const { scores } = await guard.check(requestFor('a bad thing', { stage: 'tool_call' }))
    expect(scores).toEqual({ injection: 0.9 })
  })

  test('labels for one finding add up where they exclude each other, window by window', async () => {
    const script: Script = ({ text }) => (text === 'one' ? [0.2, 0.4, 0.4] : text === 'two' ? [0.4, 0.6, 0] : [1, 0, 0])
    const map = { fine: [], a: ['harm'], b: ['harm'] }
    const sum = createTextClassifierGuard({ engine: scripted(['fine', 'a', 'b'], script, true), labels: map })
    expect(harmOf(await sum.check(requestFor('one')))).toBeCloseTo(0.8, 6)
    // The largest of two windows, not the sum of the largest of each label, which would be 1.
    expect(harmOf(await sum.check(requestFor('one|two')))).toBeCloseTo(0.8, 6)
    const each = createTextClassifierGuard({ engine: scripted(['fine', 'a', 'b'], script), labels: map })
    expect(harmOf(await each.check(requestFor('two')))).toBeCloseTo(0.6, 6)
  })

  test('hazards are categories, which decide only where no head does', async () => {
    const engine = scripted(['hate', 'fraud'], () => [0.7, 0.8])
    const beside = createTextClassifierGuard({ engine, labels: { hate: ['harm', 'S10'], fraud: ['S2'] } })
    const { findings, categories } = await beside.check(requestFor('text'))
    expect(categories).toEqual({ S10: 0.7, S2: 0.8 })
    expect(findings).toEqual([
      { label: 'prompt_harm', score: 0.7 },
      { label: 'S10', score: 0.7, action: 'pass' },
      { label: 'S2', score: 0.8, action: 'block' },
    ])
  })

  test('a threshold becomes one half, and the order of scores stays', async () => {
    const at = async (share: number, more: Partial<TextClassifierGuardOptions>): Promise<number> =>
      harmOf(await createTextClassifierGuard({ ...options(bad(share)), ...more }).check(requestFor('bad'))) ??
      Number.NaN
    expect(await at(0.8, { threshold: 0.8 })).toBe(0.5)
    expect(await at(0.9, { threshold: 0.8 })).toBeCloseTo(0.75, 9)
    expect(await at(0.9, { thresholds: { prompt_harm: 0.95 } })).toBeLessThan(0.5)
    expect(await at(0.4, { thresholds: { harm: 0.3 } })).toBeGreaterThan(0.5)
    expect(await at(0.4, { thresholds: { harm: 0.3, prompt_harm: 0.5 } })).toBeLessThan(0.5)
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (threshold, one, other) => {
          const [low, high] = [Math.min(one, other), Math.max(one, other)]
          const [first, second] = [await at(low, { threshold }), await at(high, { threshold })]
          expect(first).toBeLessThanOrEqual(second)
          expect(second > 0.5).toBe(high > threshold)
        },
      ),
      { seed: 20261127 },
    )
  })

  test.each([
    [{ bad: ['harm'] }, 'nothing is said of the label fine'],
    [{ ...LABELS, worse: ['harm'] }, 'the model has no label worse; it has fine, bad'],
    [{ fine: [], bad: [] }, 'no label of the model means anything at any stage'],
    [{ fine: [], bad: [''] }, 'there is no label of findings ""'],
    [{ fine: [], bad: ['injecton'] }, 'did you mean injection?'],
    [{ fine: [], bad: ['S99'] }, 'there is no label of findings "S99"'],
    [{ fine: [], bad: ['clause.'] }, 'there is no label of findings "clause."'],
  ])('%j is refused', (labels, said) => {
    expect(() => createTextClassifierGuard({ ...options(), labels })).toThrow(said)
  })

  test.each([
    [{ labels: undefined as never }, 'labels are missing'],
    [{ threshold: 1 }, 'a threshold must lie between 0 and 1'],
    [{ thresholds: { harm: Number.NaN } }, 'a threshold must lie between 0 and 1'],
    [{ thresholds: { injection: 0.3 } }, 'thresholds names injection, which no label of the model means'],
    [{ window: 5_000 }, 'window must be at most 4096'],
    [{ window: 10, hop: 11 }, 'hop must not be larger'],
    [
      { stages: ['input'], labels: { fine: [], bad: [{ label: 'injection', stages: ['retrieval'] }] } },
      'at stage input',
    ],
    [{ sees: 'prompt', stages: ['input'] }, 'nothing to judge at stage input'],
    [{ preset: 'no-such' }, 'there is no preset no-such'],
  ] as const)('options %j', (change, said) => {
    expect(() => createTextClassifierGuard({ ...options(), ...change })).toThrow(said)
  })
})

describe('what the model is shown', () => {
  const shown = async (
    sees: 'text' | 'joined' | 'prompt' | 'system',
    request: GuardRequest,
    more: Partial<TextClassifierGuardOptions> = {},
  ): Promise<readonly TextClassifierInput[]> => {
    const engine = scripted(['fine', 'bad'], bad())
    await createTextClassifierGuard({ engine, labels: LABELS, sees, ...more }).check(request)
    return engine.asked
  }
  const answer = requestFor('an answer', { stage: 'output', prompt: 'a question', system: 'a task' })

  test('the text alone, joined to its prompt, or beside prompt or system prompt', async () => {
    expect(await shown('text', answer)).toEqual([{ text: 'an answer' }])
    expect(await shown('joined', answer)).toEqual([{ text: 'a question an answer' }])
    expect(await shown('prompt', answer)).toEqual([{ text: 'an answer', context: 'a question' }])
    const asked = requestFor('a question', { system: 'a task' })
    expect(await shown('joined', asked)).toEqual([{ text: 'a question' }])
    expect(await shown('system', asked)).toEqual([{ text: 'a question', context: 'a task' }])
  })

  test('prompts are read as texts are: invisible characters and halves of characters taken out, at most a window', async () => {
    const odd = requestFor('fine', { stage: 'output', prompt: `b\u200Bad ${'😀'.repeat(9)}` })
    for (const sees of ['joined', 'prompt'] as const) {
      const [{ text, context = text } = { text: '' }] = await shown(sees, odd, { window: 8 })
      expect(context).toMatch(/^bad 😀\uFFFD(?: fine)?$/u)
    }
  })

  test('invisible characters are taken out, and a text of nothing is not asked about', async () => {
    expect(await shown('text', requestFor('b\u200Bad'))).toEqual([{ text: 'bad' }])
    expect(await shown('text', requestFor('\u200B\u200B  '))).toEqual([])
    expect(await shown('text', requestFor(''))).toEqual([])
  })

  test('without a system prompt there is nothing to compare with, unless the guard has one', async () => {
    await expect(shown('system', requestFor('a question'))).rejects.toMatchObject({ code: 'input_invalid' })
    const own = await shown('system', requestFor('a question', { system: ' ' }), { system: 'a shop' })
    expect(own).toEqual([{ text: 'a question', context: 'a shop' }])
  })
})

describe('failures', () => {
  const failing = (engine: Partial<TextClassifierEngine>) =>
    createTextClassifierGuard({ engine: { ...scripted(['fine', 'bad'], bad()), ...engine }, labels: LABELS })

  test('a model that fails, leaves a text out or gives no probability is an error', async () => {
    const gone = new ParapetError('engine_unavailable', 'Gone.')
    const guards = [
      failing({ classify: () => Promise.reject(gone) }),
      failing({ classify: () => Promise.resolve([]) }),
      failing({ classify: () => Promise.resolve([{ windows: [[0, Number.NaN]], probabilities: [0, 0] }]) }),
      failing({ classify: () => Promise.resolve([{ windows: [], probabilities: [] }]) }),
      failing({ classify: () => Promise.resolve([{ windows: [[1]], probabilities: [1] }]) }),
    ]
    for (const guard of guards) await expect(guard.check(requestFor('text'))).rejects.toBeInstanceOf(ParapetError)
  })

  test('a text that is too long is refused, not cut', async () => {
    const guard = createTextClassifierGuard({ ...options(), longest: 50 })
    await expect(guard.check(requestFor('x'.repeat(51)))).rejects.toMatchObject({ code: 'input_too_large' })
  })

  test('the signal is handed on', async () => {
    const leave = new AbortController()
    let seen: AbortSignal | undefined
    const engine = scripted(['fine', 'bad'], bad())
    const noting: TextClassifierEngine = {
      ...engine,
      classify: (inputs, call) => ((seen = call?.signal), engine.classify(inputs)),
    }
    const guard = createTextClassifierGuard({ engine: noting, labels: LABELS })
    await guard.check(requestFor('text', { signal: leave.signal }))
    expect(seen).toBe(leave.signal)
  })
})

describe('long texts', () => {
  const small = { window: 20, hop: 10 }

  test('a window is named where a text has several', async () => {
    const guard = createTextClassifierGuard({ ...options(), ...small })
    const { findings } = await guard.check(requestFor(`${'x '.repeat(20)}bad${' x'.repeat(20)}`))
    expect(findings.length).toBeGreaterThan(0)
    for (const { span } of findings) {
      expect(span?.start).toBeLessThanOrEqual(40)
      expect(span?.end).toBeGreaterThanOrEqual(43)
    }
  })

  test('a stream cut anyhow is judged like the whole text', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('bad', 'ba', 'd', ' ', 'good ', '\u200B', '😀', 'ü'), { maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 1, maxLength: 8 }),
        async (pieces, cuts) => {
          const text = pieces.join('')
          const guard = createTextClassifierGuard({ ...options(), ...small })
          const whole = await guard.check(requestFor(text, { stage: 'output' }))
          const { text: _text, ...request } = requestFor(text, { stage: 'output' })
          expect(await guardStream(guard, request, cutAt(text, cuts))).toEqual(whole)
        },
      ),
      { seed: 20261127, numRuns: 200 },
    )
  })
})

test('the version follows everything that changes reports', () => {
  const version = (change: Partial<TextClassifierGuardOptions> = {}): string =>
    createTextClassifierGuard({ ...options(), ...change }).version
  const changes: readonly Partial<TextClassifierGuardOptions>[] = [
    {},
    { threshold: 0.6 },
    { thresholds: { prompt_harm: 0.6 } },
    { labels: { fine: [], bad: ['injection'] } },
    { sees: 'joined' },
    { window: 100 },
    { system: 'a shop' },
    { stages: ['input'] },
    { engine: { ...scripted(['fine', 'bad'], bad()), version: '2' } },
  ]
  expect(new Set(changes.map(version)).size).toBe(changes.length)
})
