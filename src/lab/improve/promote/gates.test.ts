/** Each condition alone: what makes it fail, and that nothing else does. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GATE_DEFAULTS, judgeGates, type GateFacts, type GateOptions } from './gates.ts'
import type { JudgedPair } from './paired-rows.ts'

const OPTIONS: GateOptions = { ...GATE_DEFAULTS, resamples: 200 }
const FACTS: GateFacts = { failures: { current: 0, candidate: 0 }, learnt: [] }

/** `count` texts: right or wrong before, right or wrong after. */
function texts(
  count: number,
  change: Partial<JudgedPair> & { before: boolean; after: boolean },
): readonly JudgedPair[] {
  const { before, after, ...rest } = change
  const pair = { set: 'held_out', role: 'target', language: 'en', categories: [], label: 1, ...rest } as const
  const flagged = (right: boolean): boolean => right === (pair.label === 1)
  return Array.from({ length: count }, () => ({ ...pair, current: flagged(before), candidate: flagged(after) }))
}

const benign = (set: string, worse = 0, rows = 200): readonly JudgedPair[] => [
  ...texts(rows - worse, { set, role: 'over_refusal', label: 0, before: true, after: true }),
  ...texts(worse, { set, role: 'over_refusal', label: 0, before: true, after: false }),
]
/** A candidate that is better in every way. */
const GOOD: readonly JudgedPair[] = [
  ...texts(20, { before: true, after: true }),
  ...texts(20, { before: false, after: true }),
  ...texts(20, { label: 0, before: true, after: true }),
  ...benign('a'),
  ...benign('b'),
]

function failed(pairs: readonly JudgedPair[], facts = FACTS, options: Partial<GateOptions> = {}): readonly string[] {
  const { gates } = judgeGates(pairs, facts, { ...OPTIONS, ...options })
  return gates.filter(({ passed }) => !passed).map(({ id, about }) => `${id}: ${about}`)
}

describe('a candidate', () => {
  test('that is better in every way passes', () => {
    expect(failed(GOOD)).toEqual([])
    const { gain } = judgeGates(GOOD, FACTS, OPTIONS)
    expect(gain).toMatchObject({ measure: 'f1', rows: 60, after: 1 })
    expect(gain.before).toBeCloseTo(40 / 60, 12)
  })

  test('that is the same has no gain', () => {
    const same = GOOD.map((pair) => ({ ...pair, candidate: pair.current }))
    expect(failed(same)).toEqual(['gain: target sets together'])
  })

  test('whose gain is below the margin that was asked for is refused', () => {
    expect(failed(GOOD, FACTS, { gainMargin: 0.5 })).toEqual(['gain: target sets together'])
  })

  test('measured on too few target texts is refused, however good it is', () => {
    const few = [...texts(10, { before: false, after: true }), ...texts(10, { label: 0, before: true, after: true })]
    expect(failed([...few, ...benign('a'), ...benign('b')])).toEqual(['gain: target sets together'])
  })

  test('with more false alarms on one of the sets is refused for that set', () => {
    const pairs = [...GOOD.filter(({ set }) => set !== 'b'), ...benign('b', 6)]
    expect(failed(pairs)).toEqual(['false-alarms: b'])
    expect(failed(pairs, FACTS, { alarmMargin: 0.1 })).toEqual([])
  })

  test('on a set that is too small to show it is refused, and told how many texts it takes', () => {
    const pairs = [...GOOD.filter(({ set }) => set !== 'b'), ...benign('b', 0, 50)]
    expect(failed(pairs)).toEqual(['false-alarms: b'])
    const { gates } = judgeGates(pairs, FACTS, OPTIONS)
    expect(gates.find(({ about }) => about === 'b')?.reason).toContain('it takes 133')
  })

  test('that gains on the whole and loses one target set is refused', () => {
    const loss = texts(12, { set: 'other', before: true, after: false })
    expect(failed([...GOOD, ...texts(80, { before: false, after: true }), ...loss])).toEqual(['targets: other'])
  })

  test('that loses a language is refused, also where its texts are few', () => {
    const german = texts(12, { set: 'b', role: 'over_refusal', language: 'de', label: 0, before: true, after: false })
    expect(failed([...GOOD, ...german], FACTS, { alarmMargin: 0.2 })).toEqual(['languages: de'])
    const few = texts(12, { set: 'b', role: 'over_refusal', language: 'de', label: 0, before: true, after: true })
    expect(failed([...GOOD, ...few])).toEqual([])
  })

  test('that loses a set to keep is refused', () => {
    const kept = (worse: number): readonly JudgedPair[] => [
      ...texts(200 - worse, { set: 'old', role: 'keep', before: true, after: true }),
      ...texts(worse, { set: 'old', role: 'keep', before: true, after: false }),
    ]
    expect(failed([...GOOD, ...kept(0)])).toEqual([])
    expect(failed([...GOOD, ...kept(12)])).toContain('keep: old')
  })

  test('that gave no answer, or learnt from what measures it, is refused', () => {
    expect(failed(GOOD, { ...FACTS, failures: { current: 0, candidate: 1 } })).toEqual(['answers: all sets'])
    expect(failed(GOOD, { ...FACTS, learnt: [{ set: 'a', texts: 2 }] })).toEqual(['untrained: a'])
    const { gates } = judgeGates(GOOD, { ...FACTS, learnt: [{ set: 'a', texts: null }] }, OPTIONS)
    expect(gates.find(({ id }) => id === 'untrained')).toMatchObject({
      passed: false,
      reason: expect.stringContaining('Nobody knows'),
    })
  })
})

test('more than sixteen new false alarms on both sets fail, whatever else changes', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: GOOD.length, maxLength: GOOD.length }), (flips) => {
      const pairs = GOOD.map((pair, at) => ({
        ...pair,
        candidate: flips[at] === true ? !pair.candidate : pair.candidate,
      }))
      const worse = pairs.filter(({ role, candidate }) => role === 'over_refusal' && candidate).length
      if (worse > 16) expect(failed(pairs).some((gate) => gate.startsWith('false-alarms'))).toBe(true)
    }),
    { numRuns: 20 },
  )
})

test.each([
  ['no target set', GOOD.filter(({ role }) => role !== 'target'), '--role target'],
  ['no harmless set', GOOD.filter(({ role }) => role === 'target'), 'Pin two'],
  ['one harmless set', GOOD.filter(({ set }) => set !== 'b'), 'Only one set'],
])('%s cannot decide', (_, pairs, message) => {
  expect(() => judgeGates(pairs, FACTS, OPTIONS)).toThrow(
    expect.objectContaining({ code: 'configuration', message: expect.stringContaining(message) }),
  )
})
