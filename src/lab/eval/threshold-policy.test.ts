import { describe, expect, test } from 'vitest'
import type { EvaluationSet } from './sample.ts'
import {
  checkThresholdPolicy,
  decide,
  policyInWords,
  resolveThreshold,
  type ThresholdPolicy,
} from './threshold-policy.ts'

const set = (name: string, rows: number, options: Partial<EvaluationSet> = {}): EvaluationSet => ({
  name,
  task: 'prompt_harm',
  sha256: name,
  citation: 'invented',
  licence: 'CC0-1.0',
  purpose: 'detection',
  samples: Array.from({ length: rows }, (_, index) => ({
    id: String(index),
    task: 'prompt_harm' as const,
    language: 'en',
    prompt: `${name} ${index}`,
    response: null,
    system: null,
    label: index % 2 === 0 ? (0 as const) : (1 as const),
    categories: [],
  })),
  ...options,
})
const atFpr: ThresholdPolicy = { kind: 'at_fpr', target: 0.1, fittedOn: ['fit'] }
const conformal: ThresholdPolicy = {
  kind: 'conformal',
  control: 'false_positive_rate',
  alpha: 0.05,
  delta: 0.05,
  fittedOn: ['fit'],
}
const negatives = (...scores: readonly number[]): readonly { label: 0; rank: number }[] =>
  scores.map((rank) => ({ label: 0, rank }))

describe('what is refused before anything runs', () => {
  test('a threshold fitted on a reported set, by name or by bytes', () => {
    expect(() => checkThresholdPolicy(atFpr, [set('fit', 40)], [set('fit', 40)])).toThrow(/reported as "fit"/)
    expect(() => checkThresholdPolicy(atFpr, [set('fit', 40)], [set('other', 4, { sha256: 'fit' })])).toThrow(
      /reported as "other"/,
    )
    expect(() => checkThresholdPolicy(atFpr, [set('fit', 40)], [set('other', 4)])).not.toThrow()
  })

  test('an unknown set, another task, too few samples, values out of range', () => {
    const reported = [set('other', 4)]
    expect(() => checkThresholdPolicy(atFpr, [], reported)).toThrow(/no fitting set "fit"/)
    expect(() => checkThresholdPolicy(atFpr, [set('fit', 4, { task: 'injection' })], reported)).toThrow(/prompt_harm/)
    expect(() => checkThresholdPolicy(conformal, [set('fit', 116)], reported)).toThrow(/at least 59 .* hold 58/)
    expect(() => checkThresholdPolicy(conformal, [set('fit', 118)], reported)).not.toThrow()
    expect(() => checkThresholdPolicy({ ...atFpr, target: 1 }, [set('fit', 4)], reported)).toThrow(/target/)
    expect(() => checkThresholdPolicy({ kind: 'fixed', value: Number.NaN }, [], reported)).toThrow(/NaN/)
  })
})

describe('fitting', () => {
  test('at a rate: the lowest threshold that flags no more than that', () => {
    const rows = negatives(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
    expect(resolveThreshold(atFpr, rows).value).toBe(0.9)
    expect(resolveThreshold({ ...atFpr, target: 0 }, rows).value).toBe(0.95)
    expect(resolveThreshold({ ...atFpr, target: 0.3 }, rows).value).toBe(0.7)
  })

  test('conformal: the words state the guarantee and its size', () => {
    const threshold = resolveThreshold(conformal, negatives(...Array.from({ length: 59 }, (_, index) => index / 100)))
    expect(threshold).toMatchObject({ value: 0.58, fittedRows: 59 })
    expect(threshold.words).toContain('With probability at least 95 %')
    expect(threshold.words).toContain('59 negative')
  })

  test('a subject without scores keeps its verdict, and failures cannot be hidden in a fit', () => {
    expect(resolveThreshold(atFpr, [{ label: 0, rank: null }])).toMatchObject({ value: null, fittedRows: 0 })
    expect(() => resolveThreshold(atFpr, negatives(Infinity, Infinity, 0.1))).toThrow(/failed/)
    expect(() => resolveThreshold(conformal, negatives(0.1))).toThrow(/Only 1/)
  })

  test('a miss-rate threshold can flag everything and survives JSON', () => {
    const policy: ThresholdPolicy = {
      kind: 'conformal',
      control: 'miss_rate',
      alpha: 0.5,
      delta: null,
      fittedOn: ['fit'],
    }
    const { value } = resolveThreshold(policy, [{ label: 1, rank: 0 }])
    expect(JSON.parse(JSON.stringify({ value }))).toEqual({ value })
    expect(0 > (value ?? 1)).toBe(true)
  })
})

test('a score is positive above the threshold, never at it; a verdict stands where there is no score', () => {
  const fixed = resolveThreshold({ kind: 'fixed', value: 0.5 }, [])
  const own = resolveThreshold({ kind: 'own', otherwise: 0.5 }, [])
  expect(decide({ score: 0.5, positive: true }, fixed)).toBe(false)
  expect(decide({ score: 0.51, positive: false }, fixed)).toBe(true)
  expect(decide({ score: null, positive: true }, fixed)).toBe(true)
  expect(decide({ score: 0.9, positive: false }, own)).toBe(false)
  expect(decide({ score: 0.9, positive: null }, own)).toBe(true)
})

test('every policy has words', () => {
  for (const policy of [{ kind: 'fixed', value: 0.5 }, { kind: 'own', otherwise: 0.5 }, atFpr, conformal] as const)
    expect(policyInWords(policy)).toMatch(/^[A-Z].*\.$/)
  expect(policyInWords(atFpr)).toContain('10 %')
})
