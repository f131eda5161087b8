import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import type { Clock, Finding, Guard, GuardReport, Policy } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { compilePolicy } from '../policy/index.ts'
import { createJudge } from './pipeline.ts'

const clock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (handle) => clearTimeout(handle as number),
}

type Check = Guard['check']

function guard(id: string, check: Check, extra: Partial<Guard> = {}): Guard {
  return {
    specVersion: 'v1',
    id,
    version: '1',
    stages: ['input', 'retrieval', 'tool_call', 'tool_result', 'output'],
    check,
    ...extra,
  }
}

/** Reports every place where `word` stands. */
function wordGuard(id: string, word: string, finding: Partial<Finding> = {}): Guard {
  return guard(id, ({ text }) => {
    const findings: Finding[] = []
    for (let at = text.original.indexOf(word); at >= 0; at = text.original.indexOf(word, at + 1)) {
      findings.push({ label: `rule.${id}`, score: 1, span: { start: at, end: at + word.length }, ...finding })
    }
    return { findings }
  })
}

function judgeWith(guards: readonly Guard[], policy: Partial<Policy> = {}) {
  const names = guards.map(({ id }) => id)
  const rails = { input: names, retrieval: names, tool_call: names, tool_result: names, output: names }
  const compiled = compilePolicy({ parapet: 1, rails, ...policy })
  return createJudge({ policy: () => compiled, guards: new Map(guards.map((item) => [item.id, item])), clock })
}

describe('decisions', () => {
  test('a clean text passes and carries null scores', async () => {
    const row = await judgeWith([wordGuard('a', 'zzz')]).check({ prompt: 'hello' })
    expect(row).toMatchObject({ decision: 'pass', error: null, spans: [], categories: {} })
    expect(row.scores).toEqual({
      prompt_harm: null,
      response_harm: null,
      refusal: null,
      injection: null,
      toxicity: null,
    })
  })

  test.each(['flag', 'modify', 'refuse', 'hold', 'block'] as const)(
    'the policy action %s becomes the decision',
    async (action) => {
      const row = await judgeWith([wordGuard('a', 'bad')], { actions: { 'rule.a': { action } } }).check({
        prompt: 'a bad day',
      })
      expect(row.decision).toBe(action)
      expect(row.spans).toEqual([{ start: 2, end: 5, label: 'rule.a', field: 'prompt', score: 1 }])
      if (action === 'modify') expect(row.text).toBe('a [RULE.A] day')
    },
  )

  test('the policy action wins over the guard’s own', async () => {
    const own = wordGuard('a', 'bad', { action: 'block' })
    expect((await judgeWith([own]).check({ prompt: 'bad' })).decision).toBe('block')
    expect((await judgeWith([own], { actions: { rule: { action: 'flag' } } }).check({ prompt: 'bad' })).decision).toBe(
      'flag',
    )
  })

  test('labels in an untested language are told once, and nothing is said without any', async () => {
    const unsure =
      (...untested: string[]): Guard['check'] =>
      () => ({ findings: [], untested })
    const judge = judgeWith([guard('a', unsure('S1', 'toxicity')), guard('b', unsure('toxicity'))])
    expect((await judge.check({ prompt: 'x', response: 'y' })).untested).toEqual(['S1', 'toxicity'])
    expect(await judgeWith([guard('a', unsure())]).check({ prompt: 'x' })).not.toHaveProperty('untested')
    const rubbish = guard('a', () => ({ findings: [], untested: 'S1' as unknown as string[] }))
    expect((await judgeWith([rubbish]).check({ prompt: 'x' })).decision).toBe('error')
  })

  test('a finding counts only above its threshold', async () => {
    const half = wordGuard('a', 'bad', { score: 0.5 })
    expect((await judgeWith([half]).check({ prompt: 'bad' })).decision).toBe('pass')
    const strict = judgeWith([half], { actions: { rule: { threshold: 0.49 } } })
    expect((await strict.check({ prompt: 'bad' })).decision).toBe('block')
  })

  test('a retry that nobody can carry out is a block with feedback', async () => {
    const row = await judgeWith([wordGuard('a', 'bad', { action: 'retry', reason: 'Say it nicely.' })]).check({
      prompt: 'bad',
    })
    expect(row).toMatchObject({ decision: 'block', feedback: 'Say it nicely.' })
  })

  test('refusals come in the policy’s words', async () => {
    const judge = judgeWith([wordGuard('a', 'bad', { action: 'refuse' })], { refusals: { default: 'No.' } })
    expect(await judge.check({ prompt: 'bad' })).toMatchObject({ decision: 'refuse', text: 'No.' })
  })

  test('shadow changes nothing and reports both decisions', async () => {
    const row = await judgeWith([wordGuard('a', 'bad')], { shadow: true }).check({ prompt: 'bad' })
    expect(row).toMatchObject({ decision: 'pass', shadowDecision: 'block' })
    const part = { input: ['b', { guard: 'a', shadow: true }] }
    const one = await judgeWith([wordGuard('a', 'bad'), wordGuard('b', 'bad', { action: 'flag' })], {
      rails: part,
    }).check({ prompt: 'bad' })
    expect(one).toMatchObject({ decision: 'flag', shadowDecision: 'block' })
  })

  test('property: masking leaves no masked character and keeps the rest', async () => {
    const judge = judgeWith([
      wordGuard('a', 'aba', { action: 'modify', replacement: '#' }),
      wordGuard('b', 'bab', { action: 'modify', replacement: '#' }),
    ])
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: fc.constantFrom('a', 'b', 'c') }), async (prompt) => {
        const row = await judge.check({ prompt })
        const text = row.decision === 'modify' ? row.text : prompt
        expect(text).not.toMatch(/aba|bab/)
        expect(text?.replaceAll(/[^c]/g, '')).toBe(prompt.replaceAll(/[^c]/g, ''))
      }),
    )
  })
})

describe('failures are never a pass', () => {
  const rubbish: readonly [string, Check][] = [
    [
      'throws',
      () => {
        throw new Error('secret prompt text')
      },
    ],
    ['rejects', () => Promise.reject(new Error('x'))],
    ['returns nothing', (() => undefined) as unknown as Check],
    ['returns a score of 2', () => ({ findings: [{ label: 'x', score: 2 }] })],
    ['returns NaN', () => ({ findings: [{ label: 'x', score: Number.NaN }] })],
    ['points outside the text', () => ({ findings: [{ label: 'x', score: 1, span: { start: 0, end: 99 } }] })],
    ['returns a string', (() => 'pass') as unknown as Check],
  ]
  test.each(rubbish)('a guard that %s is an error', async (_name, check) => {
    const row = await judgeWith([guard('g', check)]).check({ prompt: 'hello' })
    expect(row).toMatchObject({ decision: 'error', error: { code: 'guard_failed' } })
    expect(JSON.stringify(row)).not.toContain('secret prompt text')
    const passed = await judgeWith([guard('g', check)], { onError: 'pass' }).check({ prompt: 'hello' })
    expect(passed.decision).toBe('pass')
    expect(passed.warnings).toHaveLength(1)
  })

  test('a guard that hangs is a timeout, and its signal is aborted', async () => {
    let aborted = false
    const hang = guard(
      'g',
      ({ signal }) => new Promise<GuardReport>(() => signal.addEventListener('abort', () => (aborted = true))),
    )
    const row = await judgeWith([hang], { deadlines: { guard: 10 } }).check({ prompt: 'hello' })
    expect(row).toMatchObject({ decision: 'timeout', error: { code: 'guard_timeout' } })
    expect(aborted).toBe(true)
  })

  test('a guard the policy names but nobody made is an error', async () => {
    const compiled = compilePolicy({ parapet: 1, rails: { input: ['ghost'] } })
    const judge = createJudge({ policy: () => compiled, guards: new Map(), clock })
    expect((await judge.check({ prompt: 'x' })).decision).toBe('error')
  })

  test('a certain block outranks a failure; an early block cancels what is still out', async () => {
    const hang = guard('h', () => new Promise<GuardReport>(() => undefined))
    const row = await judgeWith([
      hang,
      guard('s', () => Promise.resolve({ findings: [{ label: 'x', score: 1 }] })),
    ]).check({ prompt: 'x' })
    expect(row.decision).toBe('block')
    expect(row.guards.map(({ status }) => status)).toEqual(['cancelled', 'judged'])
  })

  test('a caller that leaves gets `aborted`', async () => {
    const hang = guard('h', () => new Promise<GuardReport>(() => undefined))
    const controller = new AbortController()
    const pending = judgeWith([hang]).check({ prompt: 'x' }, { signal: controller.signal })
    controller.abort()
    await expect(pending).rejects.toMatchObject({ code: 'aborted' })
  })

  test.each([
    [null],
    [{}],
    [{ prompt: 5 }],
    [{ prompt: 'x', stage: 'nowhere' }],
    [{ messages: [] }],
    [{ messages: [{ role: 'king', content: '' }] }],
  ])('input %j is refused with the field that is wrong', async (input) => {
    const error = await judgeWith([])
      .check(input as never)
      .catch((thrown: unknown) => thrown)
    expect(ParapetError.isInstance(error) && error.code).toBe('input_invalid')
  })
})

describe('what is judged', () => {
  test('prompt at input, response at output, each with its own spans', async () => {
    const row = await judgeWith([wordGuard('a', 'bad', { action: 'modify' })]).check({
      prompt: 'bad',
      response: 'so bad',
    })
    expect(row.spans.map(({ field, start }) => [field, start])).toEqual([
      ['prompt', 0],
      ['response', 3],
    ])
    expect(row).toMatchObject({ text: 'so [RULE.A]', modified: { prompt: '[RULE.A]', response: 'so [RULE.A]' } })
  })

  test('every message of the window, not only the last; older ones are left alone', async () => {
    const judge = judgeWith([wordGuard('a', 'bad', { action: 'modify' })], { conversation: { messages: 3 } })
    const messages = [
      { role: 'user', content: 'bad 0' },
      { role: 'user', content: 'bad 1' },
      { role: 'assistant', content: 'fine' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'ok' },
          { type: 'text', text: 'bad 2' },
        ],
      },
    ] as const
    const row = await judge.check({ messages })
    expect(row.messages).toEqual([
      messages[0],
      { role: 'user', content: '[RULE.A] 1' },
      messages[2],
      {
        role: 'user',
        content: [
          { type: 'text', text: 'ok' },
          { type: 'text', text: '[RULE.A] 2' },
        ],
      },
    ])
    expect(row.spans.map(({ message }) => message)).toEqual([1, 3])
  })

  test('tool calls and tool results are judged at their own stages, under the tool’s name', async () => {
    const seen: unknown[] = []
    const spy = guard('s', ({ stage, tool, text }) => (seen.push([stage, tool, text.original]), { findings: [] }))
    await judgeWith([spy]).check({
      messages: [
        { role: 'user', content: 'go' },
        { role: 'assistant', content: '', toolCalls: [{ id: '1', name: 'mail', input: '{"to":"x"}' }] },
        { role: 'tool', content: 'sent', toolCallId: '1' },
      ],
    })
    expect(seen).toEqual([
      ['input', undefined, 'go'],
      ['tool_call', 'mail', '{"to":"x"}'],
      ['tool_result', 'mail', 'sent'],
    ])
  })

  test('what is new is judged whatever the window, beside what came before it', async () => {
    const seen: unknown[] = []
    const looking = guard(
      'looking',
      ({ text, prompt, stage }) => (seen.push([stage, text.original, prompt]), { findings: [] }),
    )
    const messages = [
      { role: 'user', content: 'asked' },
      { role: 'assistant', content: 'called' },
      { role: 'tool', content: 'found' },
      { role: 'assistant', content: 'said' },
    ] as const
    const narrow = judgeWith([looking], { conversation: { messages: 1, roles: ['user'] } })
    await narrow.check({ messages }, { from: 1 })
    expect(seen).toEqual([
      ['output', 'called', 'asked'],
      ['tool_result', 'found', 'asked'],
      ['output', 'said', 'asked'],
    ])
    seen.length = 0
    await narrow.check({ messages }, { from: messages.length })
    await narrow.check({ messages })
    expect(seen).toEqual([])
  })

  test.each([
    ['block', 'block'],
    ['flag', 'flag'],
    ['pass', 'pass'],
  ] as const)('media no guard can judge: %s', async (media, decision) => {
    const messages = [{ role: 'user', content: [{ type: 'media', mediaType: 'image/png', source: 'data:' }] }] as const
    expect((await judgeWith([], { media }).check({ messages })).decision).toBe(decision)
  })

  test('the cache answers the same text again, but not under another policy or for guards that forbid it', async () => {
    let calls = 0
    const counted = guard('c', () => (calls++, { findings: [] }))
    const judge = judgeWith([counted])
    await judge.check({ prompt: 'x' })
    expect((await judge.check({ prompt: 'x' })).guards[0]?.cached).toBe(true)
    expect(calls).toBe(1)
    const never = judgeWith([guard('c', () => (calls++, { findings: [] }), { cacheable: false })])
    await never.check({ prompt: 'x' })
    await never.check({ prompt: 'x' })
    expect(calls).toBe(3)
  })

  test('scores come from the scorer even when no rail lists it, and change nothing', async () => {
    const scorer = guard('scorer', () => ({
      findings: [{ label: 'prompt_harm', score: 1 }],
      scores: { prompt_harm: 1 },
    }))
    const compiled = compilePolicy({ parapet: 1 })
    const judge = createJudge({
      policy: () => compiled,
      guards: new Map([['scorer', scorer]]),
      clock,
      scorer: 'scorer',
    })
    const row = await judge.check({ prompt: 'x' })
    expect(row).toMatchObject({ decision: 'pass', shadowDecision: 'pass', scores: { prompt_harm: 1 } })
  })
})
