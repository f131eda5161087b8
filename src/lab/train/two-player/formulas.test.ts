/** The paper's numbers: losses, decision, ratings, filters, levels and pairs, against its published and hand-computed values. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { evaluate } from '../../../../test/support/nn/run-graph.ts'
import { hardDpoLoss } from '../../align/losses/hard-dpo.ts'
import { type SymbolicTensor, TensorGraph } from '../../../nn/tensor/index.ts'
import { HAZARD_OF_CATEGORY } from '../hazard-map.ts'
import { isRefusal, lengthFits } from './filters.ts'
import { decide, DUOGUARD_LABELS, placesOfHazard, safeTargets, targetsAt, targetsOfRecord } from './labels.ts'
import { bceMean, bceSum, CLASSIFIER_LOSSES, dpoRpo, RPO_LOSS, sigmoid, zlpr } from './losses.ts'
import { levelOf, pairOf } from './preferences.ts'
import type { RatedProposal, SeedRow } from './proposal.ts'
import { parseRating, ratingMatches } from './rating.ts'

const twelve = (value: number): readonly number[] => Array.from({ length: 12 }, () => value)

describe('losses', () => {
  test.each([
    [twelve(0), safeTargets(), 2.564949, 8.317766, 0.693147],
    [twelve(0), targetsAt([3]), 3.178054, 8.317766, 0.693147],
    [twelve(-3), safeTargets(), 0.468405, 0.583048, 0.048587],
    [[2, -1, 0.5, ...Array.from({ length: 9 }, () => -4)], targetsAt([0]), 1.284262, 1.577616, 0.131468],
  ])('of %j', (logits, targets, ranking, sum, mean) => {
    expect(zlpr(logits, targets)).toBeCloseTo(ranking, 6)
    expect(bceSum(logits, targets)).toBeCloseTo(sum, 6)
    expect(bceMean(logits, targets)).toBeCloseTo(mean, 6)
  })

  test('have the gradients that differences give', () => {
    const logits = fc.array(fc.double({ min: -6, max: 6, noNaN: true }), { minLength: 12, maxLength: 12 })
    const places = fc.subarray(DUOGUARD_LABELS.map((_, place) => place))
    fc.assert(
      fc.property(logits, places, fc.constantFrom('bce' as const, 'zlpr' as const), (given, set, kind) => {
        const { value, gradient } = CLASSIFIER_LOSSES[kind]
        const targets = targetsAt(set)
        gradient(given, targets).forEach((slope, at) => {
          const moved = (by: number): number =>
            value(
              given.map((one, place) => (place === at ? one + by : one)),
              targets,
            )
          expect(slope).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 5)
        })
      }),
      { numRuns: 50 },
    )
  })

  test('stay finite for huge logits', () => {
    expect(zlpr(twelve(800), safeTargets())).toBeCloseTo(800 + Math.log(12), 6)
    expect(bceSum(twelve(-800), targetsAt([0]))).toBeCloseTo(800, 6)
  })

  test('of the generator: 0.598139 + 0.4 · 2', () => {
    const pair = {
      policyChosen: -40,
      policyRejected: -60,
      referenceChosen: -50,
      referenceRejected: -50,
      chosenTokens: 20,
    }
    expect(dpoRpo(pair)).toBeCloseTo(1.398139, 6)
    expect(dpoRpo(pair, { alpha: 0 })).toBeCloseTo(0.598139, 6)
    expect(() => dpoRpo({ ...pair, chosenTokens: 0 })).toThrow('at least one')
  })

  test('lists of unequal length are refused', () => {
    expect(() => bceSum([1], [])).toThrow('1 logits and 0 targets')
    expect(() => zlpr([], [1])).toThrow('0 logits and 1 targets')
  })
})

describe('labels', () => {
  test('are twelve, safe is none of them', () => {
    expect(DUOGUARD_LABELS).toHaveLength(12)
    expect(safeTargets()).toEqual(twelve(0))
    expect(targetsOfRecord({ task: 'benign', label: 0, categories: ['hate_speech'] })).toEqual(safeTargets())
  })

  test('every hazard with a DuoGuard name has its own place, and no other has one', () => {
    const places = Array.from({ length: 14 }, (_, at) => placesOfHazard(`S${at + 1}`))
    expect(places.flat().toSorted((left, right) => left - right)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect([places[4], places[12], places[13]]).toEqual([[], [], []])
  })

  test('of records: categories of sources, hazard ids, attacks; null where none fits', () => {
    expect(HAZARD_OF_CATEGORY['hte']).toBe('S10')
    expect(targetsOfRecord({ task: 'prompt_harm', label: 1, categories: ['hte', 'prv'] })).toEqual(targetsAt([8, 5]))
    expect(targetsOfRecord({ task: 'prompt_harm', label: 1, categories: ['S9'] })).toEqual(targetsAt([7]))
    expect(targetsOfRecord({ task: 'injection', label: 1, categories: ['direct'] })).toEqual(targetsAt([11]))
    expect(targetsOfRecord({ task: 'prompt_harm', label: 1, categories: ['advbench'] })).toBeNull()
  })

  test('one half is safe; the largest decides and every one above triggers', () => {
    expect(decide(twelve(0.5))).toEqual({ unsafe: false, score: 0.5, triggered: [] })
    const logits = [2, -1, 0.5, ...Array.from({ length: 9 }, () => -4)]
    const { unsafe, score, triggered } = decide(logits.map(sigmoid))
    expect({ unsafe, triggered }).toEqual({ unsafe: true, triggered: [0, 2] })
    expect(score).toBeCloseTo(0.880797, 6)
  })
})

describe('ratings', () => {
  test.each([
    ['4', 4],
    ['**Rating: 3/5**', 3],
    ['Rating: I cannot', 5],
    ['', 5],
    ['10', 10],
    ['unsafe\n2', 5],
  ])('%j is %d', (answer, rating) => {
    expect(parseRating(answer)).toBe(rating)
  })

  test('outside the scale are rejected in strict mode, and then agree with nothing', () => {
    expect([parseRating('10', { strict: true }), parseRating('0', { strict: true })]).toEqual([null, null])
    expect(parseRating('5', { strict: true })).toBe(5)
    expect([ratingMatches(null, 0), ratingMatches(null, 1)]).toEqual([false, false])
  })

  test('agree with safe up to 2, with harmful from 3', () => {
    expect([1, 2, 3, 4, 5].map((rating) => ratingMatches(rating, 0))).toEqual([true, true, false, false, false])
    expect([1, 2, 3, 4, 5].map((rating) => ratingMatches(rating, 1))).toEqual([false, false, true, true, true])
  })
})

describe('filters', () => {
  test('a difference of 200 characters is kept, of 201 dropped, either way', () => {
    const seed = 'a'.repeat(300)
    expect([500, 501, 100, 99].map((length) => lengthFits('b'.repeat(length), seed))).toEqual([
      true,
      false,
      true,
      false,
    ])
  })

  test.each([
    ["I'm sorry, but I can't help with that.", true],
    ['I’m sorry,  but I cannot assist.', true],
    ['Tut mir leid, aber das geht nicht.', true],
    ['Je ne peux pas vous aider.', true],
    ['Lo siento, pero no.', true],
    ['申し訳ありませんが、できません。', true],
    ['How do I water beans?', false],
    [`${'Write a letter to my neighbour about the fence. '.repeat(3)}I cannot help it.`, false],
  ])('%j', (text, refuses) => {
    expect(isRefusal(text)).toBe(refuses)
  })

  test('a seed about refusing is no refusal', () => {
    expect(isRefusal('Wie sage ich: es tut mir leid, aber ich komme nicht?', 'es tut mir leid, aber')).toBe(false)
  })
})

describe('preferences', () => {
  const seed = (label: 0 | 1): SeedRow => ({
    ...{
      id: 's',
      text: 't',
      language: 'en',
      label,
      targets: null,
      task: 'prompt_harm',
      categories: [],
      source: 'x',
      licence: 'y',
    },
  })
  const at = (label: 0 | 1, rating: number, unsafe: boolean): RatedProposal => {
    const matches = ratingMatches(rating, label)
    const fooled = unsafe !== (label === 1)
    return {
      seed: seed(label),
      language: 'de',
      text: `${rating}${unsafe}`,
      way: 'w',
      rating,
      matches,
      fooled,
      level: levelOf(fooled, matches),
    }
  }

  test.each([
    [1, 5, false, 1],
    [1, 4, true, 2],
    [1, 2, false, 3],
    [1, 1, true, 4],
    [0, 1, true, 1],
    [0, 2, false, 2],
    [0, 3, true, 3],
    [0, 5, false, 4],
  ] as const)('label %d, rating %d, called unsafe %s: level %d', (label, rating, unsafe, level) => {
    expect(at(label, rating, unsafe).level).toBe(level)
  })

  test.each([
    [[1, 2], 2],
    [[1, 3], 3],
    [[1, 2, 3], 2],
    [[1], null],
    [[1, 4], null],
    [[2, 3], null],
  ] as const)('of levels %j the rejected one is of level %s', (levels, rejected) => {
    const all = { 1: at(1, 5, false), 2: at(1, 4, true), 3: at(1, 2, false), 4: at(1, 1, true) }
    const pair = pairOf(
      levels.map((level) => all[level]),
      () => 0,
    )
    expect(pair?.level ?? null).toBe(rejected)
    if (pair !== null) expect([pair.chosen.level, pair.rejected.level]).toEqual([1, rejected])
  })
})

test('the loss of lab/align with these settings is the same DPO + RPO', async () => {
  const { kind: _, ...options } = RPO_LOSS
  const pair = {
    policyChosen: -40,
    policyRejected: -61,
    referenceChosen: -52,
    referenceRejected: -50,
    chosenTokens: 20,
  }
  const graph = new TensorGraph()
  const input = (name: string): SymbolicTensor => graph.input(name, [1])
  const { loss } = hardDpoLoss(
    {
      ...{ policyChosen: input('policyChosen'), policyRejected: input('policyRejected') },
      ...{ referenceChosen: input('referenceChosen'), referenceRejected: input('referenceRejected') },
      ...{ chosenTokens: input('chosenTokens'), rejectedTokens: input('rejectedTokens') },
    },
    options,
  )
  const feeds = Object.entries({ ...pair, rejectedTokens: 30 }).map(([name, value]) => [name, Float32Array.of(value)])
  const { value } = await evaluate(graph, { value: loss }, Object.fromEntries(feeds))
  expect(value?.[0]).toBeCloseTo(dpoRpo(pair), 5)
})
