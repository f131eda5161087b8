/** Streams find what whole texts hold: for the guards whose folders have no stream of their own to test. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createStreamBuffer, createTextView } from '../core/text/index.ts'
import type { Finding, Guard, GuardRequest } from '../spec/index.ts'
import { createLimitsGuard } from './limits/index.ts'
import { createRulesGuard } from './rules/index.ts'
import { createUnicodeGuard } from './unicode/index.ts'

const request: Omit<GuardRequest, 'text'> = {
  stage: 'output',
  field: 'response',
  caller: {},
  signal: new AbortController().signal,
}

/** Streams a text through a guard and checks the promises of every step; findings of the whole stream, in order. */
async function stream(guard: Guard, text: string, sizes: readonly number[]): Promise<readonly Finding[]> {
  const session = guard.open?.(request)
  if (session === undefined) throw new TypeError(`The guard ${guard.id} does not stream`)
  const buffer = createStreamBuffer()
  const findings: Finding[] = []
  let settled = 0
  for (let at = 0, index = 0; at <= text.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1
    if (at === text.length) buffer.finish()
    else buffer.append(text.slice(at, at + size))
    at = at === text.length ? at + 1 : Math.min(text.length, at + size)
    const step = await session.advance(buffer)
    for (const finding of step.findings) {
      if (finding.span !== undefined) expect(finding.span.start).toBeGreaterThanOrEqual(settled)
      findings.push(finding)
    }
    expect(step.settled).toBeGreaterThanOrEqual(settled)
    expect(step.keep).toBeLessThanOrEqual(step.settled)
    settled = step.settled
    buffer.release(step.keep)
  }
  expect(settled).toBe(text.length)
  return sorted(findings)
}

async function whole(guard: Guard, text: string): Promise<readonly Finding[]> {
  const report = await guard.check({ ...request, text: createTextView(text) })
  return sorted(report.findings)
}

function sorted(findings: readonly Finding[]): readonly Finding[] {
  const place = (finding: Finding): string =>
    `${String(finding.span?.start ?? -1).padStart(9)}${String(finding.span?.end ?? -1).padStart(9)}${finding.label}`
  return findings.toSorted((left, right) => (place(left) < place(right) ? -1 : 1))
}

const sizesOf = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 })

function textOf(...parts: readonly string[]): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...parts), { maxLength: 60 }).map((chosen) => chosen.join(''))
}

const hostile = [
  '\u200b',
  '\u0301',
  '\ud83d',
  '\udc4d',
  '\u{e0041}',
  '\u{e0042}\u{e007f}',
  '🏴',
  '\u202e',
  '\u2067',
  '\ufe0f',
  '\u0430',
  'п',
  'α',
]

interface Case {
  readonly name: string
  readonly guard: Guard
  readonly text: fc.Arbitrary<string>
}

const cases: readonly Case[] = [
  {
    name: 'rules: phrases',
    guard: await createRulesGuard({ id: 'phrases', phrases: ['ab cd', 'ab cd ef', 'cd', 'ef gh ab', '炸弹', 'é'] }),
    text: textOf('ab', 'cd', 'ef', 'gh', ' ', '  ', '\n', '炸', '弹', 'e', 'é', 'АB', ...hostile),
  },
  {
    name: 'rules: patterns',
    guard: await createRulesGuard({
      id: 'patterns',
      patterns: ['\\bab[0-9]{2,4}\\b', '<[^>]+>', '(?:cd|ef)+', '\\p{L}{3,}!', '^ab', 'gh$'],
      maxLength: 20,
    }),
    text: textOf('ab', 'cd', 'ef', 'gh', '12', '3', '<', '>', '!', ' ', '漢', ...hostile),
  },
  {
    name: 'unicode',
    guard: createUnicodeGuard(),
    text: textOf(
      'pay',
      'pal',
      ' ',
      'PIN',
      'א',
      'م',
      '漢',
      '\u200d',
      '\u200c',
      '\ue001\ue002\ue003',
      '\ue004',
      '\u0301\u0302\u0303',
      ...hostile,
    ),
  },
  {
    name: 'limits: lengths',
    guard: await createLimitsGuard({ characters: 40, bytes: 60, tokens: 30 }),
    text: textOf('word ', 'x', '9', '漢', ...hostile),
  },
  {
    name: 'limits: language',
    guard: await createLimitsGuard({ languages: { deny: ['de', 'ru'] } }),
    text: textOf(
      'Das ist ein kurzer deutscher Satz. ',
      'This is a short English sentence. ',
      'Это короткое русское предложение. ',
      '漢',
    ),
  },
]

describe.each(cases)('$name', ({ guard, text }) => {
  test('finds the same in a stream as in the whole text', async () => {
    await fc.assert(
      fc.asyncProperty(text, sizesOf, async (sample, sizes) => {
        expect(await stream(guard, sample, sizes)).toEqual(await whole(guard, sample))
      }),
      { numRuns: 400 },
    )
  })
})

test('plain text is held back only for the word that is being written', async () => {
  const guards = [
    createUnicodeGuard(),
    await createRulesGuard({ id: 'x', phrases: ['a long phrase that never comes up'] }),
  ]
  const text = 'Plain words that no guard has any reason to keep for later, and mor'
  for (const guard of guards) {
    const session = guard.open?.(request)
    const buffer = createStreamBuffer()
    buffer.append(text)
    const step = await session?.advance(buffer)
    expect(text.length - (step?.settled ?? 0)).toBeLessThanOrEqual(4)
  }
})
