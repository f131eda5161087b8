/** A judge behind a classifier: who decides, what is asked and taken back, what is told, and the whole under a policy. */
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import type { Disagreement, Parapet } from '../../src/compose/index.ts'
import { createParapet, parsePolicy } from '../../src/compose/index.ts'
import { createTextView } from '../../src/core/text/index.ts'
import type { CascadeDisagreement, CascadeGuardOptions } from '../../src/guards/judge/index.ts'
import { createCascadeGuard, createJudgeGuard } from '../../src/guards/judge/index.ts'
import type {
  ClassifierEngine,
  ClassifierScores,
  Guard,
  GuardReport,
  GuardRequest,
  ParapetEvent,
  Stage,
} from '../../src/spec/index.ts'
import { ParapetError } from '../../src/spec/index.ts'
import { completion, scriptedEngine, type ScriptedEngine } from './scripted-engine.ts'
import type { WireServer } from './wire-server.ts'
import { json, startWireServer } from './wire-server.ts'

/** A classifier that scores a text by the number in it. */
const classifier: Guard = {
  ...{ specVersion: 'v1', id: 'classifier', version: '1', stages: ['input', 'output'] },
  check: ({ stage, text }) => scored(stage, Number(text.original)),
}

function scored(stage: Stage, score: number): GuardReport {
  const label = stage === 'output' ? 'response_harm' : 'prompt_harm'
  return {
    findings: [
      { label, score },
      { label: 'toxicity', score: 1 },
    ],
    scores: { [label]: score, toxicity: 1 },
    categories: { S1: score },
  }
}

const says = (answer: string): ScriptedEngine => scriptedEngine(() => completion(answer))
const fails = (): ScriptedEngine =>
  scriptedEngine(() => {
    throw new ParapetError('upstream_error', 'Down.')
  })

function cascade(engine: ScriptedEngine, options: Partial<CascadeGuardOptions> = {}): Guard {
  const judge = createJudgeGuard({ id: 'safety', engine, format: 'llama-guard-3' })
  return createCascadeGuard({ classifier, judge, band: { from: 0.2, to: 0.8 }, ...options })
}

function request(text: string, parts: Partial<GuardRequest> = {}): GuardRequest {
  const stage = parts.stage ?? 'input'
  const field = stage === 'output' ? 'response' : 'prompt'
  return { stage, field, text: createTextView(text), caller: {}, signal: new AbortController().signal, ...parts }
}

async function harm(guard: Guard, text: string, parts: Partial<GuardRequest> = {}): Promise<number | undefined> {
  const { findings } = await guard.check(request(text, parts))
  return findings.find(({ label }) => label === 'prompt_harm' || label === 'response_harm')?.score
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('who decides', () => {
  test.each([
    ['0.19', 'unsafe\nS1', 0.19, 0],
    ['0.2', 'unsafe\nS1', 1, 1],
    ['0.5', 'safe', 0, 1],
    ['0.8', 'safe', 0, 1],
    ['0.81', 'safe', 0.81, 0],
  ])('a score of %s beside a judge that says %j: %f after %i calls', async (text, answer, score, calls) => {
    const engine = says(answer)
    expect(await harm(cascade(engine), text)).toBeCloseTo(score, 9)
    expect(engine.calls).toHaveLength(calls)
    expect(await harm(cascade(says(answer)), text, { stage: 'output', prompt: 'How?' })).toBeCloseTo(score, 9)
  })

  test('outside the band the report is of harm alone, and says who gave it', async () => {
    const { findings, scores, categories } = await cascade(says('safe')).check(request('0.9'))
    expect(findings).toEqual([
      { label: 'prompt_harm', score: expect.closeTo(0.9, 9), reason: expect.stringContaining('was not asked') },
    ])
    expect([scores, categories]).toEqual([{ prompt_harm: expect.closeTo(0.9, 9) }, { S1: 0.9 }])
  })

  test('a band beside one half divides at its edge: below it is clean, above it harmful', async () => {
    const band = { from: 0.6, to: 0.9 }
    expect(await harm(cascade(says('safe'), { band }), '0.55')).toBeLessThan(0.5)
    expect(await harm(cascade(says('safe'), { band }), '0.95')).toBeGreaterThan(0.5)
    const low = { from: 0.05, to: 0.3 }
    expect(await harm(cascade(says('safe'), { band: low }), '0.31')).toBeGreaterThan(0.5)
  })

  test('another head may be looked at, under the judge’s label; without a score the judge is asked', async () => {
    const engine = says('safe')
    const { findings } = await cascade(engine, { head: 'toxicity' }).check(request('0.5'))
    expect(findings).toMatchObject([{ label: 'prompt_harm', score: 1 }])
    expect(await harm(cascade(engine, { head: 'injection' }), '0.9')).toBe(0)
    expect(engine.calls).toHaveLength(1)
  })

  test('a band of everything is the judge, an empty one the classifier, and calls never rise when it narrows', async () => {
    const number = fc.double({ min: 0, max: 1, noNaN: true })
    const answers = fc.constantFrom('safe', 'unsafe\nS1')
    await fc.assert(
      fc.asyncProperty(
        number,
        answers,
        fc.array(number, { minLength: 4, maxLength: 4 }),
        async (score, answer, edges) => {
          const text = String(score)
          const whole = await cascade(says(answer), { band: { from: 0, to: 1 } }).check(request(text))
          const judge = createJudgeGuard({ engine: says(answer), format: 'llama-guard-3' })
          expect(whole).toEqual(await judge.check(request(text)))
          expect(await harm(cascade(fails(), { band: { from: 0.5, to: 0.5 } }), text)).toBeCloseTo(score, 9)
          const [outerFrom = 0, from = 0, to = 1, outerTo = 1] = edges.toSorted((one, other) => one - other)
          const calls = async (band: { from: number; to: number }): Promise<number> => {
            const engine = says(answer)
            await cascade(engine, { band }).check(request(text))
            return engine.calls.length
          }
          expect(await calls({ from, to })).toBeLessThanOrEqual(await calls({ from: outerFrom, to: outerTo }))
        },
      ),
      { numRuns: 80 },
    )
  })
})

describe('a judge that fails', () => {
  test('is a failure of the guard inside the band, and nothing outside it', async () => {
    await expect(cascade(fails()).check(request('0.5'))).rejects.toMatchObject({ code: 'upstream_error' })
    expect(await harm(cascade(fails()), '0.1')).toBeCloseTo(0.1, 9)
    await expect(cascade(says('hm')).check(request('0.5'))).rejects.toMatchObject({ code: 'guard_failed' })
  })

  test('leaves the verdict to the classifier where that is wanted, marked and not cached', async () => {
    const guard = cascade(fails(), { onJudgeError: 'classifier' })
    expect((await guard.check(request('0.7'))).findings).toEqual([
      { label: 'prompt_harm', score: expect.closeTo(0.7, 9), reason: expect.stringContaining('gave no verdict') },
    ])
    expect([guard.cacheable, cascade(fails()).cacheable]).toEqual([false, true])
    // Without a score there is no verdict to fall back on.
    await expect(
      cascade(fails(), { onJudgeError: 'classifier', head: 'injection' }).check(request('0.7')),
    ).rejects.toThrow()
  })

  test('because the asker left is no verdict of anybody', async () => {
    const engine = scriptedEngine()
    const controller = new AbortController()
    const guard = cascade(engine, { onJudgeError: 'classifier' })
    const checking = Promise.resolve(guard.check(request('0.7', { signal: controller.signal })))
    await turn()
    controller.abort()
    await expect(checking).rejects.toMatchObject({ code: 'aborted' })
  })
})

describe('a speculative start', () => {
  /** A classifier whose score a test gives when it likes. */
  function slowClassifier(): { readonly guard: Guard; give(score: number): void; fail(): void } {
    let settle: (report: GuardReport | Promise<GuardReport>) => void = () => undefined
    const report = new Promise<GuardReport>((resolve) => (settle = resolve))
    return {
      guard: { ...classifier, check: () => report },
      give: (score) => settle(scored('input', score)),
      fail: () => settle(Promise.reject(new ParapetError('engine_unavailable', 'No deep tier.'))),
    }
  }

  test('asks before the classifier has answered, and takes the question back outside the band', async () => {
    const [engine, slow] = [scriptedEngine(), slowClassifier()]
    const checking = cascade(engine, { classifier: slow.guard, speculative: true }).check(request('x'))
    await turn()
    expect(engine.calls).toHaveLength(1)
    slow.give(0.05)
    expect((await checking).scores).toEqual({ prompt_harm: expect.closeTo(0.05, 9) })
    expect(engine.calls[0]?.options.signal?.aborted).toBe(true)
  })

  test('uses the one answer inside the band, whichever comes first', async () => {
    for (const judgeFirst of [true, false]) {
      const [engine, slow] = [scriptedEngine(), slowClassifier()]
      const checking = cascade(engine, { classifier: slow.guard, speculative: true }).check(request('x'))
      await turn()
      if (judgeFirst) engine.calls[0]?.answer('unsafe\nS1')
      await turn()
      slow.give(0.5)
      await turn()
      if (!judgeFirst) engine.calls[0]?.answer('unsafe\nS1')
      expect([(await checking).scores, engine.calls.length]).toEqual([{ prompt_harm: 1 }, 1])
    }
  })

  test('a judge that failed early counts inside the band only; a classifier that fails takes the question back', async () => {
    const slow = slowClassifier()
    const checking = cascade(fails(), { classifier: slow.guard, speculative: true }).check(request('x'))
    await turn()
    slow.give(0.9)
    expect((await checking).scores).toEqual({ prompt_harm: expect.closeTo(0.9, 9) })
    const [engine, broken] = [scriptedEngine(), slowClassifier()]
    const failing = Promise.resolve(
      cascade(engine, { classifier: broken.guard, speculative: true }).check(request('x')),
    )
    await turn()
    broken.fail()
    await expect(failing).rejects.toMatchObject({ code: 'engine_unavailable' })
    expect(engine.calls[0]?.options.signal?.aborted).toBe(true)
  })
})

describe('disagreements', () => {
  test('inside the band are told with both opinions and the texts; agreement is not', async () => {
    const told: CascadeDisagreement[] = []
    const guard = cascade(says('unsafe\nS1'), { onDisagreement: (one) => told.push(one) })
    await guard.check(request('0.3', { system: 'Be kind.', caller: { user: 'u' } }))
    await guard.check(request('0.7'))
    await guard.check(request('0.4', { stage: 'output', prompt: 'How?' }))
    expect(told).toMatchObject([
      {
        ...{ guard: 'safety', stage: 'input', label: 'prompt_harm', inside: true, caller: { user: 'u' } },
        ...{ classifier: { score: 0.3, harmful: false }, judge: { score: 1, harmful: true } },
        texts: { prompt: '0.3', response: null, system: 'Be kind.' },
      },
      { label: 'response_harm', texts: { prompt: 'How?', response: '0.4', system: null } },
    ])
  })

  test('outside the band are found in a sample, for which no verdict waits and which is not without bounds', async () => {
    const [engine, told] = [scriptedEngine(), [] as CascadeDisagreement[]]
    const options = { sample: 0.5, random: () => 0.4, onDisagreement: (one: CascadeDisagreement) => told.push(one) }
    const guard = cascade(engine, options)
    const controller = new AbortController()
    for (let text = 0; text < 20; text += 1)
      expect(await harm(guard, '0.1', { signal: controller.signal })).toBeCloseTo(0.1, 9)
    controller.abort()
    expect(engine.calls.length).toBeGreaterThan(0)
    expect(engine.calls.length).toBeLessThan(10)
    for (const call of engine.calls) call.answer('unsafe\nS1')
    await turn()
    expect(told).toHaveLength(engine.calls.length)
    expect(told[0]).toMatchObject({ inside: false, classifier: { harmful: false }, judge: { harmful: true } })
    const undrawn = scriptedEngine()
    await cascade(undrawn, { ...options, random: () => 0.6 }).check(request('0.1'))
    expect(undrawn.calls).toEqual([])
  })

  test('whoever listens changes no verdict', async () => {
    const onDisagreement = (): void => {
      throw new Error('broken')
    }
    expect(await harm(cascade(says('unsafe\nS1'), { onDisagreement }), '0.3')).toBe(1)
    // A rejection that nobody hears would end the process; the test runner reports it as an error.
    const later = { onDisagreement: () => Promise.reject(new Error('broken')) }
    expect(await harm(cascade(says('unsafe\nS1'), later), '0.3')).toBe(1)
    await turn()
  })
})

test.each<Partial<CascadeGuardOptions>>([
  { band: { from: 0.8, to: 0.2 } },
  { band: { from: -0.1, to: 0.2 } },
  { band: { from: 0, to: Number.NaN } },
  { sample: 2 },
  { onJudgeError: 'pass' as 'error' },
])('%j is refused', (options) => {
  expect(() => cascade(says('safe'), options)).toThrow(expect.objectContaining({ code: 'configuration' }))
})

describe('in a policy', () => {
  const scores = (score: number): ClassifierScores => ({
    ...{ prompt_harm: score, response_harm: score, refusal: 0, injection_direct: 0, injection_indirect: 0 },
    ...{ toxicity_prompt: 0, toxicity_response: 0, categories: {} },
  })
  const engine: ClassifierEngine = {
    ...{ specVersion: 'v1', kind: 'classifier', id: 'numbers', version: '1', card: { heads: {} }, explain: () => [] },
    classify: ({ prompt = '', response }) => scores(Number(/[\d.]+/.exec(response ?? prompt)?.[0] ?? 0)),
  }
  const open: { close(): Promise<void> }[] = []
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close()
  })

  interface Running {
    readonly parapet: Parapet
    readonly server: WireServer
    readonly events: ParapetEvent[]
    readonly told: Disagreement[]
  }

  async function run(content: string, band: string, more = '', judge = ''): Promise<Running> {
    const server = await startWireServer(json({ choices: [{ message: { content }, finish_reason: 'stop' }] }))
    const definition = `{ use: judge, format: llama-guard-3, engine: { url: "${server.url}", model: m, retries: 0 }, band: ${band}${judge} }`
    const policy = parsePolicy(
      `parapet: 1\nrails: { input: [safety] }\nguards: { safety: ${definition} }\n${more}`,
      'p.yaml',
    )
    const told: Disagreement[] = []
    const parapet = await createParapet(policy, { classifier: engine, onDisagreement: (one) => told.push(one) }).catch(
      async (cause: unknown) => {
        await server.close()
        throw cause
      },
    )
    open.push(parapet, server)
    const events: ParapetEvent[] = []
    parapet.on((event) => events.push(event))
    return { parapet, server, events, told }
  }

  const BAND = '{ from: 0.2, to: 0.8 }'

  test('a judge with a band is asked inside it only', async () => {
    const { parapet, server } = await run('unsafe\nS1', BAND)
    const decisions = []
    for (const prompt of ['0.1', '0.3', '0.9']) decisions.push((await parapet.check(prompt)).decision)
    expect([decisions, server.asked.length]).toEqual([['pass', 'block', 'block'], 1])
  })

  test('a failing judge is an error, or the classifier’s verdict', async () => {
    expect((await (await run('hm', BAND)).parapet.check('0.3')).decision).toBe('error')
    const falling = await run('hm', '{ from: 0.2, to: 0.8, onJudgeError: classifier }', '', ', timeout: 500ms')
    expect((await falling.parapet.check('0.3')).decision).toBe('pass')
    expect((await falling.parapet.check('0.7')).decision).toBe('block')
  })

  test.each([
    ['none', null],
    ['redacted', { prompt: expect.stringMatching(/^0\.3 (?!.*anna@example\.org)/), response: null, system: null }],
    ['full', { prompt: '0.3 anna@example.org', response: null, system: null }],
  ])(
    'a disagreement is an event without texts, and under capture %s its texts are handed on',
    async (capture, texts) => {
      const { parapet, events, told } = await run('unsafe\nS1', BAND, `record: { capture: ${capture} }\n`)
      await parapet.check('0.3 anna@example.org')
      await expect.poll(() => told.length).toBe(1)
      expect(told[0]).toMatchObject({ guard: 'safety', inside: true })
      expect(told[0]?.texts).toEqual(texts)
      const event = events.find(({ type }) => type === 'judge-disagreed')
      expect(event).toEqual({
        ...{ type: 'judge-disagreed', guard: 'safety', label: 'prompt_harm', inside: true },
        ...{ classifier: { score: 0.3, harmful: false }, judge: { score: 1, harmful: true } },
      })
    },
  )

  test.each([
    ['{ from: 0.8, to: 0.2 }', '', 'policy_invalid'],
    ['{ from: 0.2 }', '', 'policy_invalid'],
    ['{ from: 0.2, to: 0.8, onJudgeError: classifier }', '', 'configuration'],
    [BAND, ', stream: windows', 'configuration'],
    ['{ from: 0.2, to: 0.8, onJudgeError: pass }', '', 'policy_invalid'],
  ])('%s%s is a mistake', async (band, judge, code) => {
    await expect(run('safe', band, '', judge)).rejects.toMatchObject({ code })
  })
})
