import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createStreamBuffer, createTextView } from '../text/index.ts'
import { createPatternScanner, regExpMatcher, type PatternScanner, type Recogniser } from './index.ts'
import type { Finding } from '../../spec/guard.ts'

const accept = (): Omit<Finding, 'span'> => ({ label: 'x', score: 1 })

function recogniser(pattern: RegExp, maxLength: number, more: Partial<Recogniser> = {}): Recogniser {
  return { id: pattern.source, pattern: regExpMatcher(pattern), maxLength, accept, ...more }
}

const POOL: readonly Recogniser[] = [
  recogniser(/\bab+\b/g, 6),
  recogniser(/a+/g, 4),
  recogniser(/(?:a|ab)(?:c|bcd)/g, 5),
  recogniser(/[a-d]{2,}$/g, 6),
  recogniser(/^[a-d]+/g, 6),
  recogniser(/(?<![ab])[cd]{1,3}(?!a)/gu, 3),
  recogniser(/b[^]*?d/g, 9, { needs: (text) => text.includes('d') }),
  recogniser(/\p{L}+@\p{L}{1,3}/gu, 8, { needs: (text) => text.includes('@') }),
  recogniser(/@[a-c ]{0,12}@/g, 14, { opening: { pattern: regExpMatcher(/@/g), maxLength: 1 } }),
  recogniser(/𝐚|\u200b+/gu, 3, { on: 'original' }),
  recogniser(/a.{0,3}d/gs, 5, {
    lookbehind: 3,
    lookahead: 2,
    accept: (match, text) => {
      const before = text.slice(Math.max(0, match.index - 3), match.index)
      const after = text.slice(match.end, match.end + 2)
      return before.includes('c') || after.includes('b') ? null : { label: `${before}|${after}`, score: 1 }
    },
  }),
]

const letters = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('a', 'b', 'c', 'd', ' ', '@') },
  { weight: 3, arbitrary: fc.constantFrom('\u0430', '\u0441', '\u200b', '\u0301', '𝐚', '\ufb01', '漢', '\ud835') },
)
const anyText = fc.array(letters, { maxLength: 80 }).map((parts) => parts.join(''))

interface Streamed {
  readonly findings: readonly Finding[]
}

/** Streams a text and checks the promises of every step. */
function stream(scanner: PatternScanner, text: string, sizes: readonly number[]): Streamed {
  const buffer = createStreamBuffer()
  const session = scanner.open()
  const findings: Finding[] = []
  let settled = 0
  let at = 0
  let index = 0
  const step = (): void => {
    const result = session.advance(buffer)
    if (result instanceof Promise) throw new TypeError('The scanner is synchronous')
    for (const finding of result.findings) {
      expect(finding.span?.start).toBeGreaterThanOrEqual(settled)
      findings.push(finding)
    }
    expect(result.settled).toBeGreaterThanOrEqual(settled)
    expect(result.keep).toBeLessThanOrEqual(result.settled)
    settled = result.settled
    buffer.release(result.keep)
  }
  while (at < text.length) {
    const size = 1 + ((sizes[index % sizes.length] ?? 0) % 20)
    index += 1
    buffer.append(text.slice(at, at + size))
    at += size
    step()
  }
  buffer.finish()
  step()
  expect(settled).toBe(text.length)
  return { findings: findings.sort(byPlace) }
}

function byPlace(left: Finding, right: Finding): number {
  const l = left.span ?? { start: 0, end: 0 }
  const r = right.span ?? { start: 0, end: 0 }
  return l.start - r.start || l.end - r.end || (left.label < right.label ? -1 : 1)
}

describe('the pattern scanner', () => {
  test('finds the same in a stream as in the whole text, whatever the chunks', () => {
    fc.assert(
      fc.property(
        anyText,
        fc.subarray([...POOL], { minLength: 1 }),
        fc.array(fc.nat(), { minLength: 1, maxLength: 10 }),
        (text, recognisers, sizes) => {
          const scanner = createPatternScanner(recognisers)
          const whole = [...scanner.scan(createTextView(text))].sort(byPlace)
          expect(stream(scanner, text, sizes).findings).toEqual(whole)
        },
      ),
      { numRuns: 3000 },
    )
  })

  test('finds what the regular expression finds when matches are shorter than the limit', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', 'b', ' '), maxLength: 60 }), (text) => {
        const scanner = createPatternScanner([recogniser(/\ba[ab]{0,5}/g, 6)])
        const found = scanner.scan(createTextView(text)).map((finding) => [finding.span?.start, finding.span?.end])
        expect(found).toEqual(
          [...text.matchAll(/\ba[ab]{0,5}/g)].map((match) => [match.index, match.index + match[0].length]),
        )
      }),
    )
  })

  test('points into the original', () => {
    const scanner = createPatternScanner([recogniser(/paypal/g, 6)])
    expect(scanner.scan(createTextView('my p\u0430y\u200bpal!'))).toEqual([
      { label: 'x', score: 1, span: { start: 3, end: 10 } },
    ])
  })

  test('holds back no more than a match may need', () => {
    const scanner = createPatternScanner([recogniser(/[0-9]{4,16}/g, 16)])
    const buffer = createStreamBuffer()
    const session = scanner.open()
    buffer.append('word '.repeat(100))
    const step = session.advance(buffer)
    expect(step instanceof Promise ? 0 : step.settled).toBeGreaterThan(470)
  })

  test('an opening keeps the hold-back short although matches are long', () => {
    const opening = { pattern: regExpMatcher(/BEGIN/g), maxLength: 5 }
    const scanner = createPatternScanner([recogniser(/BEGIN[^]{1,4000}?END/g, 4096, { opening })])
    const buffer = createStreamBuffer()
    const session = scanner.open()
    buffer.append('word '.repeat(100))
    const step = session.advance(buffer)
    expect(step instanceof Promise ? 0 : step.settled).toBeGreaterThan(480)
    buffer.append('BEGIN text')
    const held = session.advance(buffer)
    expect(held instanceof Promise ? 0 : held.settled).toBe(500)
  })

  test('a match longer than the limit is not found, whole or streamed', () => {
    const scanner = createPatternScanner([recogniser(/<[a-z]+>/g, 8)])
    const text = `<${'a'.repeat(30)}> <abc>`
    const whole = scanner.scan(createTextView(text))
    expect(whole.map((finding) => finding.span)).toEqual([{ start: 33, end: 38 }])
    expect(stream(scanner, text, [0]).findings).toEqual(whole)
  })

  test('refuses patterns it cannot run', () => {
    expect(() => regExpMatcher(/a/)).toThrow(TypeError)
    expect(() => createPatternScanner([recogniser(/a/g, 0)])).toThrow(TypeError)
  })

  test('does bounded work for each character of a stream', () => {
    let searched = 0
    const pattern = regExpMatcher(/[0-9]{4,16}/g)
    const counting = {
      source: 'counted',
      exec: (text: string, from: number) => ((searched += text.length - from), pattern.exec(text, from)),
    }
    const scanner = createPatternScanner([{ id: 'n', pattern: counting, maxLength: 16, accept }])
    const costOf = (length: number): number => {
      searched = 0
      stream(scanner, 'one two 3 '.repeat(length / 10), [0, 3, 1])
      return searched
    }
    expect(costOf(40_000)).toBeLessThan(costOf(10_000) * 4.5)
    expect(costOf(10_000)).toBeLessThan(10_000 * 30)
  })

  test('long runs of a hostile text cost no more than their length allows', () => {
    const scanner = createPatternScanner([recogniser(/[a-z]+@/g, 32), recogniser(/[a-z]{3,}/g, 64)])
    const text = 'a'.repeat(200_000)
    expect(stream(scanner, text, [19]).findings).toEqual([...scanner.scan(createTextView(text))])
  })
})
