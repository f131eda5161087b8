/** Judges as guards: what they report, what they never take for a clean text, windows, critiques, streams, and the pipeline around them. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createParapet } from '../../src/compose/index.ts'
import { createTextView } from '../../src/core/text/index.ts'
import type { JudgeGuardOptions } from '../../src/guards/judge/index.ts'
import { createJudgeGuard, judgeFormat, verdictFor } from '../../src/guards/judge/index.ts'
import type { Completion, CompletionRequest, GuardReport, GuardRequest, Stage } from '../../src/spec/index.ts'
import { ParapetError } from '../../src/spec/index.ts'
import { createFakeClock } from '../../src/testing/index.ts'
import { guardStream } from './guard-stream.ts'
import { completion, scriptedEngine, type ScriptedEngine } from './scripted-engine.ts'

/** Everything a request says to the model. */
function wordsOf({ chat, completion: raw }: CompletionRequest): string {
  return raw ?? JSON.stringify(chat?.messages)
}

/** A model that finds whatever contains the word wrong unsafe, as Llama Guard would say it. */
function judgeModel(): ScriptedEngine {
  return scriptedEngine((request) => completion(wordsOf(request).includes('wrong') ? 'unsafe\nS9' : 'safe'))
}

/** A label with the probability of `unsafe`. */
function scored(text: string, unsafe: number): Completion {
  const alternatives = [
    { token: 'unsafe', logprob: Math.log(unsafe) },
    { token: 'safe', logprob: Math.log(1 - unsafe) },
  ]
  return completion(text, { tokens: [{ token: text.split('\n')[0] ?? '', logprob: Math.log(0.5), alternatives }] })
}

function judge(options: Partial<JudgeGuardOptions> = {}): ReturnType<typeof createJudgeGuard> {
  return createJudgeGuard({ engine: judgeModel(), format: 'llama-guard-3', ...options })
}

function request(text: string, parts: Partial<GuardRequest> = {}): GuardRequest {
  const stage: Stage = parts.stage ?? 'input'
  const field = stage === 'output' ? 'response' : 'prompt'
  return { stage, field, text: createTextView(text), caller: {}, signal: new AbortController().signal, ...parts }
}

const says = (answer: Completion): ScriptedEngine => scriptedEngine(() => answer)

async function scoreOf(answer: Completion, options: Partial<JudgeGuardOptions> = {}): Promise<number | undefined> {
  const report = await judge({ engine: says(answer), ...options }).check(request('x'))
  return report.findings.find(({ label }) => label === 'prompt_harm')?.score
}

describe('reports', () => {
  test('a harmful prompt: task, hazards, and a reason that names the clause and quotes nothing', async () => {
    const report = await judge().check(request('a wrong thing'))
    expect(report).toEqual({
      findings: [
        { label: 'prompt_harm', score: 1, reason: 'Judged by llama-guard-3: S9 Indiscriminate Weapons.' },
        { label: 'S9', score: 1, action: 'pass', reason: 'Judged by llama-guard-3: S9 Indiscriminate Weapons.' },
      ],
      scores: { prompt_harm: 1 },
      categories: { S9: 1 },
    })
  })

  test('an answer is judged as an answer to its prompt', async () => {
    const engine = judgeModel()
    const report = await judge({ engine }).check(request('wrong', { stage: 'output', prompt: 'How?' }))
    expect(report.scores).toEqual({ response_harm: 1 })
    expect(engine.calls[0]?.request.chat?.messages).toEqual([
      { role: 'user', content: 'How?' },
      { role: 'assistant', content: 'wrong' },
    ])
    expect(engine.calls[0]?.request.topLogprobs).toBeGreaterThan(1)
  })

  test('clauses that stand for no hazard are labels of their own, which decide nothing by themselves', async () => {
    const policy = [{ id: 'P1', title: 'Prices' }]
    const answer = { label: 'violation', clauses: ['P1'], confidence: 1, quotes: ['5 €'], critique: 'P1: "5 €".' }
    const engine = says(completion(JSON.stringify(answer)))
    const report = await judge({ engine, format: 'policy', policy }).check(request('It is 5 € now.'))
    expect(report.findings.map(({ label, action }) => [label, action])).toEqual([
      ['prompt_harm', undefined],
      ['clause.P1', 'pass'],
    ])
    // The reasons came along, so their quotes are shown where they stand.
    expect(report.highlights).toEqual([{ start: 6, end: 9, label: 'prompt_harm', score: 1 }])
  })

  test('probabilities are scores; where word and probability disagree the worse counts', async () => {
    expect(await scoreOf(scored('unsafe\nS1', 0.9))).toBeCloseTo(0.9, 9)
    expect(await scoreOf(scored('safe', 0.2))).toBeCloseTo(0.2, 9)
    expect(await scoreOf(scored('unsafe\nS1', 0.3))).toBe(1)
    expect(await scoreOf(scored('safe', 0.7))).toBeCloseTo(0.7, 9)
  })

  test('a threshold becomes one half, and without probabilities a clean word is no verdict', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        async (probability, threshold) => {
          const score = (await scoreOf(scored('safe', probability), { threshold })) ?? Number.NaN
          if (Math.abs(probability - threshold) > 1e-6) expect(score > 0.5).toBe(probability > threshold)
        },
      ),
    )
    expect(await scoreOf(completion('unsafe\nS1'), { threshold: 0.9 })).toBe(1)
    await expect(scoreOf(completion('safe'), { threshold: 0.1 })).rejects.toThrow(/token probabilities/)
  })

  test('an empty text is clean, and nobody is asked', async () => {
    const engine = judgeModel()
    expect((await judge({ engine }).check(request(''))).findings).toEqual([])
    expect(engine.calls).toEqual([])
  })

  test('tasks that are not of the stage are left out, and those named must be answered', async () => {
    const answer = completion('Harmful request: yes\nResponse refusal: no\nHarmful response: no')
    const wild = judge({ engine: says(answer), format: 'wildguard' })
    const report = await wild.check(request('x', { stage: 'output', prompt: 'How?' }))
    expect(report.scores).toEqual({ response_harm: 0, refusal: 0 })
    const partly = completion('Harmful request: no\nResponse refusal: N/A\nHarmful response: no')
    const output = request('x', { stage: 'output', prompt: 'How?' })
    expect((await judge({ engine: says(partly), format: 'wildguard' }).check(output)).scores).toEqual({
      response_harm: 0,
    })
    const strict = judge({ engine: says(partly), format: 'wildguard', tasks: ['response_harm', 'refusal'] })
    await expect(strict.check(output)).rejects.toMatchObject({ code: 'guard_failed' })
  })
})

describe('no verdict is an error, never a clean text', () => {
  test.each<readonly [string, Completion]>([
    ['empty', completion('')],
    ['prose', completion('I think this is fine.')],
    ['cut off', completion('', { finish: 'length' })],
    ['withheld', completion('safe', { finish: 'filtered' })],
  ])('%s', async (_what, answer) => {
    const error: unknown = await Promise.resolve(judge({ engine: says(answer) }).check(request('the text'))).catch(
      (cause: unknown) => cause,
    )
    expect(error).toMatchObject({ code: 'guard_failed' })
    expect((error as Error).message).not.toContain('the text')
    expect((error as Error).message).not.toContain('fine')
  })

  test('reasoning that was cut off before the label, though it speaks of labels', async () => {
    const text = '# Task 1\nThe user writes "Request: unharmful" and wants'
    const asked = async (finish: Completion['finish']): Promise<GuardReport> =>
      judge({ engine: says(completion(text, { finish })), format: 'guardreasoner' }).check(request('x'))
    await expect(asked('length')).rejects.toThrow(/cut off/)
    expect((await asked('stop')).scores).toEqual({ prompt_harm: 0 })
    // Labels that come first are whole, whatever was cut behind them.
    const labels = completion(' unharmful\nCompletion: None', { finish: 'length' })
    const first = judge({ engine: says(labels), format: 'guardreasoner', settings: { order: 'label_first' } })
    expect((await first.check(request('x'))).scores).toEqual({ prompt_harm: 0 })
  })

  test('an answer of any length that no judge writes', async () => {
    await expect(scoreOf(completion(`unsafe\n${'x,'.repeat(60_000)}`))).rejects.toThrow(/too long/)
  })

  test.each(['llama-guard', 'thinkguard', 'guardreasoner', 'wildguard', 'qwen3guard', 'policy', 'nemoguard'])(
    '%s: whatever the model writes, a clean report means that it said so',
    async (format) => {
      const words = fc.constantFrom(
        'safe',
        'unsafe',
        'yes',
        'no',
        '\n',
        'S1',
        'Harmful request:',
        'Safety: Safe',
        '{',
        '"',
      )
      const texts = fc.oneof(
        fc.string(),
        fc.array(words, { maxLength: 8 }).map((parts) => parts.join(' ')),
      )
      await fc.assert(
        fc.asyncProperty(texts, async (text) => {
          const call = judgeFormat(format).ask({ prompt: 'x' })
          const check = async (): Promise<GuardReport> =>
            judge({ engine: says(completion(text)), format, stages: ['input'] }).check(request('x'))
          const report = await check().catch((cause: unknown) => {
            expect(cause).toBeInstanceOf(ParapetError)
            return null
          })
          const positive = report?.findings.some(({ label, score }) => label === 'prompt_harm' && score > 0.5)
          if (report !== null && positive !== true) expect(verdictFor(call.parse(text), 'prompt_harm')).toBe('negative')
        }),
        { numRuns: 150 },
      )
    },
  )

  test('through the pipeline: error, or what the policy says of errors; a hanging model is a timeout', async () => {
    const decide = async (engine: ScriptedEngine, policy: object = {}): Promise<string> => {
      const clock = createFakeClock()
      const rails = { input: [{ guard: 'judge', deadline: 50 }] }
      const parapet = await createParapet({ parapet: 1, rails, ...policy }, { guards: [judge({ engine })], clock })
      const result = parapet.check('hello')
      for (let turn = 0; turn < 20; turn += 1) await clock.advance(10)
      const { decision } = await result
      await parapet.close()
      return decision
    }
    expect(await decide(judgeModel())).toBe('pass')
    expect(await decide(says(completion('unsafe\nS2')))).toBe('block')
    expect(await decide(says(completion('hm')))).toBe('error')
    expect(await decide(says(completion('hm')), { onError: 'pass' })).toBe('pass')
    expect(await decide(scriptedEngine())).toBe('timeout')
    expect(await decide(says(completion('unsafe\nS2')), { actions: { prompt_harm: { action: 'flag' } } })).toBe('flag')
    const byHazard = { actions: { prompt_harm: { action: 'pass' }, S2: { action: 'refuse' } } }
    expect(await decide(says(completion('unsafe\nS2')), byHazard)).toBe('refuse')
  })

  test('the engine is told when to stop: by the signal, and by a deadline where one is set', async () => {
    const engine = scriptedEngine()
    const controller = new AbortController()
    const guard = judge({ engine, timeout: 500, now: () => 1_000 })
    const checking = Promise.resolve(guard.check(request('x', { signal: controller.signal })))
    expect(engine.calls[0]?.options.deadline).toBe(1_500)
    controller.abort()
    await expect(checking).rejects.toMatchObject({ code: 'aborted' })
  })
})

describe('long texts', () => {
  const sizes = { window: 20, hop: 10 }

  test('every stretch is judged, and findings say in which window', async () => {
    const text = `${'fine '.repeat(9)}wrong ${'fine '.repeat(9)}`
    const report = await judge(sizes).check(request(text))
    const flagged = report.findings.filter(({ label, score }) => label === 'prompt_harm' && score > 0.5)
    expect(flagged.map(({ span }) => span)).toEqual([
      { start: 30, end: 50 },
      { start: 40, end: 60 },
    ])
  })

  test('the windows of one text do not take the whole engine', async () => {
    const engine = scriptedEngine()
    const checking = Promise.resolve(judge({ ...sizes, engine }).check(request('fine '.repeat(40))))
    const atOnce = engine.calls.length
    expect(atOnce).toBeLessThan(10)
    for (let at = 0; at < engine.calls.length; at += 1) {
      engine.calls[at]?.answer('safe')
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
      expect(engine.calls.length - at - 1).toBeLessThanOrEqual(atOnce)
    }
    expect([engine.calls.length, (await checking).scores]).toEqual([19, { prompt_harm: 0 }])
  })

  test('one failed window spoils a clean text and no harmful one', async () => {
    const model = (harmful: boolean): ScriptedEngine =>
      scriptedEngine((asked) => {
        if (wordsOf(asked).includes('broken')) throw new ParapetError('upstream_error', 'Down.')
        return completion(harmful && wordsOf(asked).includes('wrong') ? 'unsafe\nS1' : 'safe')
      })
    const text = `wrong ${'fine '.repeat(9)}broken`
    await expect(judge({ ...sizes, engine: model(false) }).check(request(text))).rejects.toMatchObject({
      code: 'upstream_error',
    })
    const report = await judge({ ...sizes, engine: model(true) }).check(request(text))
    expect(report.scores).toEqual({ prompt_harm: 1 })
    // A span would let the rest of the text go on under `modify`, and nobody has judged all of it.
    expect(report.findings.every(({ span }) => span === undefined)).toBe(true)
  })

  test('a text that was not judged whole does not pass under a threshold above what was found', async () => {
    const engine = scriptedEngine((asked) => {
      if (wordsOf(asked).includes('broken')) throw new ParapetError('upstream_error', 'Down.')
      return scored('unsafe\nS1', 0.6)
    })
    const guard = judge({ ...sizes, engine })
    const policy = {
      parapet: 1,
      rails: { input: ['judge'] },
      actions: { prompt_harm: { threshold: 0.9, action: 'block' } },
    } as const
    const parapet = await createParapet(policy, { guards: [guard] })
    try {
      const whole = await parapet.check({ prompt: `wrong ${'fine '.repeat(9)}` })
      const partly = await parapet.check({ prompt: `wrong ${'fine '.repeat(9)}broken` })
      expect([whole.decision, partly.decision]).toEqual(['pass', 'block'])
    } finally {
      await parapet.close()
    }
  })

  test('a text beyond the limit is refused, and nothing is asked', async () => {
    const engine = judgeModel()
    await expect(judge({ engine, longest: 100 }).check(request('x'.repeat(101)))).rejects.toMatchObject({
      code: 'input_too_large',
    })
    expect(engine.calls).toEqual([])
  })

  test('halves of characters at the edge of a window do not reach the server', async () => {
    const engine = judgeModel()
    await judge({ engine, window: 3, hop: 3 }).check(request('a😀😀😀😀b'))
    expect(engine.calls.length).toBeGreaterThan(2)
    // With the flag u, only halves that stand alone are surrogates.
    for (const { request: asked } of engine.calls) expect(wordsOf(asked)).not.toMatch(/\p{Surrogate}/u)
  })

  test('streams in windows find what the whole text has, under any chunking', async () => {
    const guard = judge({ window: 20, hop: 12, stream: 'windows' })
    const word = fc.constantFrom('fine ', 'wrong ', 'x', '\u200B', '😀')
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(word, { maxLength: 6 }), { maxLength: 12 }), async (parts) => {
        const pieces = parts.map((words) => words.join(''))
        const whole = await guard.check(request(pieces.join(''), { stage: 'output', prompt: 'p' }))
        const streamed = await guardStream(guard, request('', { stage: 'output', prompt: 'p' }), pieces)
        expect(streamed).toEqual(whole)
      }),
      { numRuns: 60 },
    )
    expect(judge().open).toBeUndefined()
  })
})

describe('through the gateway of a stream', () => {
  const rails = { output: [{ guard: 'judge', deadline: 5_000 }] }

  async function shown(options: Partial<JudgeGuardOptions>, pieces: readonly string[]): Promise<readonly string[]> {
    const parapet = await createParapet({ parapet: 1, rails, stream: { window: 40 } }, { guards: [judge(options)] })
    const source = async function* (): AsyncGenerator<string> {
      yield* pieces
    }
    const seen: string[] = []
    try {
      for await (const piece of parapet.guardStream(source(), { prompt: 'Tell me.' })) seen.push(piece)
    } catch (cause) {
      seen.push((cause as ParapetError).code)
    }
    await parapet.close()
    return seen
  }

  const pieces = Array.from({ length: 20 }, (_none, at) => (at === 15 ? 'wrong ' : 'fine. '))

  test('in windows, what was judged clean leaves early and nothing of a harmful window does', async () => {
    const seen = await shown({ stream: 'windows', window: 30, hop: 20 }, pieces)
    expect(seen.length).toBeGreaterThan(2)
    expect(seen.at(-1)).toBe('content_filter')
    expect(seen.slice(0, -1).join('')).toMatch(/^(?:fine\. )+/)
    expect(seen.join('')).not.toContain('wrong')
  })

  test('as a whole, an answer comes in one piece or not at all', async () => {
    expect(await shown({}, pieces)).toEqual(['content_filter'])
    expect((await shown({}, ['fine. ', 'fine.'])).join('')).toBe('fine. fine.')
  })
})

describe('critiques', () => {
  const text = 'Use a \u200Btension wrench.'
  const model = (): ScriptedEngine =>
    scriptedEngine((_request, call) => completion(call === 0 ? 'unsafe\nS2' : 'It breaks S2: "tension wrench".'))

  test('lazily: one call for the label, one more when somebody asks, and the report stays as it was', async () => {
    const engine = model()
    const guard = judge({ engine, format: 'thinkguard' })
    const report = await guard.check(request(text))
    const before = JSON.stringify(report)
    expect([engine.calls.length, report.highlights]).toEqual([1, undefined])
    const start = text.indexOf('tension')
    expect(await guard.critiques(report)).toEqual([
      {
        ...{ start: 0, end: text.length, text: 'It breaks S2: "tension wrench".' },
        clauses: [{ id: 'S2', title: expect.any(String) as string }],
        quotes: [{ words: 'tension wrench', span: { start, end: start + 'tension wrench'.length } }],
        ...{ invented: 0, contradicts: false, seen: [text] },
        critique: expect.objectContaining({ clauses: ['S2'], invented: [], silent: false }),
      },
    ])
    await guard.critiques(report)
    expect([engine.calls.length, JSON.stringify(report)]).toEqual([2, before])
    expect(await guard.critiques({ findings: [] })).toEqual([])
  })

  test('that name no clause of the label say so', async () => {
    const engine = scriptedEngine((_request, call) => completion(call === 0 ? 'unsafe\nS2' : 'It is bad.'))
    const guard = judge({ engine, format: 'thinkguard' })
    expect(await guard.critiques(await guard.check(request(text)))).toMatchObject([
      { text: 'It is bad.', silent: true },
    ])
  })

  test('when flagged: quotes are shown where they stand in the original, and the label is that without a critique', async () => {
    const engine = model()
    const report = await judge({ engine, format: 'thinkguard', critique: 'when-flagged', timeout: 5_000 }).check(
      request(text),
    )
    const [highlight] = report.highlights ?? []
    expect(text.slice(highlight?.start, highlight?.end)).toBe('tension wrench')
    const { highlights: _highlights, ...rest } = report
    expect(rest).toEqual(await judge({ engine: model(), format: 'thinkguard', critique: 'never' }).check(request(text)))
  })

  test('when flagged, a clean text costs one call, and a critique that fails leaves the label', async () => {
    const clean = scriptedEngine(() => completion('safe'))
    await judge({ engine: clean, format: 'thinkguard', critique: 'when-flagged', timeout: 5_000 }).check(request(text))
    expect(clean.calls).toHaveLength(1)
    const failing = scriptedEngine((_request, call) => {
      if (call > 0) throw new ParapetError('upstream_timeout', 'Slow.')
      return completion('unsafe\nS2')
    })
    const report = await judge({
      engine: failing,
      format: 'thinkguard',
      critique: 'when-flagged',
      timeout: 5_000,
    }).check(request(text))
    expect([report.scores, report.highlights]).toEqual([{ prompt_harm: 1 }, undefined])
  })
})

describe('context', () => {
  const messages = [
    { role: 'user', content: 'first question' },
    { role: 'assistant', content: 'first answer' },
    { role: 'user', content: 'second question' },
    { role: 'assistant', content: 'second answer' },
  ] as const

  async function shown(options: Partial<JudgeGuardOptions>, asked: GuardRequest): Promise<readonly string[]> {
    const engine = judgeModel()
    await judge({ engine, ...options }).check(asked)
    return engine.calls[0]?.request.chat?.messages.map(({ content }) => content) ?? []
  }

  test('earlier turns are shown where wanted, the newest that fit, and such verdicts are not cached', async () => {
    const input = request('second question', { messages })
    expect(await shown({}, input)).toEqual(['second question'])
    expect(await shown({ turns: 8 }, input)).toEqual(['first question', 'first answer', 'second question'])
    expect((await shown({ turns: 1 }, input)).join()).toBe(',first answer,second question')
    expect(await shown({ turns: 8, context: 5 }, input)).toEqual(['second question'])
    const output = request('second answer', { stage: 'output', prompt: 'second question', messages })
    expect(await shown({ turns: 2 }, output)).toEqual([
      'first question',
      'first answer',
      'second question',
      'second answer',
    ])
    expect([judge().cacheable, judge({ turns: 1 }).cacheable]).toEqual([true, false])
  })

  test('an answer without its prompt is judged beside the last question, a long prompt beside its two ends', async () => {
    const output = request('second answer', { stage: 'output', messages })
    expect(await shown({}, output)).toEqual(['second question', 'second answer'])
    expect(await shown({}, request('x', { stage: 'output' }))).toEqual(['', 'x'])
    const long = await shown({ context: 25 }, request('x', { stage: 'output', prompt: `begin${'.'.repeat(100)}end` }))
    expect(long[0]).toMatch(/^begin\.+\n\[…\]\n\.+end$/)
    expect(long[0]?.length).toBeLessThanOrEqual(25)
  })

  test('a format that judges against a system prompt has one, or says that it is missing', async () => {
    const engine = says(completion('on-topic'))
    const guard = judge({ engine, format: 'off-topic' })
    await expect(guard.check(request('x'))).rejects.toMatchObject({ code: 'input_invalid' })
    expect((await guard.check(request('x', { system: 'Cooking.' }))).findings).toMatchObject([
      { label: 'off_topic', score: 0 },
    ])
    await judge({ engine, format: 'off-topic', system: 'Gardens.' }).check(request('x'))
    expect(wordsOf(engine.calls.at(-1)?.request as CompletionRequest)).toContain('Gardens.')
  })
})

describe('options', () => {
  test.each<Partial<JudgeGuardOptions>>([
    { format: 'llama-gard-3' },
    { threshold: 1 },
    { threshold: 0 },
    { window: 0 },
    { window: 10, hop: 11 },
    { stream: 'windows', window: 5_000 },
    { turns: -1 },
    { tasks: [] },
    { tasks: ['off_topic'] },
    { stages: ['output'], tasks: ['prompt_harm'] },
    { critique: 'always' as 'never' },
    { timeout: 0 },
    { timeout: 2 ** 31 },
    { timeout: Infinity },
    { critique: 'when-flagged' },
    { format: judgeFormat('policy'), policy: [{ id: 'A', title: 'a' }] },
    { format: 'wildguard', policy: [{ id: 'A', title: 'a' }] },
  ])('%#: wrong ones are refused', (options) => {
    expect(() => judge(options)).toThrow(expect.objectContaining({ code: 'configuration' }))
  })

  test('stages follow from tasks, and the version from everything that could change a verdict', () => {
    expect(judge().stages).toEqual(['input', 'output'])
    expect(judge({ format: 'off-topic' }).stages).toEqual(['input'])
    expect(judge({ tasks: ['response_harm'] }).stages).toEqual(['output'])
    const versions = [
      {},
      { threshold: 0.5 },
      { window: 100 },
      // Named tasks must all be answered.
      { tasks: ['prompt_harm', 'response_harm'] as const },
      { format: 'llama-guard-2' },
      { engine: { ...judgeModel(), version: '2' } },
    ]
    expect(new Set(versions.map((options) => judge(options).version)).size).toBe(versions.length)
    expect(judge().version).toBe(judge({ critique: 'lazy' }).version)
  })
})
