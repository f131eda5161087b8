import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Finding, Guard, GuardRequest } from '../../spec/index.ts'
import { createStreamBuffer, createTextView } from '../../core/text/index.ts'
import { createCanary, createPromptLeakGuard } from './index.ts'

const CANARY = createCanary('test')
const BODY = CANARY.slice('canary-'.length)
const SYSTEM = `You are the booking assistant of a small mountain hotel. Never offer a discount above ten per cent, and never tell
guests which rooms are kept for the owner's family. Answer in the language of the guest. ${CANARY}
客房的价格由前台每天早上决定并且不会告诉客人内部的折扣规则和合作旅行社的名单。`
const guard = createPromptLeakGuard({ id: 'prompt-leak' })

function request(text: string, system = SYSTEM): GuardRequest {
  return {
    stage: 'output',
    field: 'response',
    text: createTextView(text),
    system,
    caller: {},
    signal: new AbortController().signal,
  }
}

function find(text: string, by: Guard = guard, system = SYSTEM): readonly Finding[] {
  const report = by.check(request(text, system))
  if (report instanceof Promise) throw new Error('expected an answer at once')
  return report.findings
}

describe('canaries', () => {
  test('are random, or repeatable by seed', () => {
    expect(CANARY).toMatch(/^canary-[0-9a-f]{16}$/)
    expect(createCanary('test')).toBe(CANARY)
    expect(createCanary()).not.toBe(createCanary())
  })

  test.each([
    ['as it is', `Sure: ${CANARY}.`],
    ['without its mark', `Sure: ${BODY}.`],
    ['in capitals', CANARY.toUpperCase()],
    ['spelled out', Array.from(CANARY).join(' ')],
    ['with dashes', Array.from(BODY).join(' - ')],
    ['backwards', Array.from(CANARY).reverse().join('')],
    ['in base64', btoa(CANARY)],
    ['in base64 with something before', btoa(`xy${CANARY}`)],
    ['in base64 with the prompt around it', btoa(`id: ${CANARY} ok`)],
    ['with invisible characters', Array.from(BODY).join('\u200b')],
  ])('%s', (_name, text) => {
    expect(find(text).map((finding) => finding.label)).toContain('prompt_leak.canary')
  })

  test('half a canary, and text without one, are left alone', () => {
    expect(find(`${BODY.slice(0, 8)} and the weather`)).toEqual([])
    expect(find('canary birds sing')).toEqual([])
  })

  test('named canaries are found without a system prompt; short ones are refused', () => {
    const by = createPromptLeakGuard({ id: 'prompt-leak', canaries: ['blue-heron-71'] })
    expect(find('BLUE heron 71', by, '').map(({ span }) => span)).toEqual([{ start: 0, end: 13 }])
    expect(() => createPromptLeakGuard({ id: 'prompt-leak', canaries: ['abc'] })).toThrow('canary')
  })
})

describe('overlap', () => {
  test('a sentence of the prompt is found, in other case and punctuation', () => {
    const text =
      'My rules: NEVER OFFER a discount above ten per cent -- and **never** tell guests which rooms are free.'
    const findings = find(text)
    expect(findings[0]?.label).toBe('prompt_leak.overlap')
    expect(text.slice(findings[0]?.span?.start, findings.at(-1)?.span?.end)).toBe(
      'NEVER OFFER a discount above ten per cent -- and **never** tell guests which rooms are',
    )
    expect(findings[0]?.action).toBe('block')
  })

  test('a short phrase is not', () => {
    expect(
      find('You are the booking assistant of a small hotel, I assume? Answer in the language of the guest.'),
    ).toEqual([])
  })

  test('text without spaces is compared by characters', () => {
    expect(find('客房的价格由前台每天早上决定并且不会告诉客人内部的折扣').map(({ label }) => label)).toContain(
      'prompt_leak.overlap',
    )
    expect(find('客房的价格由前台每天')).toEqual([])
  })

  test('can be switched off, or made to need more', () => {
    expect(find(SYSTEM.slice(0, 200), createPromptLeakGuard({ id: 'p', overlap: false }))).toEqual([])
    const text = 'never offer a discount above ten per cent and never tell guests'
    expect(find(text)).toHaveLength(1)
    expect(find(text, createPromptLeakGuard({ id: 'p', overlap: { words: 20 } }))).toEqual([])
  })
})

async function stream(text: string, cuts: readonly number[]): Promise<{ findings: Finding[]; held: number }> {
  const { text: _text, ...rest } = request(text)
  const session = guard.open?.(rest)
  const buffer = createStreamBuffer()
  const findings: Finding[] = []
  let settled = 0
  let held = 0
  const bounds = [...new Set([...cuts.map((cut) => cut % (text.length + 1)), text.length])].sort((a, b) => a - b)
  let from = 0
  for (const [index, to] of bounds.entries()) {
    buffer.append(text.slice(from, to))
    from = to
    if (index === bounds.length - 1) buffer.finish()
    const step = await session?.advance(buffer)
    for (const finding of step?.findings ?? []) expect(finding.span?.start).toBeGreaterThanOrEqual(settled)
    expect(step?.settled).toBeGreaterThanOrEqual(settled)
    settled = step?.settled ?? 0
    held = Math.max(held, to - settled)
    findings.push(...(step?.findings ?? []))
    buffer.release(step?.keep ?? 0)
  }
  expect(settled).toBe(text.length)
  return { findings, held }
}

const WORDS = SYSTEM.split(/\s+/)
const PIECES = fc.oneof(
  fc
    .nat(WORDS.length - 1)
    .chain((at) => fc.integer({ min: 1, max: 30 }).map((size) => WORDS.slice(at, at + size).join(' '))),
  fc.constantFrom(
    CANARY,
    BODY,
    btoa(CANARY),
    Array.from(BODY).join('.'),
    BODY.slice(0, 9),
    '客房的价格由前台每天早上决定并且不会告诉客人',
  ),
  fc.constantFrom(' ', '\n', '', '\u0301', 'ü', '\u200b', 'never', 'the'),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
)

test('under any chunking a stream finds what the whole text shows', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(PIECES, { maxLength: 9 }),
      fc.array(fc.nat(3000), { maxLength: 15 }),
      async (pieces, cuts) => {
        const text = pieces.join(' ')
        expect((await stream(text, cuts)).findings).toEqual(find(text))
      },
    ),
    { numRuns: 400 },
  )
})

test('little is held back: a few words of ordinary text, some of a leak', async () => {
  const plain = 'The weather in the valley is mild, and the path to the lake is open for walkers of every age. '.repeat(
    5,
  )
  expect(
    (
      await stream(
        plain,
        Array.from(plain, (_, index) => index),
      )
    ).held,
  ).toBeLessThan(40)
  expect(
    (
      await stream(
        SYSTEM,
        Array.from(SYSTEM, (_, index) => index),
      )
    ).held,
  ).toBeLessThan(200)
})

test.each([
  ['the prompt again and again', SYSTEM],
  ['spaces', ' '],
  ['one letter', 'a'],
  ['halves of the canary', BODY.slice(0, 9)],
])(
  'a megabyte of %s is judged',
  (_name, unit) => {
    expect(find(unit.repeat(Math.ceil(1_000_000 / unit.length)))).toBeDefined()
  },
  20_000,
)
