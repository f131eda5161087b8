/** Images, recordings and files in whole conversations: who judges them, and what the policy makes of it. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drain, judgeWith, ManualClock, wordGuard } from '../../../test/support/stream.ts'
import type { Action, Guard, GuardReport, MediaCheck, MediaPart, MediaRequest, Message } from '../../spec/index.ts'
import { mediumType } from './media.ts'

const PIXEL = 'data:image/png;base64,iVBORw0KGgo='
const STAGES = ['input', 'retrieval', 'tool_call', 'tool_result', 'output'] as const

/** Judges media, has nothing to say about texts. */
function mediaGuard(check: MediaCheck['check'], extra: Partial<Guard> = {}, types: readonly string[] = ['image/*']) {
  const asked: MediaRequest[] = []
  const guard: Guard = {
    specVersion: 'v1',
    id: 'eye',
    version: '1',
    stages: STAGES,
    maxSpan: 0,
    check: () => ({ findings: [] }),
    open: () => ({ advance: (buffer) => ({ findings: [], settled: buffer.end, keep: buffer.end }) }),
    media: {
      types,
      check(request) {
        asked.push(request)
        return check(request)
      },
    },
    ...extra,
  }
  return { guard, asked }
}

const finds = (label: string, action?: Action, replacement?: string): GuardReport => ({
  findings: [
    {
      label,
      score: 1,
      ...(action === undefined ? {} : { action }),
      ...(replacement === undefined ? {} : { replacement }),
    },
  ],
})
const clean: GuardReport = { findings: [] }

function image(source: string = PIXEL, mediaType = 'image/*'): MediaPart {
  return { type: 'media', mediaType, source }
}

function asks(...content: Exclude<Message['content'], string>): { readonly messages: readonly Message[] } {
  return { messages: [{ role: 'user', content }] }
}

describe('a medium that a guard can judge', () => {
  test('is governed by its findings, whatever the rule for media', async () => {
    const { guard, asked } = mediaGuard(() => clean)
    for (const media of ['block', 'flag', 'pass'] as const) {
      const result = await judgeWith([guard], { media }).judge.check(asks({ type: 'text', text: 'see' }, image()))
      expect(result.decision).toBe('pass')
      expect(result.guards.map(({ guard }) => guard)).toEqual(['eye', 'eye'])
    }
    expect(asked[0]).toMatchObject({ stage: 'input', field: 'prompt', mediaType: 'image/png', source: PIXEL })
    expect(asked[0]?.messages).toHaveLength(1)
    expect(asked[0]?.signal).toBeInstanceOf(AbortSignal)
    expect(asked[0]).not.toHaveProperty('text')
  })

  test.each(['flag', 'refuse', 'hold', 'block'] as const)('is a %s when its guard says so', async (action) => {
    const { guard } = mediaGuard(() => finds('image.odd', action))
    const result = await judgeWith([guard], { media: 'pass' }).judge.check(asks(image()))
    expect(result).toMatchObject({ decision: action, spans: [] })
    expect(result.guards).toMatchObject([{ guard: 'eye', stage: 'input', decision: action, labels: ['image.odd'] }])
  })

  test('follows thresholds, actions and scores like a text', async () => {
    const { guard } = mediaGuard(() => ({
      findings: [{ label: 'image.odd', score: 0.6 }],
      scores: { prompt_harm: 0.6 },
      categories: { S12: 0.4 },
    }))
    const check = (threshold: number) =>
      judgeWith([guard], { actions: { image: { threshold, action: 'hold' } } }).judge.check(asks(image()))
    expect(await check(0.7)).toMatchObject({ decision: 'pass', scores: { prompt_harm: 0.6 }, categories: { S12: 0.4 } })
    expect((await check(0.5)).decision).toBe('hold')
  })

  test('stands in the stage of its message', async () => {
    const { guard, asked } = mediaGuard(() => clean)
    const messages: Message[] = [
      { role: 'user', content: 'draw it' },
      { role: 'assistant', content: [image()], toolCalls: [{ id: 'c', name: 'camera', input: '{}' }] },
      { role: 'tool', toolCallId: 'c', content: [image()] },
      { role: 'user', content: [image()] },
    ]
    await judgeWith([guard], { cache: false }).judge.check({ messages })
    expect(asked.map(({ stage, field, tool, prompt }) => [stage, field, tool, prompt])).toEqual([
      ['output', 'response', undefined, 'draw it'],
      ['tool_result', 'prompt', 'camera', 'draw it'],
      ['input', 'prompt', undefined, undefined],
    ])
  })

  test('under modify is removed, and a text stands in its place', async () => {
    const { guard } = mediaGuard(({ source }) =>
      source === PIXEL ? clean : finds('image.odd', 'modify', source.endsWith('2') ? '(removed)' : undefined),
    )
    const { messages } = asks(
      { type: 'text', text: 'see' },
      image(),
      image('https://images.example/1'),
      image('https://images.example/2'),
    )
    const result = await judgeWith([guard]).judge.check({ messages: [...messages, { role: 'user', content: 'both' }] })
    expect(result.decision).toBe('modify')
    expect(result.messages?.[0]?.content).toEqual([
      { type: 'text', text: 'see' },
      image(),
      { type: 'text', text: '[IMAGE.ODD]' },
      { type: 'text', text: '(removed)' },
    ])
    const before = messages[0]?.content as readonly MediaPart[]
    expect(result.messages?.[0]?.content[1]).toBe(before[1])
    expect(result.messages?.[1]).toEqual({ role: 'user', content: 'both' })
  })

  test('and a text are modified side by side', async () => {
    const { guard } = mediaGuard(() => finds('image.odd', 'modify'))
    const words = wordGuard('w', ['pin 1'], { action: 'modify', replacement: '#' })
    const { messages } = await judgeWith([guard, words]).judge.check(asks(image(), { type: 'text', text: 'my pin 1' }))
    expect(messages?.[0]?.content).toEqual([
      { type: 'text', text: '[IMAGE.ODD]' },
      { type: 'text', text: 'my #' },
    ])
  })

  test('is judged beside others, by the guards of its own type only', async () => {
    const eye = mediaGuard(() => finds('image.odd', 'flag'))
    const ear = mediaGuard(() => clean, { id: 'ear' }, ['audio/wav', 'audio/mpeg'])
    const result = await judgeWith([eye.guard, ear.guard]).judge.check(
      asks(image(), image('UklGRg==', 'Audio/WAV; codecs=1'), image('x', 'audio/ogg')),
    )
    expect(eye.asked).toHaveLength(1)
    expect(ear.asked.map(({ mediaType }) => mediaType)).toEqual(['audio/wav'])
    expect(result.decision).toBe('block')
    expect(result.guards.map(({ guard, labels }) => [guard, ...labels])).toEqual([
      ['eye', 'image.odd'],
      ['ear'],
      ['media', 'media.unjudged'],
    ])
  })
})

describe('a medium that no guard can judge', () => {
  test.each(['block', 'flag', 'pass'] as const)('is a %s when the policy says so', async (media) => {
    for (const guards of [
      [],
      [mediaGuard(() => clean, {}, ['audio/*']).guard],
      [mediaGuard(() => clean, { stages: ['output'] }).guard],
    ]) {
      expect((await judgeWith(guards, { media }).judge.check(asks(image()))).decision).toBe(media)
    }
  })

  test('is one without anything to look at', async () => {
    const { guard, asked } = mediaGuard(() => clean, {}, ['*/*'])
    const result = await judgeWith([guard]).judge.check(asks(image('', 'application/octet-stream')))
    expect(result.decision).toBe('block')
    expect(asked).toHaveLength(0)
  })

  test('is one whose type is only known roughly, unless a guard takes the whole range', async () => {
    const decide = async (types: readonly string[]) =>
      (await judgeWith([mediaGuard(() => clean, {}, types).guard]).judge.check(asks(image('https://a.example/x'))))
        .decision
    expect(await decide(['image/png', 'image/jpeg'])).toBe('block')
    expect(await decide(['image/*'])).toBe('pass')
    expect(await decide(['*/*'])).toBe('pass')
  })

  test('is not looked at outside the window', async () => {
    const { guard, asked } = mediaGuard(() => finds('image.odd'))
    const { messages } = asks(image())
    const result = await judgeWith([guard], { conversation: { messages: 1 } }).judge.check({
      messages: [...messages, { role: 'user', content: 'hi' }],
    })
    expect(result.decision).toBe('pass')
    expect(asked).toHaveLength(0)
  })
})

describe('a guard of media that fails is never a pass', () => {
  const failing: readonly [string, Partial<Guard>][] = [
    [
      'throws',
      {
        media: {
          types: ['image/*'],
          check: () => {
            throw new Error('no')
          },
        },
      },
    ],
    ['rejects', { media: { types: ['image/*'], check: () => Promise.reject(new Error('no')) } }],
    ['answers rubbish', { media: { types: ['image/*'], check: () => 'fine' as never } }],
    ['answers nothing', { media: { types: ['image/*'], check: () => undefined as never } }],
    ['has a score of 2', { media: { types: ['image/*'], check: () => ({ findings: [{ label: 'a', score: 2 }] }) } }],
    [
      'names a span',
      {
        media: {
          types: ['image/*'],
          check: () => ({ findings: [{ label: 'a', score: 0, span: { start: 0, end: 1 } }] }),
        },
      },
    ],
    [
      'highlights',
      {
        media: {
          types: ['image/*'],
          check: async () => ({ findings: [], highlights: [{ start: 0, end: 1, label: 'a', score: 0 }] }),
        },
      },
    ],
    ['has no list of types', { media: { types: 'image/png', check: () => clean } as never }],
    ['has a type that is none', { media: { types: ['png'], check: () => clean } }],
    ['has no check', { media: { types: ['image/*'] } as never }],
    ['has null', { media: null as never }],
  ]

  test.each(failing)('%s', async (_name, extra) => {
    const { guard } = mediaGuard(() => clean, extra)
    for (const media of ['block', 'pass'] as const) {
      const result = await judgeWith([guard], { media }).judge.check(asks(image()))
      expect(result).toMatchObject({ decision: 'error', error: { code: 'guard_failed' } })
    }
    const lenient = await judgeWith([guard], { onError: 'pass' }).judge.check(asks(image()))
    expect(lenient.decision).toBe('pass')
    expect(lenient.warnings).toEqual(['eye ended as error and the policy let the request pass (onError: pass).'])
  })

  test('one that hangs runs into its deadline', async () => {
    const clock = new ManualClock()
    const { guard, asked } = mediaGuard(() => new Promise(() => undefined))
    const { judge } = judgeWith([guard], { deadlines: { guard: 200 }, media: 'pass' }, clock)
    const pending = judge.check(asks(image('https://a.example/x')))
    await clock.advance(200)
    expect(await pending).toMatchObject({ decision: 'timeout', error: { code: 'guard_timeout' } })
    expect(asked[0]?.signal.aborted).toBe(true)
  })

  test('one that is still looking when another blocks is cancelled', async () => {
    const clock = new ManualClock()
    const slow = mediaGuard(() => new Promise(() => undefined))
    const quick = mediaGuard(() => Promise.resolve(finds('image.odd', 'block')), { id: 'quick' })
    const result = await judgeWith([slow.guard, quick.guard], {}, clock).judge.check(asks(image('https://a.example/x')))
    expect(result.decision).toBe('block')
    expect(result.guards).toMatchObject([{ guard: 'eye', status: 'cancelled' }, { guard: 'quick' }])
    expect(slow.asked[0]?.signal.aborted).toBe(true)
    expect(clock.pending).toBe(0)
  })

  test('one that is still looking when the caller leaves is told', async () => {
    const leave = new AbortController()
    const { guard, asked } = mediaGuard(() => new Promise(() => undefined))
    const pending = judgeWith([guard]).judge.check(asks(image()), { signal: leave.signal })
    await expect.poll(() => asked.length).toBe(1)
    leave.abort()
    await expect(pending).rejects.toMatchObject({ code: 'aborted' })
    await drain()
    expect(asked[0]?.signal.aborted).toBe(true)
  })
})

describe('in shadow', () => {
  const rails = { input: [{ guard: 'eye', shadow: true }] }

  test('a guard changes nothing: the rule for media still decides', async () => {
    const { guard } = mediaGuard(() => clean)
    expect(await judgeWith([guard], { rails }).judge.check(asks(image()))).toMatchObject({
      decision: 'block',
      shadowDecision: 'pass',
    })
    const odd = mediaGuard(() => finds('image.odd', 'refuse'))
    expect(await judgeWith([odd.guard], { rails, media: 'pass' }).judge.check(asks(image()))).toMatchObject({
      decision: 'pass',
      shadowDecision: 'refuse',
    })
  })

  test('a whole policy passes everything and says what it would have done', async () => {
    const { guard } = mediaGuard(() => finds('image.odd', 'modify'))
    const result = await judgeWith([guard], { shadow: true }).judge.check(asks(image()))
    expect(result).toMatchObject({ decision: 'pass', shadowDecision: 'modify' })
    expect(result.messages).toEqual(asks(image()).messages)
    expect(await judgeWith([], { shadow: true }).judge.check(asks(image()))).toMatchObject({
      decision: 'pass',
      shadowDecision: 'block',
    })
  })
})

describe('exceptions', () => {
  const exception = { id: 'ours', reason: 'our logo', owner: 'maria', expires: '2999-01-01' }

  test('by hash and by category silence a finding, and never a hard one', async () => {
    const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(PIXEL)))
    const hash = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
    const { guard } = mediaGuard(() => finds('image.odd', 'block'))
    for (const match of [{ hash }, { category: 'image' }]) {
      const { judge } = judgeWith([guard], { exceptions: [{ ...exception, ...match }] })
      expect(await judge.check(asks(image()))).toMatchObject({ decision: 'pass', exceptions: ['ours'] })
    }
    const { judge } = judgeWith([guard], { exceptions: [{ ...exception, hash }] })
    expect((await judge.check(asks(image(`${PIXEL}=`)))).decision).toBe('block')
    const hard = mediaGuard(() => ({ findings: [{ label: 'image.odd', score: 1, action: 'block', hard: true }] }))
    const strict = judgeWith([hard.guard], { exceptions: [{ ...exception, hash }] })
    expect((await strict.judge.check(asks(image()))).decision).toBe('block')
  })
})

describe('the cache', () => {
  const twice = async (medium: MediaPart, guard: Guard, other: MediaPart = medium) => {
    const { judge } = judgeWith([guard])
    await judge.check(asks(medium))
    return judge.check(asks(other))
  }

  test('keeps what was said of bytes, of any size', async () => {
    for (const source of [PIXEL, `data:image/png;base64,${'A'.repeat(100_000)}`]) {
      const { guard, asked } = mediaGuard(() => finds('image.odd', 'flag'))
      const again = await twice(image(source), guard)
      expect(asked).toHaveLength(1)
      expect(again.guards).toMatchObject([{ guard: 'eye', cached: true, decision: 'flag' }])
      expect(again.decision).toBe('flag')
    }
  })

  test.each([
    ['what stands behind a URL', image('https://a.example/x'), image('https://a.example/x')],
    ['what has an id', image('file-1', 'image/png'), image('file-1', 'image/png')],
    ['other bytes', image(), image('data:image/png;base64,AAAA')],
    ['the same bytes under another type', image(PIXEL, 'image/gif'), image(PIXEL, 'image/webp')],
  ])('does not answer for %s', async (_name, first, second) => {
    const { guard, asked } = mediaGuard(() => clean)
    expect((await twice(first, guard, second)).guards).toMatchObject([{ cached: false }])
    expect(asked).toHaveLength(2)
  })

  test('does not answer for guards that forbid it, for failures, or for a text of the same characters', async () => {
    const own = mediaGuard(() => clean, { cacheable: false })
    await twice(image(), own.guard)
    expect(own.asked).toHaveLength(2)
    const bad = mediaGuard(() => ({ findings: [{ label: '', score: 1 }] }))
    await twice(image(), bad.guard)
    expect(bad.asked).toHaveLength(2)
    const { guard } = mediaGuard(() => finds('image.odd', 'block'))
    const { judge } = judgeWith([guard])
    expect((await judge.check(asks(image()))).decision).toBe('block')
    expect((await judge.check(asks({ type: 'text', text: PIXEL }))).decision).toBe('pass')
  })
})

test.each([
  ['image/*', PIXEL, 'image/png'],
  ['application/octet-stream', 'data:application/pdf;base64,AA', 'application/pdf'],
  ['image/*', 'data:text/html;base64,AA', 'image/*'],
  ['image/png', 'data:image/gif;base64,AA', 'image/png'],
  ['Audio/MPEG; rate=1', 'AAAA', 'audio/mpeg'],
  ['image/*', 'data:;base64,AA', 'image/*'],
])('the type of %s with %s is %s', (declared, source, type) => {
  expect(mediumType(declared, source)).toBe(type)
})

test('parts that are no media are refused', async () => {
  const { judge } = judgeWith([mediaGuard(() => clean).guard])
  for (const part of [
    { type: 'media' },
    { type: 'media', mediaType: 'image/png' },
    { type: 'media', source: 'x', mediaType: 1 },
  ]) {
    await expect(judge.check(asks(part as never))).rejects.toMatchObject({ code: 'input_invalid' })
  }
})

test('property: what goes on of a conversation is what was there but for what was removed', async () => {
  const { guard } = mediaGuard(({ source }) => (source.endsWith('bad') ? finds('image.odd', 'modify') : clean))
  const { judge } = judgeWith([guard], { conversation: { messages: 'all' } })
  const part = fc.oneof(
    fc.string({ maxLength: 8 }).map((text) => ({ type: 'text', text }) as const),
    fc.constantFrom('https://a.example/good', 'https://a.example/bad', PIXEL).map((source) => image(source)),
  )
  const conversation = fc.array(
    fc.record({
      role: fc.constantFrom('user' as const, 'assistant' as const),
      content: fc.array(part, { maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 4 },
  )
  await fc.assert(
    fc.asyncProperty(conversation, async (messages) => {
      const result = await judge.check({ messages })
      const expected = messages.map((message) => ({
        ...message,
        content: message.content.map((item) =>
          item.type === 'media' && item.source.endsWith('bad') ? { type: 'text', text: '[IMAGE.ODD]' } : item,
        ),
      }))
      expect(result.messages).toEqual(expected)
    }),
  )
})
