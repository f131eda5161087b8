/** The cache beside a model of it: what is found, what is forgotten first, and that its bounds hold. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Guard, GuardReport, GuardRequest } from '../../spec/index.ts'
import { createFakeClock } from '../../testing/index.ts'
import { createTextView } from '../text/index.ts'
import { VerdictCache } from './verdict-cache.ts'

const TTL = 1000

function guard(id: string, version = '1'): Guard {
  return { specVersion: 'v1', id, version, stages: ['input'], check: () => ({ findings: [] }) }
}

function request(text: string, beside: Partial<GuardRequest> = {}): Omit<GuardRequest, 'signal'> {
  return { stage: 'input', field: 'prompt', text: createTextView(text), caller: {}, ...beside }
}

const report: GuardReport = { findings: [] }

describe('what is found', () => {
  test('a report of the same guard and version on the same text, until it is too old', async () => {
    const clock = createFakeClock()
    const cache = new VerdictCache({ entries: 10, ttl: TTL }, clock)
    cache.of(request('a'), 'p')?.set(guard('one'), report)
    expect(cache.of(request('a'), 'p')?.get(guard('one'))).toBe(report)
    expect(cache.of(request('a'), 'p')?.get(guard('one', '2'))).toBeUndefined()
    expect(cache.of(request('a'), 'p')?.get(guard('two'))).toBeUndefined()
    await clock.advance(TTL)
    expect(cache.of(request('a'), 'p')?.get(guard('one'))).toBeUndefined()
  })

  test.each([
    ['text', request('b'), 'p'],
    ['policy', request('a'), 'q'],
    ['stage', request('a', { stage: 'output' }), 'p'],
    ['field', request('a', { field: 'response' }), 'p'],
    ['prompt', request('a', { prompt: 'x' }), 'p'],
    ['system prompt', request('a', { system: 'x' }), 'p'],
    ['tool', request('a', { tool: 'x' }), 'p'],
    ['origin', request('a', { origin: 'unknown' }), 'p'],
  ])('nothing under another %s', (_what, other, policy) => {
    const cache = new VerdictCache({ entries: 10, ttl: TTL }, createFakeClock())
    cache.of(request('a'), 'p')?.set(guard('one'), report)
    expect(cache.of(other, policy)?.get(guard('one'))).toBeUndefined()
  })

  test('what stands beside a text cannot pass for a part of another', () => {
    const cache = new VerdictCache({ entries: 10, ttl: TTL }, createFakeClock())
    cache.of(request('a', { system: 'x', prompt: 'yz' }), 'p')?.set(guard('one'), report)
    expect(cache.of(request('a', { system: 'xy', prompt: 'z' }), 'p')?.get(guard('one'))).toBeUndefined()
    expect(cache.of(request('za', { system: 'x', prompt: 'y' }), 'p')?.get(guard('one'))).toBeUndefined()
  })

  test('a report under a key of its own', async () => {
    const clock = createFakeClock()
    const cache = new VerdictCache({ entries: 10, ttl: TTL }, clock)
    cache.set('k', report)
    cache.set('k'.repeat(16_001), report)
    expect(cache.get('k')).toBe(report)
    expect(cache.get('other')).toBeUndefined()
    expect(cache.size).toBe(1)
    await clock.advance(TTL)
    expect(cache.get('k')).toBeUndefined()
  })

  test('texts that are too long are not kept', () => {
    const cache = new VerdictCache({ entries: 10, ttl: TTL }, createFakeClock())
    expect(cache.of(request('a'.repeat(16_001)), 'p')).toBeNull()
    expect(cache.of(request('a'.repeat(16_000)), 'p')).not.toBeNull()
  })
})

describe('what is forgotten', () => {
  /** A text is used, or a guard's report on it is kept. */
  const steps = fc.array(
    fc.record({ text: fc.constantFrom('a', 'b', 'c', 'd', 'e'), guard: fc.constantFrom('one', 'two', null) }),
    { maxLength: 60 },
  )

  test('the least recently used text goes first, with all its reports', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 6 }), (list, entries) => {
        const cache = new VerdictCache({ entries, ttl: TTL }, createFakeClock())
        // The model: texts in order of use, each with the guards that reported.
        let model: { text: string; guards: Set<string> }[] = []
        for (const { text, guard: id } of list) {
          const verdicts = cache.of(request(text), 'p')
          const known = model.find((one) => one.text === text)
          model = model.filter((one) => one !== known)
          for (const name of ['one', 'two']) {
            expect(verdicts?.get(guard(name)) === report).toBe(known?.guards.has(name) ?? false)
          }
          const used = known ?? { text, guards: new Set<string>() }
          if (known !== undefined || id !== null) model.push(used)
          if (id === null) continue
          verdicts?.set(guard(id), report)
          used.guards.add(id)
          const count = (): number => model.reduce((sum, one) => sum + one.guards.size, 0)
          while (count() > entries) model.shift()
          expect(cache.size).toBe(count())
        }
      }),
    )
  })

  test('a report on a text that was forgotten meanwhile is kept anew', () => {
    const cache = new VerdictCache({ entries: 1, ttl: TTL }, createFakeClock())
    const early = cache.of(request('a'), 'p')
    early?.set(guard('one'), report)
    cache.of(request('b'), 'p')?.set(guard('one'), report)
    expect(cache.of(request('a'), 'p')?.get(guard('one'))).toBeUndefined()
    early?.set(guard('two'), report)
    expect(cache.of(request('a'), 'p')?.get(guard('two'))).toBe(report)
    expect(cache.size).toBe(1)
  })

  test('characters are bounded too', () => {
    const cache = new VerdictCache({ entries: 1_000_000, ttl: TTL }, createFakeClock())
    for (let index = 0; index < 1100; index += 1) {
      cache.of(request(`${index}`.padEnd(15_900, 'x')), 'p')?.set(guard('one'), report)
    }
    expect(cache.size).toBeLessThanOrEqual(1006)
    expect(cache.of(request('1099'.padEnd(15_900, 'x')), 'p')?.get(guard('one'))).toBe(report)
  })
})
