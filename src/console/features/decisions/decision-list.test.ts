import { expect, test } from 'vitest'
import fc from 'fast-check'
import type { DecisionBody } from '../../../contract/index.ts'
import { addTo, wanted } from './decision-list.ts'

function decision(id: string, second: number, part: Partial<DecisionBody> = {}): DecisionBody {
  return {
    id,
    object: 'parapet.decision',
    at: new Date(Date.UTC(2026, 10, 26, 0, 0, second)).toISOString(),
    status: 'final',
    door: 'guard',
    decision: 'pass',
    shadowDecision: 'pass',
    policyVersion: 'v',
    model: null,
    application: null,
    user: null,
    conversation: null,
    key: null,
    ms: 1,
    scores: { prompt_harm: null, response_harm: null, refusal: null, injection: null, toxicity: null },
    categories: {},
    spans: [],
    guards: [],
    error: null,
    exceptions: [],
    warnings: [],
    content: null,
    review: null,
    feedback: [],
    critiques: [],
    ...part,
  }
}

test('newest first, each once, bounded, in whatever order they come', () => {
  const item = fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 50 }))
  fc.assert(
    fc.property(fc.array(fc.array(item, { maxLength: 10 }), { maxLength: 5 }), (batches) => {
      const rows = batches.reduce<readonly DecisionBody[]>(
        (list, batch) =>
          addTo(
            list,
            batch.map(([id, second]) => decision(`d${id}`, second)),
            12,
          ),
        [],
      )
      expect(rows.length).toBeLessThanOrEqual(12)
      expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
      expect(rows.map(({ at }) => at)).toEqual(
        rows
          .map(({ at }) => at)
          .toSorted()
          .toReversed(),
      )
    }),
  )
})

test('times with an offset are compared as moments', () => {
  const rows = addTo([], [decision('a', 0), { ...decision('b', 0), at: '2026-11-26T02:00:01+02:00' }])
  expect(rows.map(({ id }) => id)).toEqual(['b', 'a'])
})

test('the end of a decision takes the place of its beginning, not the other way round', () => {
  const open = decision('a', 1, { status: 'open' })
  const final = decision('a', 1, { decision: 'block' })
  expect(addTo([open], [final])).toEqual([final])
  expect(addTo([final], [open])).toEqual([final])
  const reviewed = decision('a', 1, { status: 'final', review: { state: 'approved' } })
  const held = decision('a', 1, { status: 'held', review: { state: 'pending' } })
  expect(addTo([reviewed], [held])).toEqual([reviewed])
  expect(addTo([held], [reviewed])).toEqual([reviewed])
  const labelled = decision('a', 1, { feedback: [{ id: 'f', at: '2026-11-26T00:00:00.000Z', verdict: 'correct' }] })
  expect(addTo([labelled], [decision('a', 1)])).toEqual([labelled])
})

test('nothing added is the same list', () => {
  const rows = [decision('a', 1)]
  expect(addTo(rows, [])).toBe(rows)
})

test('an empty filter wants all; an unknown decision counts as failed', () => {
  expect(wanted([], 'block')).toBe(true)
  expect(wanted(['pass', 'block'], 'block')).toBe(true)
  expect(wanted(['pass'], 'block')).toBe(false)
  expect(wanted(['error'], 'brandnew')).toBe(true)
})
