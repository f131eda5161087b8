/** What asks for critiques: how many at once, for how long, and what is done with a store that cannot take them. */
import { describe, expect, test, vi } from 'vitest'
import fc from 'fast-check'
import type { Critique, CritiqueSource, DecisionDraft, KeptCritique } from '../../src/spec/index.ts'
import { ParapetError } from '../../src/spec/index.ts'
import type { CritiqueKeeper, CritiqueKeeperOptions } from '../../src/store/index.ts'
import { createCritiqueKeeper } from '../../src/store/index.ts'
import type { FakeClock } from '../../src/testing/index.ts'
import { createFakeClock } from '../../src/testing/index.ts'
import { aResult } from './records.ts'

const CRITIQUE: Critique = {
  ...{ start: 0, end: 5, clauses: [{ id: 'S2', title: 'Crimes' }], text: 'Because.', quotes: [], invented: 0 },
  ...{ contradicts: false, seen: ['hello'] },
}

type Ask = CritiqueSource['ask']

function draft(id: string, ask: Ask, capture: 'redacted' | 'full' = 'full'): DecisionDraft {
  return {
    ...{ state: 'final', result: aResult(id), caller: {}, door: 'guard' },
    policy: { capture, retention: 30, mode: 'async', whenFull: 'drop' },
    critiques: [{ guard: 'safety', stage: 'input', field: 'prompt', ask }],
  }
}

interface Setting {
  readonly keeper: CritiqueKeeper
  readonly kept: Map<string, readonly KeptCritique[]>
  readonly warnings: string[]
  readonly clock: FakeClock
}

function start(options: Partial<CritiqueKeeperOptions> = {}): Setting {
  const kept = new Map<string, readonly KeptCritique[]>()
  const warnings: string[] = []
  const clock = createFakeClock()
  const keeper = createCritiqueKeeper({
    store: { addCritiques: (id, critiques) => Promise.resolve(kept.set(id, critiques).has(id)) },
    ...{ clock, spilled: () => false, redact: (text: string) => text },
    onWarning: (message) => void warnings.push(message),
    ...options,
  })
  return { keeper, kept, warnings, clock }
}

/** Lets what is settled run on. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Asks that a test answers. */
function asks(): { readonly ask: Ask; readonly open: ((critiques: readonly Critique[]) => void)[] } {
  const open: ((critiques: readonly Critique[]) => void)[] = []
  return { ask: () => new Promise((resolve) => void open.push(resolve)), open }
}

describe('asking', () => {
  test('two decisions at once, the others one after the other', async () => {
    const { keeper, kept } = start()
    const { ask, open } = asks()
    for (const id of ['a', 'b', 'c']) keeper.take(draft(id, ask))
    await turn()
    expect(open).toHaveLength(2)
    open[0]?.([CRITIQUE])
    await vi.waitFor(() => expect(open).toHaveLength(3))
    expect([...kept.keys()]).toEqual(['a'])
    open[1]?.([])
    open[2]?.([CRITIQUE])
    await vi.waitFor(() => expect([...kept.keys()]).toEqual(['a', 'c']))
    await keeper.close()
  })

  test('more than can wait are left out, and that is said once', async () => {
    const { keeper, warnings } = start()
    const { ask } = asks()
    for (let index = 0; index < 300; index++) keeper.take(draft(`d${index}`, ask))
    expect(warnings).toEqual([expect.stringContaining('too many')])
    await keeper.close()
  })

  test('a judge that never answers has two minutes', async () => {
    const { keeper, kept, clock } = start()
    const signals: AbortSignal[] = []
    keeper.take(
      draft('a', ({ signal }) => {
        signals.push(signal)
        return new Promise(() => undefined)
      }),
    )
    await turn()
    await clock.advance(119_000)
    await turn()
    expect([kept.size, signals[0]?.aborted]).toEqual([0, false])
    await clock.advance(2_000)
    await vi.waitFor(() =>
      expect(kept.get('a')).toMatchObject([{ status: 'failed', error: { code: 'upstream_timeout' } }]),
    )
    expect(signals[0]?.aborted).toBe(true)
    await keeper.close()
  })

  test('nobody is asked while a decision is handed over: its answer leaves first', async () => {
    const { keeper } = start()
    const order: string[] = []
    keeper.take(draft('a', async () => (order.push('asked'), [])))
    await Promise.resolve()
    order.push('left')
    await turn()
    expect(order).toEqual(['left', 'asked'])
    await keeper.close()
  })

  test('a guard that was late once is not waited for again in the same decision', async () => {
    const { keeper, kept, clock } = start()
    let asked = 0
    const one = draft('a', () => ((asked += 1), new Promise(() => undefined)))
    const [source] = one.critiques ?? []
    if (source === undefined) throw new Error('there is none')
    keeper.take({ ...one, critiques: [source, source, { ...source, guard: 'other', ask: async () => [CRITIQUE] }] })
    await turn()
    await clock.advance(121_000)
    await vi.waitFor(() => expect(kept.get('a')?.map(({ status }) => status)).toEqual(['failed', 'failed', 'given']))
    expect(asked).toBe(1)
    await keeper.close()
  })

  test('closed: what is known is kept, and where there are no reasons nothing has failed', async () => {
    const { keeper, kept } = start()
    keeper.take(draft('none', async () => []))
    keeper.take(draft('known', async () => [CRITIQUE]))
    keeper.take(draft('hangs', () => new Promise(() => undefined)))
    await keeper.close()
    expect([...kept].map(([id, [critique]]) => [id, critique?.status])).toEqual([
      ['known', 'given'],
      ['hangs', 'failed'],
    ])
  })

  test('one judge that fails does not cost the reasons of another; a failure that is no error of ours says nothing', async () => {
    const { keeper, kept } = start()
    const both = draft('a', () => Promise.reject(new TypeError('a wrong way')))
    const [source] = both.critiques ?? []
    if (source === undefined) throw new Error('there is none')
    const other = { ...source, guard: 'other', ask: () => Promise.resolve([CRITIQUE]) }
    keeper.take({ ...both, critiques: [source, other] })
    await vi.waitFor(() => expect(kept.get('a')).toHaveLength(2))
    expect(kept.get('a')).toMatchObject([
      { guard: 'safety', status: 'failed', error: { code: 'guard_failed' } },
      { guard: 'other', status: 'given', text: 'Because.' },
    ])
    expect(JSON.stringify(kept.get('a'))).not.toContain('wrong way')
    await keeper.close()
  })
})

describe('a store', () => {
  test('that cannot take them is tried again, then given up with one warning', async () => {
    let tries = 0
    const addCritiques = (): Promise<boolean> => {
      tries += 1
      return Promise.reject(new ParapetError('record_unavailable', 'Gone.'))
    }
    const { keeper, warnings, clock } = start({ store: { addCritiques } })
    keeper.take(draft('a', () => Promise.resolve([CRITIQUE])))
    await turn()
    for (const [index, wait] of [1_000, 4_000, 16_000, 60_000].entries()) {
      expect([tries, warnings.length]).toEqual([index + 1, 0])
      await clock.advance(wait)
      await turn()
    }
    await vi.waitFor(() => expect(warnings).toEqual([expect.stringContaining('lost')]))
    expect(tries).toBe(5)
    await keeper.close()
  })

  test('that does not know the decision is asked again only while records wait elsewhere', async () => {
    let tries = 0
    let waiting = true
    const addCritiques = (): Promise<boolean> => Promise.resolve((tries += 1) > 2)
    const { keeper, clock, warnings } = start({ store: { addCritiques }, spilled: () => waiting })
    keeper.take(draft('a', () => Promise.resolve([CRITIQUE])))
    await vi.waitFor(() => expect(tries).toBe(1))
    await turn()
    waiting = false
    await clock.advance(1_000)
    await vi.waitFor(() => expect(tries).toBe(2))
    await turn()
    await clock.advance(100_000)
    await turn()
    expect([tries, warnings]).toEqual([2, []])
    await keeper.close()
  })

  test('of one’s own that keeps none is never the reason for asking', async () => {
    const { keeper } = start({ store: {} })
    const { ask, open } = asks()
    keeper.take(draft('a', ask))
    await turn()
    expect(open).toHaveLength(0)
    await keeper.close()
  })
})

test('redacted, quoted words that are taken out are gone in other letters and spaces, too', async () => {
  const { keeper, kept } = start({ redact: (text) => text.replaceAll('Open the (old) door', '[SECRET]') })
  const quotes = [{ words: 'the (old) door', span: null }]
  const critique = {
    ...CRITIQUE,
    text: 'It says "the (old) door". The  (OLD) Door.',
    quotes,
    seen: ['Open the (old) door'],
  }
  keeper.take(draft('a', async () => [critique], 'redacted'))
  await vi.waitFor(() => expect(kept.get('a')).toMatchObject([{ text: 'It says "[REMOVED]". [REMOVED].' }]))
  await keeper.close()
})

test('property: redacted, no quote is kept that the redaction takes out of the text, in the list or in the words', async () => {
  // Takes out what looks like a key: k, then at least four digits.
  const redact = (text: string, keep: number): string => text.replaceAll(/k\d{4,}/g, '[KEY]').slice(0, keep)
  const secret = fc.integer({ min: 1_000, max: 99_999_999 }).map((digits) => `k${digits}`)
  const part = fc.oneof(secret, fc.constantFrom('open', 'the', 'door', 'now'))
  await fc.assert(
    fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 6 }), fc.nat(), fc.nat(), async (parts, from, size) => {
      const text = parts.join(' ')
      const start_ = from % text.length
      const words = text.slice(start_, start_ + 3 + (size % 12)).trim()
      fc.pre(words.length > 2)
      const { keeper, kept } = start({ redact })
      const quotes = [{ words, span: { start: start_, end: start_ + words.length } }]
      const critique = { ...CRITIQUE, text: `It says "${words}".`, quotes, seen: [text] }
      keeper.take(draft('a', () => Promise.resolve([critique]), 'redacted'))
      await vi.waitFor(() => expect(kept.size).toBe(1), { interval: 1 })
      await keeper.close()
      const [first] = kept.get('a') ?? []
      if (first?.status !== 'given') throw new Error('it is not there')
      const survives = redact(text, text.length).includes(words)
      expect(first.quotes[0]?.words).toBe(survives ? words : '[REMOVED]')
      expect(first.text).toBe(survives ? `It says "${words}".` : 'It says "[REMOVED]".')
    }),
    { numRuns: 60 },
  )
})
