/** What every store of decisions does. Run against each of them by `decision-stores.test.ts`. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import fc from 'fast-check'
import type { DecisionStore, KeptCritique, StoredDecision } from '../../src/spec/index.ts'
import { DAY, NOW, aRecord, anyRecord, asStored } from './records.ts'

const ids = (items: readonly StoredDecision[]): readonly string[] => items.map(({ id }) => id)

/** @param open opens the store; called once */
export function describeDecisionStore(name: string, open: () => Promise<DecisionStore>): void {
  describe(name, () => {
    let store: DecisionStore

    beforeAll(async () => {
      store = await open()
    })
    beforeEach(async () => {
      await store.deleteExpired(Infinity)
    })
    afterAll(async () => {
      await store?.close()
    })

    describe('critiques', () => {
      const critiques: readonly KeptCritique[] = [
        {
          ...{ guard: 'safety', stage: 'input', field: 'prompt', message: 2, status: 'given', start: 0, end: 9 },
          ...{
            clauses: [{ id: 'S2', title: 'Crimes' }],
            text: 'It says "\0 \ud800 é".',
            invented: 1,
            contradicts: false,
          },
          quotes: [
            { words: 'é', span: { start: 3, end: 4 } },
            { words: 'x', span: null },
          ],
        },
        {
          ...{ guard: 'safety', stage: 'output', field: 'response', status: 'failed' },
          error: { code: 'upstream_timeout', message: 'It took too long.' },
        },
      ]

      test('are added to a decision, take the place of earlier ones, and stay when its record is written again', async () => {
        if (store.addCritiques === undefined) throw new Error('it keeps no critiques')
        const record = aRecord('dec_1', { content: { prompt: 'hello' } })
        await store.write([record])
        expect(await store.addCritiques('dec_1', critiques.slice(1))).toBe(true)
        expect(await store.addCritiques('dec_1', critiques)).toBe(true)
        await store.write([record])
        expect(await store.get('dec_1')).toEqual({ ...asStored(record), critiques })
        expect((await store.list({})).items).toEqual([{ ...asStored(record), critiques }])
      })

      test('of a decision that is gone are not kept', async () => {
        await store.write([aRecord('dec_1', { caller: { user: 'ann' } })])
        await store.addCritiques?.('dec_1', critiques)
        expect(await store.deleteUser('ann')).toBe(1)
        expect(await store.addCritiques?.('dec_1', critiques)).toBe(false)
        expect(await store.get('dec_1')).toBeNull()
      })
    })

    describe('records', () => {
      test('are read back as they were written', async () => {
        const record = aRecord('dec_1', {
          at: NOW + 0.125,
          decision: 'block',
          shadowDecision: 'error',
          caller: { application: 'shop', user: 'u1', conversation: 'c1', key: 'web', traceparent: '00-1-2-01' },
          model: 'small',
          guards: [
            {
              guard: 'pii',
              stage: 'input',
              status: 'error',
              decision: 'error',
              labels: ['pii.email'],
              ms: 0.25,
              cached: true,
              shadow: true,
              error: { code: 'guard_failed', message: 'The guard threw TypeError.' },
            },
            {
              guard: 'rules',
              stage: 'output',
              status: 'judged',
              decision: 'pass',
              labels: [],
              ms: 0,
              cached: false,
              shadow: false,
            },
          ],
          scores: { prompt_harm: 0.5, response_harm: null, refusal: 0, injection: 1, toxicity: null },
          categories: { S1: 0.25 },
          spans: [{ start: 2, end: 5, label: 'pii.email', field: 'prompt', score: 1, message: 3 }],
          error: { code: 'guard_failed', message: 'pii: The guard threw TypeError.' },
          exceptions: ['product-name'],
          warnings: ['one'],
          content: {
            system: 'Be brief.',
            messages: [{ role: 'user', content: [{ type: 'text', text: 'hello' }] }],
            answers: [{ role: 'assistant', content: 'hi', reasoning: 'a greeting' }],
          },
        })
        await store.write([record])
        expect(await store.get('dec_1')).toEqual(asStored(record))
        expect(await store.get('dec_2')).toBeNull()
      })

      test('property: any record, hard texts included, comes back the same, alone and in lists', async () => {
        await fc.assert(
          fc.asyncProperty(
            fc.uniqueArray(anyRecord(fc.string({ minLength: 1, maxLength: 20 })), {
              selector: ({ id }) => id,
              maxLength: 5,
            }),
            async (records) => {
              await store.deleteExpired(Infinity)
              await store.write(records)
              for (const record of records) expect(await store.get(record.id)).toEqual(asStored(record))
              const { items } = await store.list({})
              expect(items.toSorted(byId)).toEqual(records.map(asStored).toSorted(byId))
            },
          ),
          { numRuns: 40 },
        )
      })

      test('property: whoever is looked up by user is found, nobody else, and can be deleted', async () => {
        const user = fc.string({ unit: fc.constantFrom('a', '\0', '\uD800', '\uE000', '0', '.'), maxLength: 6 })
        await fc.assert(
          fc.asyncProperty(fc.uniqueArray(user, { minLength: 1, maxLength: 6 }), async (users) => {
            await store.deleteExpired(Infinity)
            await store.write(users.map((name, index) => aRecord(`dec_${index}`, { caller: { user: name } })))
            for (const [index, name] of users.entries())
              expect(ids((await store.list({ user: name })).items)).toEqual([`dec_${index}`])
            expect(await store.deleteUser(users[0] ?? '')).toBe(1)
            expect((await store.list({})).items).toHaveLength(users.length - 1)
          }),
          { numRuns: 40 },
        )
      })

      test('written again replaces, and an open one never replaces a final one', async () => {
        await store.write([aRecord('dec_1', { state: 'open', ms: 1 })])
        await store.write([aRecord('dec_1', { state: 'open', ms: 2 })])
        expect(await store.get('dec_1')).toMatchObject({ state: 'open', ms: 2 })
        await store.write([aRecord('dec_1', { decision: 'block', ms: 3 })])
        await store.write([aRecord('dec_1', { state: 'open', ms: 4 })])
        expect(await store.get('dec_1')).toMatchObject({ state: 'final', decision: 'block', ms: 3 })
        await store.write([aRecord('dec_1', { ms: 5 })])
        expect(await store.get('dec_1')).toMatchObject({ decision: 'pass', ms: 5 })
      })

      test('one decision may be in a batch several times', async () => {
        await store.write([
          aRecord('dec_1', { state: 'open' }),
          aRecord('dec_1', { ms: 7 }),
          aRecord('dec_1', { state: 'open' }),
          aRecord('dec_2'),
        ])
        expect(await store.get('dec_1')).toMatchObject({ state: 'final', ms: 7 })
        expect((await store.list({})).items).toHaveLength(2)
      })

      test('none is a batch too', async () => {
        await store.write([])
        expect((await store.list({})).items).toEqual([])
      })

      test('2,500 at once, with one user and one key', async () => {
        const caller = { user: 'u', key: 'k' }
        await store.write(
          Array.from({ length: 2500 }, (_, index) => aRecord(`dec_${index}`, { at: NOW + index, caller })),
        )
        expect(await store.deleteUser('u')).toBe(2500)
      })

      test('very long ids of callers are told apart', async () => {
        const long = 'x'.repeat(100_000)
        await store.write([
          aRecord('dec_1', { caller: { user: `${long}1`, key: `${long}1` } }),
          aRecord('dec_2', { caller: { user: `${long}2`, key: `${long}2` } }),
        ])
        expect(ids((await store.list({ user: `${long}2`, key: `${long}2` })).items)).toEqual(['dec_2'])
        expect(await store.deleteUser(`${long}1`)).toBe(1)
      })
    })

    describe('lists', () => {
      test('are newest first and page without gaps while more arrives', async () => {
        // Pairs share a moment: the id decides.
        await store.write(
          Array.from({ length: 25 }, (_, index) => aRecord(`dec_${100 + index}`, { at: NOW + (index >> 1) })),
        )
        const seen: string[] = []
        let cursor: string | null = null
        do {
          const page = await store.list({}, { limit: 4, ...(cursor === null ? {} : { cursor }) })
          seen.push(...ids(page.items))
          cursor = page.next
          await store.write([aRecord(`dec_new_${seen.length}`, { at: NOW + 1000 })])
        } while (cursor !== null)
        expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => `dec_${124 - index}`))
      })

      test('a page that is exactly full has none after it', async () => {
        await store.write([aRecord('dec_1'), aRecord('dec_2')])
        expect(await store.list({}, { limit: 2 })).toMatchObject({ next: null })
        expect((await store.list({}, { limit: 1 })).next).not.toBeNull()
      })

      test('take every condition, and all together', async () => {
        await store.write([
          aRecord('dec_a', { at: NOW, decision: 'block', door: 'guard', caller: { user: 'u1', key: 'k1' } }),
          aRecord('dec_b', { at: NOW + 1, decision: 'hold', caller: { application: 'shop', conversation: 'c1' } }),
          aRecord('dec_c', { at: NOW + 2, decision: 'flag', door: 'cli', caller: { user: 'u1', application: 'shop' } }),
        ])
        await store.addFeedback('dec_c', { id: 'f1', at: NOW, verdict: 'correct' })
        const list = async (query: Parameters<DecisionStore['list']>[0]) => ids((await store.list(query)).items)
        expect(await list({ from: NOW + 1 })).toEqual(['dec_c', 'dec_b'])
        expect(await list({ to: NOW + 1 })).toEqual(['dec_a'])
        expect(await list({ decisions: ['block', 'flag'] })).toEqual(['dec_c', 'dec_a'])
        expect(await list({ decisions: [] })).toEqual([])
        expect(await list({ doors: ['guard', 'cli'] })).toEqual(['dec_c', 'dec_a'])
        expect(await list({ user: 'u1' })).toEqual(['dec_c', 'dec_a'])
        expect(await list({ application: 'shop' })).toEqual(['dec_c', 'dec_b'])
        expect(await list({ conversation: 'c1' })).toEqual(['dec_b'])
        expect(await list({ key: 'k1' })).toEqual(['dec_a'])
        expect(await list({ review: 'pending' })).toEqual(['dec_b'])
        expect(await list({ withFeedback: true })).toEqual(['dec_c'])
        expect(await list({ user: 'u1', application: 'shop', from: NOW, to: NOW + 3, decisions: ['flag'] })).toEqual([
          'dec_c',
        ])
        expect(await list({ user: "u1' or 1=1 --" })).toEqual([])
      })

      test.each([0, 501, 1.5, Number.NaN])('a limit of %s is wrong', async (limit) => {
        await expect(store.list({}, { limit })).rejects.toMatchObject({ code: 'input_invalid' })
      })

      test.each(['', 'x', 'WzEsMl0', '%', 'null', '[1]'])('the cursor %j is wrong', async (cursor) => {
        await expect(store.list({}, { cursor })).rejects.toMatchObject({ code: 'input_invalid' })
      })
    })

    describe('reviews', () => {
      test('held decisions wait, and the first to settle one has', async () => {
        await store.write([aRecord('dec_1', { decision: 'hold' })])
        expect(await store.get('dec_1')).toMatchObject({ review: { state: 'pending' } })
        const approved = { state: 'approved', reviewer: 'maria', note: 'fine', at: NOW } as const
        const [first, second] = await Promise.all([
          store.review('dec_1', approved),
          store.review('dec_1', { state: 'rejected', at: NOW }),
        ])
        expect([first?.settled, second?.settled].toSorted()).toEqual([false, true])
        const settled = first?.settled === true ? approved : { state: 'rejected', at: NOW }
        expect(first?.decision.review).toEqual(settled)
        expect(second?.decision.review).toEqual(settled)
        expect((await store.list({ review: 'pending' })).items).toEqual([])
      })

      test('there is nothing to settle where nothing is held', async () => {
        await store.write([aRecord('dec_1')])
        expect(await store.review('dec_1', { state: 'approved', at: NOW })).toMatchObject({ settled: false })
        expect(await store.review('dec_2', { state: 'approved', at: NOW })).toBeNull()
        await expect(store.review('dec_1', { state: 'pending', at: NOW })).rejects.toMatchObject({
          code: 'input_invalid',
        })
      })

      test('a record written again keeps its review and feedback', async () => {
        const record = aRecord('dec_1', { decision: 'hold' })
        await store.write([record])
        await store.review('dec_1', { state: 'rejected', at: NOW })
        await store.addFeedback('dec_1', { id: 'f1', at: NOW, verdict: 'correct' })
        await store.write([record])
        expect(await store.get('dec_1')).toMatchObject({ review: { state: 'rejected' }, feedback: [{ id: 'f1' }] })
      })
    })

    describe('feedback', () => {
      test('is kept in the order in which it was given', async () => {
        await store.write([aRecord('dec_1')])
        const late = {
          id: 'f2',
          at: NOW + 1,
          verdict: 'false_positive',
          expected: 'pass',
          labels: ['pii'],
          note: 'n\0',
          by: 'k',
        } as const
        const early = { id: 'f1', at: NOW, verdict: 'correct' } as const
        await store.addFeedback('dec_1', late)
        expect(await store.addFeedback('dec_1', early)).toMatchObject({ feedback: [early, late] })
        expect(await store.addFeedback('dec_2', early)).toBeNull()
        expect((await store.list({})).items[0]?.feedback).toEqual([early, late])
      })

      test('given twice is given once', async () => {
        await store.write([aRecord('dec_1')])
        await store.addFeedback('dec_1', { id: 'f1', at: NOW, verdict: 'correct' })
        const again = await store.addFeedback('dec_1', { id: 'f1', at: NOW, verdict: 'false_negative' })
        expect(again?.feedback).toEqual([{ id: 'f1', at: NOW, verdict: 'false_negative' }])
      })
    })

    describe('deletion', () => {
      test('of a user takes reviews and feedback along and nobody else', async () => {
        await store.write([
          aRecord('dec_1', { decision: 'hold', caller: { user: 'u1' } }),
          aRecord('dec_2', { caller: { user: 'u2' } }),
          aRecord('dec_3'),
        ])
        await store.addFeedback('dec_1', { id: 'f1', at: NOW, verdict: 'correct' })
        expect(await store.deleteUser('u1')).toBe(1)
        expect(await store.deleteUser('u1')).toBe(0)
        expect(ids((await store.list({})).items)).toEqual(['dec_3', 'dec_2'])
        await store.write([aRecord('dec_1', { caller: { user: 'u1' } })])
        expect(await store.get('dec_1')).toEqual(asStored(aRecord('dec_1', { caller: { user: 'u1' } })))
      })

      test('of what has expired', async () => {
        await store.write([aRecord('dec_1', { expires: NOW + DAY }), aRecord('dec_2', { expires: NOW + 2 * DAY })])
        expect(await store.deleteExpired(NOW + DAY)).toBe(0)
        expect(await store.deleteExpired(NOW + DAY + 1)).toBe(1)
        expect(ids((await store.list({})).items)).toEqual(['dec_2'])
      })
    })

    test('says what it is and that it is there', async () => {
      expect(store.name).not.toBe('')
      await store.ping()
    })
  })
}

function byId(left: StoredDecision, right: StoredDecision): number {
  return left.id < right.id ? -1 : 1
}
