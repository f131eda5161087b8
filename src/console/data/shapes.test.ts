import { expect, test } from 'vitest'
import fc from 'fast-check'
import { isDecisionBody, isDecisionList, isGuardReply } from './shapes.ts'

const JUDGEMENT = {
  decision: 'block',
  shadowDecision: 'block',
  policyVersion: 'v',
  ms: 1,
  scores: { injection: 1 },
  categories: { S1: 0.5 },
  spans: [{ start: 0, end: 1, label: 'injection', field: 'prompt', score: 1 }],
  guards: [{ guard: 'g', stage: 'input', status: 'judged', decision: 'block', labels: ['injection'], ms: 1 }],
  exceptions: [],
  warnings: ['w'],
  error: null,
}
const REPLY = { ...JUDGEMENT, id: 'd', decision_id: 'd' }
const DECISION = {
  ...JUDGEMENT,
  object: 'parapet.decision',
  id: 'd',
  at: '',
  door: 'guard',
  feedback: [],
  critiques: [],
}

test('what a gateway answers is taken, with fields and words that are new, too', () => {
  expect(isGuardReply(REPLY)).toBe(true)
  expect(isDecisionBody(DECISION)).toBe(true)
  expect(isGuardReply({ ...REPLY, decision: 'ponder', weather: 'fine' })).toBe(true)
  expect(isDecisionList({ object: 'list', data: [] })).toBe(true)
})

test('whatever field is missing or of another type, it is not taken', () => {
  const odd = fc.constantFrom<unknown>(undefined, null, 7, 'x', true, [7], [null], { a: [] })
  for (const [whole, fits] of [
    [REPLY, isGuardReply],
    [DECISION, isDecisionBody],
  ] as const) {
    for (const key of Object.keys(whole).filter((name) => name !== 'id' || whole === DECISION)) {
      fc.assert(
        fc.property(odd, (value) => {
          const valid = JSON.stringify(value) === JSON.stringify((whole as Record<string, unknown>)[key])
          const same =
            typeof value === typeof (whole as Record<string, unknown>)[key] &&
            (typeof value === 'string' || typeof value === 'number')
          // Any string does for a word, any number for a time, anything in a list of remarks, any object for scores.
          const loose =
            (key === 'feedback' && Array.isArray(value)) || (key === 'scores' && JSON.stringify(value) === '{"a":[]}')
          const expected = valid || loose || (same && key !== 'object')
          expect(fits({ ...whole, [key]: value }), `${key}=${JSON.stringify(value)}`).toBe(expected)
        }),
      )
    }
  }
})

test('no value at all is an answer by chance', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect([isGuardReply(value), isDecisionBody(value), isDecisionList(value)]).toEqual([false, false, false])
    }),
  )
})
