/** A policy judged clause by clause: what is asked, what the verdicts add up to, in every order, and what happens where one is missing. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createTextView } from '../../src/core/text/index.ts'
import type { JudgeGuard, JudgeGuardOptions, PolicyClause } from '../../src/guards/judge/index.ts'
import { createClauseFormat, createJudgeGuard, judgeClauses, judgeFormat } from '../../src/guards/judge/index.ts'
import type { Completion, CompletionRequest, GuardRequest } from '../../src/spec/index.ts'
import { ParapetError } from '../../src/spec/index.ts'
import { completion, scriptedEngine, type ScriptedEngine } from './scripted-engine.ts'

const CLAUSES: readonly PolicyClause[] = [
  { id: 'P1', title: 'Prices', text: 'No price is promised.' },
  { id: 'P2', title: 'Medicine', text: 'No dose is named.', hazards: ['S6'] },
  { id: 'P3', title: 'Rivals', text: 'No rival is named.' },
]

/** The probability of a clause being broken, by its id, as a model that looks at the clause alone gives it. */
type Probabilities = Readonly<Record<string, number>>

function clauseIn({ chat }: CompletionRequest): string {
  return /### (\S+)/.exec(chat?.messages[1]?.content ?? '')?.[1] ?? ''
}

function answerWith(probability: number): Completion {
  const alternatives = [
    { token: 'yes', logprob: Math.log(probability) },
    { token: 'no', logprob: Math.log(1 - probability) },
  ]
  const token = probability > 0.5 ? 'yes' : 'no'
  return completion(token, { tokens: [{ token, logprob: 0, alternatives }] })
}

function model(probabilities: Probabilities): ScriptedEngine {
  return scriptedEngine((request) => answerWith(probabilities[clauseIn(request)] ?? 0.01))
}

function judge(engine: ScriptedEngine, options: Partial<JudgeGuardOptions> = {}): JudgeGuard {
  return createJudgeGuard({ engine, format: 'policy', policy: CLAUSES, settings: { parallel: true }, ...options })
}

function request(text: string, parts: Partial<GuardRequest> = {}): GuardRequest {
  const signal = new AbortController().signal
  return { stage: 'input', field: 'prompt', text: createTextView(text), caller: {}, signal, ...parts }
}

/** Everything that is microtasks has run. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('questions', () => {
  test('share everything before the clause, and hold no other clause', async () => {
    const engine = model({})
    await judge(engine).check(request('How much?', { stage: 'output', field: 'response', prompt: 'Hello' }))
    const users = engine.calls.map(({ request: { chat } }) => chat?.messages[1]?.content ?? '')
    expect(users).toHaveLength(3)
    const [first = ''] = users
    const shared = first.slice(0, first.indexOf('### P1'))
    expect(shared).toContain('END RESPONSE]')
    for (const [place, user] of users.entries()) {
      expect(user.startsWith(shared)).toBe(true)
      expect(CLAUSES.map(({ text = '' }) => user.includes(text))).toEqual(CLAUSES.map((_, other) => other === place))
    }
    expect(new Set(engine.calls.map(({ request: { chat } }) => chat?.messages[0]?.content)).size).toBe(1)
    expect(engine.calls[0]?.request).toMatchObject({ maxTokens: 4, topLogprobs: 10 })
  })

  test('begin with one alone, which fills the cache, and then several at once', async () => {
    const engine = scriptedEngine()
    const policy = Array.from({ length: 20 }, (_, index) => ({ id: `C${index}`, title: 'x' }))
    const report = judge(engine, { policy }).check(request('x'))
    await settled()
    expect(engine.calls).toHaveLength(1)
    engine.calls[0]?.answer('no')
    await settled()
    expect(engine.calls).toHaveLength(9)
    for (let call = 1; call < 20; call += 1) {
      engine.calls[call]?.answer('no')
      await settled()
    }
    expect((await report).scores).toEqual({ prompt_harm: 0 })
  })

  test('about the passages of a long text follow each other, so that each prefix is used while it is kept', async () => {
    const engine = model({})
    await judge(engine, { window: 100, hop: 100 }).check(request('a'.repeat(100) + 'b'.repeat(100)))
    const texts = engine.calls.map(
      ({ request: { chat } }) => /\n([ab])\1{99}\n/.exec(chat?.messages[1]?.content ?? '')?.[1],
    )
    expect(texts.join('')).toBe('aaabbb')
  })

  test('are refused together with the policy first', () => {
    expect(() => judgeFormat('policy', { parallel: true, shared: 'policy_first' })).toThrow(/texts come first/)
    expect(() => judgeFormat('llama-guard-3', { parallel: true })).toThrow(/no setting "parallel"/)
  })
})

describe('verdicts', () => {
  test('one for each clause: a text is harmful where any is broken', async () => {
    const report = await judge(model({ P1: 0.2, P2: 0.9, P3: 0.7 })).check(request('x'))
    const reason = 'Judged by policy: P2 Medicine, P3 Rivals.'
    const score = (value: number): unknown => expect.closeTo(value, 9)
    expect(report).toEqual({
      findings: [
        { label: 'prompt_harm', score: score(0.9), reason },
        { label: 'S6', score: score(0.9), action: 'pass', reason },
        { label: 'clause.P3', score: score(0.7), action: 'pass', reason },
      ],
      scores: { prompt_harm: score(0.9) },
      categories: { 'clause.P1': score(0.2), S6: score(0.9), 'clause.P3': score(0.7) },
    })
    expect((await judge(model({})).check(request('x'))).findings).toMatchObject([
      { label: 'prompt_harm', score: expect.closeTo(0.01, 9) },
    ])
  })

  test('with a threshold the probability of each clause decides', async () => {
    const report = await judge(model({ P1: 0.3 }), { threshold: 0.2 }).check(request('x'))
    expect(report.findings.map(({ label }) => label)).toEqual(['prompt_harm', 'clause.P1'])
    expect(report.scores?.prompt_harm).toBeGreaterThan(0.5)
  })

  test('are the same in every order of the clauses', async () => {
    const ids = ['P1', 'P2', 'P3', 'P4', 'P5']
    const orders = fc.shuffledSubarray(ids, { minLength: 5, maxLength: 5 })
    const probabilities = fc.array(fc.constantFrom(0.001, 0.2, 0.5, 0.51, 0.8), { minLength: 5, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(probabilities, orders, async (numbers, order) => {
        const broken = Object.fromEntries(ids.map((id, index) => [id, numbers[index] ?? 0]))
        const check = (named: readonly string[]): ReturnType<JudgeGuard['check']> =>
          judge(model(broken), { policy: named.map((id) => ({ id, title: id })) }).check(request('x'))
        const [one, other] = [await check(ids), await check(order)]
        expect(other).toEqual(one)
        expect((other.scores?.prompt_harm ?? 0) > 0.5).toBe(numbers.some((number) => number > 0.5))
      }),
      { numRuns: 40 },
    )
  })

  test('come one by one as well, with what went wrong beside its clause', async () => {
    const engine = scriptedEngine((asked) => {
      if (clauseIn(asked) === 'P2') throw new ParapetError('upstream_error', 'Gone.')
      return clauseIn(asked) === 'P3' ? completion('maybe') : answerWith(0.8)
    })
    const formats = CLAUSES.map(createClauseFormat)
    const question = { input: { prompt: 'x' }, tasks: ['prompt_harm'], all: true } as const
    const verdicts = await judgeClauses({ engine, threshold: null }, formats, question, {})
    expect(verdicts).toMatchObject([
      { clause: { id: 'P1' }, verdict: 'broken', probability: expect.closeTo(0.8, 9), failure: null },
      { clause: { id: 'P2' }, verdict: 'failed', score: null, failure: { code: 'upstream_error' } },
      { clause: { id: 'P3' }, verdict: 'failed', score: null, failure: { code: 'guard_failed' } },
    ])
  })
})

describe('a clause without a verdict', () => {
  const failing = (id: string, rest: Probabilities): ScriptedEngine =>
    scriptedEngine((asked) => {
      if (clauseIn(asked) === id) throw new ParapetError('upstream_error', 'Gone.')
      return answerWith(rest[clauseIn(asked)] ?? 0.01)
    })

  test.each(['P1', 'P2', 'P3'])('never leaves the text clean: %s', async (id) => {
    await expect(judge(failing(id, {})).check(request('x'))).rejects.toMatchObject({ code: 'upstream_error' })
  })

  test('beside a broken one makes the text as harmful as can be', async () => {
    const report = await judge(failing('P1', { P3: 0.6 })).check(request('x'))
    expect(report.scores).toEqual({ prompt_harm: 1 })
    // Whoever acts on a clause alone acts on the one that nobody judged too.
    expect(report.findings).toMatchObject([
      { label: 'prompt_harm', score: 1 },
      { label: 'clause.P3', score: expect.closeTo(0.6, 9) },
      { label: 'clause.P1', score: 1, action: 'pass', reason: 'No verdict on P1 Prices.' },
    ])
    expect(report.categories).toMatchObject({ 'clause.P1': 1 })
  })

  test('is also one whose answer is neither yes nor no', async () => {
    const engine = scriptedEngine((asked) => (clauseIn(asked) === 'P2' ? completion('I think so') : answerWith(0.01)))
    await expect(judge(engine).check(request('x'))).rejects.toMatchObject({
      code: 'guard_failed',
      message: expect.stringContaining('clause P2'),
    })
  })

  test('is not asked about once the signal has fired', async () => {
    const engine = scriptedEngine()
    const controller = new AbortController()
    const report = judge(engine).check(request('x', { signal: controller.signal }))
    const rejected = expect(report).rejects.toMatchObject({ code: 'aborted' })
    await settled()
    controller.abort()
    await rejected
    expect(engine.calls).toHaveLength(1)
  })
})

test('reasons are asked of the broken clauses only, behind their own questions, and put together', async () => {
  const engine = scriptedEngine((asked) => {
    const { messages = [] } = asked.chat ?? {}
    if (messages.length === 2) return answerWith(['P1', 'P3'].includes(clauseIn(asked)) ? 0.9 : 0.1)
    return completion(clauseIn(asked) === 'P1' ? 'P1: it says "5 €".' : 'P3: it names "Acme" and "Zeta".')
  })
  const guard = judge(engine)
  const report = await guard.check(request('Acme sells it for 5 €.'))
  expect(engine.calls).toHaveLength(3)
  const [passage] = await guard.critiques(report)
  expect(engine.calls).toHaveLength(5)
  expect(engine.calls.slice(3).map(({ request: { chat } }) => chat?.messages[2]?.content)).toEqual(['yes', 'yes'])
  expect(passage?.critique).toMatchObject({ clauses: ['P1', 'P3'], silent: false, invented: ['Zeta'] })
  expect(passage?.critique.prompt.found.map(({ quote }) => quote)).toEqual(['5 €', 'Acme'])
})

test('reasons explain the verdict of a threshold, whatever the word was', async () => {
  const engine = scriptedEngine((asked) =>
    asked.chat?.messages.length === 2
      ? answerWith(clauseIn(asked) === 'P1' ? 0.3 : 0.1)
      : completion('P1 Prices: it says "5 €".'),
  )
  const guard = judge(engine, { threshold: 0.2 })
  const [passage] = await guard.critiques(await guard.check(request('It is 5 €.')))
  expect(engine.calls.at(-1)?.request.chat?.messages[2]?.content).toBe('yes')
  expect(passage?.critique).toMatchObject({ clauses: ['P1'], silent: false, contradicts: false })
})
