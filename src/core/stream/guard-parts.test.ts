import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  collect,
  cutAt,
  FedSource,
  judgeWith,
  partsOf,
  reading,
  shown,
  texts,
  wordGuard,
} from '../../../test/support/stream.ts'
import type { Guard, Policy, StreamPart } from '../../spec/index.ts'
import { BlockedError } from '../../spec/index.ts'
import { guardParts, guardText } from './index.ts'

const FINISH: StreamPart = { type: 'finish', reason: 'stop' }

async function run(parts: readonly StreamPart[], guards: readonly Guard[], policy: Partial<Policy> = {}) {
  const { judge, events } = judgeWith(guards, policy)
  const stream = guardParts(partsOf(parts), { judge })
  const out = await collect(stream)
  return { out, result: await stream.result, events }
}

describe('under any chunking', () => {
  const alphabet = fc.constantFrom('a', 'b', 'ab', 'ba', 'abc', 'c', ' ', '😀', 'x')
  const text = fc.array(alphabet, { maxLength: 120 }).map((pieces) => pieces.join(''))
  const sizes = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 12 })
  const word = fc.constantFrom('abc', 'ba', 'cab', 'xx', 'abab', 'aaaa')
  const guards = fc.array(
    fc.record({
      words: fc.array(word, { minLength: 1, maxLength: 3 }),
      action: fc.constantFrom('flag' as const, 'modify' as const, 'modify' as const, 'block' as const),
      later: fc.boolean(),
      lag: fc.integer({ min: 0, max: 30 }),
      whole: fc.boolean(),
      replacement: fc.constantFrom('*', '', '[masked]'),
    }),
    { minLength: 1, maxLength: 3 },
  )

  test.each([5, 50, 200, 800])('decision and text equal those of the whole text, window %i', async (window) => {
    await fc.assert(
      fc.asyncProperty(text, sizes, guards, async (whole, cuts, specs) => {
        const list = specs.map(({ words, ...options }, index) =>
          wordGuard(`g${index}`, words, { ...options, whole: options.whole && index === 0 }),
        )
        const { judge } = judgeWith(list, { stream: { window } })
        const expected = await judge.check({ stage: 'output', response: whole })
        const stream = guardParts(partsOf([...texts(...cutAt(whole, cuts)), FINISH]), { judge })
        const out = await collect(stream)
        const result = await stream.result
        expect(result.decision).toBe(expected.decision)
        const text = shown(out)
        if (expected.decision === 'block') {
          const first = Math.min(...list.flatMap((guard, index) => blockStarts(guard, index, specs, whole)))
          expect(out.at(-1)?.type).toBe('error')
          // What was shown is what masking makes of a text that ends before the first blocked span.
          const masked = await judgeWith(
            list.map((guard, index) => (specs[index]?.action === 'block' ? wordGuard(guard.id, ['\u0000']) : guard)),
          ).judge.check({ stage: 'output', response: whole })
          const clean = masked.decision === 'modify' ? (masked.text ?? '') : whole
          expect(clean.startsWith(text)).toBe(true)
          const before = await maskedPrefix(list, specs, whole, first)
          expect(text.length).toBeLessThanOrEqual(before)
        } else {
          expect(text).toBe(expected.decision === 'modify' ? expected.text : whole)
          expect(out.at(-1)).toBe(FINISH)
          expect(result.spans).toEqual(expected.spans)
        }
      }),
      { numRuns: 150 },
    )
  })

  function blockStarts(
    _guard: Guard,
    index: number,
    specs: readonly { words: readonly string[]; action: string }[],
    whole: string,
  ): number[] {
    const spec = specs[index]
    if (spec?.action !== 'block') return []
    return spec.words.map((item) => whole.indexOf(item)).filter((at) => at >= 0)
  }

  /** Length of the masked text before an offset of the original, a mask that crosses it included. */
  async function maskedPrefix(
    list: readonly Guard[],
    specs: readonly { words: readonly string[]; action: string; replacement: string }[],
    whole: string,
    first: number,
  ): Promise<number> {
    const masks = list.flatMap((_, index) => {
      const spec = specs[index]
      if (spec?.action !== 'modify') return []
      return spec.words.flatMap((item) => {
        const found: { start: number; end: number; text: string; index: number }[] = []
        for (let at = whole.indexOf(item); at >= 0; at = whole.indexOf(item, at + 1)) {
          found.push({ start: at, end: at + item.length, text: spec.replacement, index })
        }
        return found
      })
    })
    masks.sort((a, b) => a.start - b.start || b.end - a.end || a.index - b.index)
    let length = 0
    let until = 0
    for (const mask of masks) {
      if (mask.start >= first) break
      if (mask.start >= until) {
        length += mask.start - until + mask.text.length
        until = mask.end
      } else until = Math.max(until, mask.end)
    }
    return length + Math.max(0, first - until)
  }

  test('n choices interleaved do not touch each other', async () => {
    await fc.assert(
      fc.asyncProperty(text, text, sizes, async (left, right, cuts) => {
        const { judge } = judgeWith([wordGuard('m', ['abc', 'ba'], { action: 'modify', replacement: '#' })], {
          stream: { window: 20 },
        })
        const first = cutAt(left, cuts)
        const second = cutAt(right, cuts.toReversed())
        const parts: StreamPart[] = []
        for (let index = 0; index < Math.max(first.length, second.length); index += 1) {
          if (first[index] !== undefined) parts.push({ type: 'text', text: first[index] ?? '' })
          if (second[index] !== undefined) parts.push({ type: 'text', choice: 1, text: second[index] ?? '' })
        }
        parts.push(FINISH, { ...FINISH, choice: 1 })
        const out = await collect(guardParts(partsOf(parts), { judge }))
        const want = async (whole: string) => {
          const row = await judge.check({ stage: 'output', response: whole })
          return row.decision === 'modify' ? row.text : whole
        }
        expect(shown(out)).toBe(await want(left))
        expect(shown(out, 'text', 1)).toBe(await want(right))
      }),
      { numRuns: 60 },
    )
  })
})

describe('parts', () => {
  test('unmodified parts pass as the same objects, vendor fields and all', async () => {
    const parts: StreamPart[] = [
      { type: 'text', text: '', raw: { role: 'assistant' } },
      ...'a quiet day by the sea'.split(' ').map((text, id): StreamPart => ({ type: 'text', text, raw: { id } })),
      FINISH,
      { type: 'other', raw: { usage: 3 } },
    ]
    const { out } = await run(parts, [wordGuard('a', ['zzzz'])])
    expect(out).toHaveLength(parts.length)
    out.forEach((part, index) => expect(part).toBe(parts[index]))
  })

  test('a modified part keeps the vendor object of the part it came from', async () => {
    const { out } = await run(
      [{ type: 'text', text: 'my key', raw: { id: 1 } }],
      [wordGuard('a', ['key'], { action: 'modify', replacement: '#' })],
    )
    expect(out).toEqual([{ type: 'text', text: 'my #', raw: { id: 1 } }])
  })

  test('a mask across three parts is written once, where it begins', async () => {
    const { out } = await run(texts('call 555', '-01', '23 now'), [
      wordGuard('p', ['555-0123'], { action: 'modify', replacement: '<P>' }),
    ])
    expect(out).toEqual(texts('call <P>', ' now'))
  })

  test('a secret split over the deltas of a tool call stops it; the same in reasoning', async () => {
    const guard = wordGuard('s', ['hunter2'], { action: 'block' })
    for (const type of ['tool-input', 'reasoning'] as const) {
      const piece = (text: string): StreamPart =>
        type === 'reasoning' ? { type, text } : { type, call: '0', tool: 'mail', text }
      const { out, result } = await run([piece('{"b":"hun'), piece('te'), piece('r2"}'), FINISH], [guard], {
        stream: { window: 16 },
      })
      expect(shown(out, type)).not.toContain('hun')
      expect(out.at(-1)).toMatchObject({ type: 'error', error: { code: 'content_filter' } })
      expect(result.decision).toBe('block')
      expect(result.guards[0]?.stage).toBe(type === 'reasoning' ? 'output' : 'tool_call')
    }
  })

  test('calls of different tools are different texts', async () => {
    const piece = (call: string, text: string): StreamPart => ({ type: 'tool-input', call, text })
    const { result } = await run([piece('0', 'hun'), piece('1', 'ter2'), FINISH], [wordGuard('s', ['hunter2'])])
    expect(result.decision).toBe('pass')
  })

  test('finish waits for all text of its choice, and for no other', async () => {
    const { judge, clock } = judgeWith([wordGuard('a', ['long enough'], { action: 'modify' })])
    const source = new FedSource()
    const { parts, done } = reading(guardParts(source, { judge }))
    source.feed(
      { type: 'reasoning', text: 'hm' },
      { type: 'text', text: 'hello' },
      { type: 'text', choice: 1, text: 'wait' },
      FINISH,
    )
    await clock.advance(0)
    expect(parts.map(({ type }) => type)).toEqual(['reasoning', 'text', 'finish'])
    source.end()
    await done
    expect(parts).toHaveLength(4)
  })

  test('a file of text is judged, other media are what the policy says', async () => {
    const guard = wordGuard('s', ['hunter2'], { action: 'modify', replacement: '#' })
    const note: StreamPart = { type: 'file', mediaType: 'text/plain; charset=utf-8', data: 'pw hunter2' }
    const image: StreamPart = { type: 'file', mediaType: 'image/png', data: 'hunter2' }
    expect((await run([note], [guard])).out).toEqual([{ ...note, data: 'pw #' }])
    const blocked = await run([...texts('a'), image], [guard])
    expect(blocked.out).toMatchObject([{ type: 'error', error: { code: 'content_filter' } }])
    const flagged = await run([image, FINISH], [guard], { media: 'flag' })
    expect(flagged.out).toEqual([image, FINISH])
    expect(flagged.result.decision).toBe('flag')
    expect((await run([image], [guard], { media: 'pass' })).result.decision).toBe('pass')
  })

  test('a pair of surrogates is never parted by us', async () => {
    const whole = '😀'.repeat(200)
    const { out } = await run(texts(whole), [wordGuard('a', ['zz', 'y'])], { stream: { window: 7 } })
    expect(shown(out)).toBe(whole)
    for (const part of out) expect('text' in part && part.text.isWellFormed()).toBe(true)
  })

  test('an empty stream and one without finish are results too', async () => {
    expect((await run([], [wordGuard('a', ['b'])])).result.decision).toBe('pass')
    const { out, result } = await run(texts('ends mid-wo'), [wordGuard('a', ['zz'])])
    expect(shown(out)).toBe('ends mid-wo')
    expect(result.decision).toBe('pass')
  })
})

describe('an answer without a word', () => {
  const wordless = (action: 'block' | 'modify'): Guard => {
    const report = (text: string, aside?: string) => ({
      findings: text === '' && aside === undefined ? [{ label: 'x', score: 1, action, replacement: '{}' }] : [],
    })
    return { ...wordGuard('w', ['z'], { whole: true }), check: ({ text, aside }) => report(text.original, aside) }
  }

  test('is judged like any other', async () => {
    expect((await run([FINISH], [wordless('block')])).result.decision).toBe('block')
    expect((await run([], [wordless('block')])).result.decision).toBe('block')
    const { out } = await run(
      [
        { type: 'reasoning', text: 'hm' },
        { ...FINISH, choice: 1 },
      ],
      [wordless('modify')],
    )
    expect(shown(out)).toBe('{}')
    expect(shown(out, 'text', 1)).toBe('{}')
  })

  test('is none when it calls a tool or makes a file, though an empty delta came', async () => {
    for (const part of [
      { type: 'tool-input', call: '0', text: '{"a":1}' },
      { type: 'file', mediaType: 'text/plain', data: 'a' },
    ] satisfies StreamPart[]) {
      const parts = [{ type: 'text', text: '' } satisfies StreamPart, part, FINISH]
      const { out, result } = await run(parts, [wordless('block')])
      expect(result.decision).toBe('pass')
      expect(out).toEqual(parts)
    }
  })
})

describe('outcomes', () => {
  test.each([
    ['block', 'content_filter'],
    ['refuse', 'refused'],
    ['hold', 'held'],
    ['retry', 'content_filter'],
  ] as const)('%s ends the stream with %s and nothing after it', async (action, code) => {
    const source = new FedSource()
    const { judge, events } = judgeWith([wordGuard('a', ['bad'], { action })], { stream: { window: 16 } })
    const upstream = new AbortController()
    const stream = guardParts(source, { judge, upstream })
    source.feed(...texts('a good start of it, then bad things'), FINISH)
    const out = await collect(stream)
    expect(out.at(-1)).toMatchObject({ type: 'error', error: { code } })
    expect(out.filter(({ type }) => type === 'error' || type === 'finish')).toHaveLength(1)
    expect(shown(out)).not.toContain('bad')
    expect(source.left).toBe(true)
    expect(upstream.signal.aborted).toBe(true)
    const result = await stream.result
    expect(result.decision).toBe(action === 'retry' ? 'block' : action)
    if (action === 'refuse') expect(result.text).toBe('I cannot help with this request.')
    expect(events.filter(({ type }) => type === 'decision-made')).toHaveLength(1)
  })

  test('shadow is reported and changes nothing', async () => {
    const { out, result } = await run([...texts('a bad day'), FINISH], [wordGuard('a', ['bad'])], {
      rails: { output: [{ guard: 'a', shadow: true }] },
    })
    expect(shown(out)).toBe('a bad day')
    expect(result).toMatchObject({ decision: 'pass', shadowDecision: 'block' })
  })

  test('a guard in shadow that hangs delays nothing', async () => {
    const { judge, clock } = judgeWith(
      [wordGuard('a', ['bad'])].map((guard) => ({
        ...guard,
        open: () => ({ advance: () => new Promise<never>(() => undefined) }),
      })),
      {
        rails: { output: [{ guard: 'a', shadow: true, deadline: 50 }] },
      },
    )
    const stream = guardParts(partsOf([...texts('quick'), FINISH]), { judge })
    expect(shown(await collect(stream))).toBe('quick')
    await clock.advance(100)
    expect(await stream.result).toMatchObject({ decision: 'pass', shadowDecision: 'timeout' })
  })

  test('after: parts pass at once, and a block still ends it', async () => {
    const { judge, clock } = judgeWith([wordGuard('a', ['bad'])], { stream: { mode: 'after', window: 50 } })
    const source = new FedSource()
    const stream = guardParts(source, { judge })
    const { parts, done } = reading(stream)
    source.feed(...texts('so ba', 'd'))
    await clock.advance(0)
    expect(shown(parts)).toBe('so bad')
    await clock.advance(10)
    await done
    expect(parts.at(-1)).toMatchObject({ type: 'error', error: { code: 'content_filter' } })
    expect((await stream.result).warnings[0]).toContain('unprotected')
  })

  test('a guard that needs the whole text holds all of it', async () => {
    const { judge, clock } = judgeWith([wordGuard('a', ['bad'], { whole: true })], { stream: { window: 16 } })
    const source = new FedSource()
    const { parts, done } = reading(guardParts(source, { judge }))
    source.feed(...texts('x'.repeat(500)))
    await clock.advance(20)
    expect(parts).toEqual([])
    source.feed(FINISH)
    source.end()
    await done
    expect(shown(parts)).toHaveLength(500)
  })

  test('an exception by phrase silences a finding in a stream', async () => {
    const exception = { id: 'e', phrase: 'bad', reason: 'r', owner: 'o', expires: '2999-01-01' }
    const { out, result } = await run(texts('a ba', 'd day'), [wordGuard('a', ['bad'])], { exceptions: [exception] })
    expect(shown(out)).toBe('a bad day')
    expect(result.exceptions).toEqual(['e'])
  })
})

describe('restoring', () => {
  const restorer = {
    maxLength: 8,
    restore: (text: string) => text.replaceAll(/<P(\d+)>/g, (_, id: string) => `person ${id}`),
  }
  const pending = (text: string): number => {
    const at = text.lastIndexOf('<')
    return at >= 0 && text.length - at < 8 && !text.slice(at).includes('>') ? text.length - at : 0
  }

  test.each([
    ['without', restorer],
    ['with', { ...restorer, pending }],
  ])('pseudonyms come back under any chunking, %s knowing what is pending', async (_, restore) => {
    const piece = fc.constantFrom('<P1>', '<P22>', '<', '>', 'P1', ' and ', 'bad', '😀')
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 30 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        async (pieces, cuts) => {
          const whole = pieces.join('')
          const guard = { ...wordGuard('m', ['bad'], { action: 'modify', replacement: '*' }), restore }
          const { out } = await run([...texts(...cutAt(whole, cuts)), FINISH], [guard])
          expect(shown(out)).toBe(restorer.restore(whole.replaceAll('bad', '*')))
        },
      ),
      { numRuns: 150 },
    )
  })

  test('text with no beginning of a pseudonym at its end does not wait', async () => {
    const guard = { ...wordGuard('m', ['z']), restore: { ...restorer, pending } }
    const { judge, clock } = judgeWith([guard])
    const source = new FedSource()
    const { parts } = reading(guardParts(source, { judge }))
    source.feed(...texts('hello '))
    await clock.advance(10)
    expect(shown(parts)).toBe('hello ')
    source.feed(...texts('<P'))
    await clock.advance(10)
    expect(shown(parts)).toBe('hello ')
    source.feed(...texts('3>!'))
    await clock.advance(10)
    expect(shown(parts)).toBe('hello person 3!')
  })
})

describe('strings', () => {
  async function* pieces(...all: readonly string[]): AsyncGenerator<string> {
    yield* all
  }

  test('clean text passes, then the block is thrown', async () => {
    const { judge } = judgeWith([wordGuard('a', ['bad'])], { stream: { window: 16 } })
    const stream = guardText(pieces('a long and good beginning, ', 'then b', 'ad'), { judge })
    let text = ''
    const read = async () => {
      for await (const piece of stream) text += piece
    }
    await expect(read()).rejects.toBeInstanceOf(BlockedError)
    expect(text.startsWith('a long')).toBe(true)
    expect(text).not.toContain('bad')
    expect((await stream.result).decision).toBe('block')
  })

  test('a web stream is a source too', async () => {
    const { judge } = judgeWith([wordGuard('a', ['bad'], { action: 'modify', replacement: '*' })])
    const source = new ReadableStream<string>({
      start(controller) {
        for (const piece of ['so b', 'ad it', ' was']) controller.enqueue(piece)
        controller.close()
      },
    })
    expect((await collect(guardText(source, { judge }))).join('')).toBe('so * it was')
  })
})
