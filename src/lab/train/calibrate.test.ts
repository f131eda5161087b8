/** Where one half is: at the best F1, or higher where a limit asks for it; every set has the same say. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Calibration } from '../../nn/embedded-model.ts'
import { calibrate, type CalibrationRow } from './calibrate.ts'

/** Rows of one label with logits from `from` on, `step` apart. */
function rows(set: string, label: 0 | 1, count: number, from: number, step = 0.01): readonly CalibrationRow[] {
  return Array.from({ length: count }, (_, index) => ({ set, label, logit: from + step * index }))
}

function share(list: readonly CalibrationRow[], { slope, intercept }: Calibration): number {
  return list.filter(({ logit }) => slope * logit + intercept > 0).length / list.length
}

function only(list: readonly CalibrationRow[], label: 0 | 1, set?: string): readonly CalibrationRow[] {
  return list.filter((row) => row.label === label && (set === undefined || row.set === set))
}

/** The logit that is given one half. */
function threshold({ slope, intercept }: Calibration): number {
  return -intercept / slope
}

describe('without limits', () => {
  test('a set that can be separated is', () => {
    const list = [...rows('a', 0, 100, -5), ...rows('a', 1, 100, 2)]
    const calibration = calibrate(list, {})
    expect(share(only(list, 0), calibration)).toBe(0)
    expect(share(only(list, 1), calibration)).toBe(1)
  })

  test('where labels overlap, one half is where F1 is best', () => {
    // Above 0 stand 40 harmful and 10 harmless texts, below 10 harmful and 90 harmless ones: at 0, F1 is 2·40 / (50 + 50).
    const list = [
      ...[...rows('a', 0, 90, -3), ...rows('a', 1, 10, -3)],
      ...[...rows('a', 0, 10, 1), ...rows('a', 1, 40, 1)],
    ]
    const calibration = calibrate(list, {})
    expect(share(only(list, 1), calibration)).toBe(0.8)
    expect(share(only(list, 0), calibration)).toBe(0.1)
  })

  test('sets count alike whatever their size', () => {
    const small = [...rows('small', 0, 40, -4, 0.001), ...rows('small', 1, 40, -3, 0.001)]
    const large = (size: number): readonly CalibrationRow[] => [
      ...rows('large', 0, size, -4, 0.1 / size),
      ...rows('large', 0, size, 1, 0.1 / size),
      ...rows('large', 1, size, 2, 0.1 / size),
    ]
    // High enough for the large set is too high for the small one, of which nothing is found then: 1 + 0 against 1 + 2/3.
    for (const size of [40, 200]) {
      const list = [...small, ...large(size)]
      const calibration = calibrate(list, {})
      expect(share(only(list, 1, 'small'), calibration)).toBe(1)
      expect(share(only(list, 0, 'small'), calibration)).toBe(0)
      expect(share(only(list, 0, 'large'), calibration)).toBe(0.5)
    }
  })

  test('rows without a harmless one change nothing', () => {
    expect(calibrate(rows('a', 1, 100, -1), { '*': 0.1 })).toEqual({ slope: 1, intercept: 0 })
    expect(calibrate([], { a: 0.1 })).toEqual({ slope: 1, intercept: 0 })
  })

  test('a few rows cannot move the threshold from even odds, and perfect ones have a finite slope', () => {
    expect(threshold(calibrate([...rows('a', 0, 3, -9), ...rows('a', 1, 3, -5)], {}))).toBeCloseTo(0, 5)
    const { slope } = calibrate([...rows('a', 0, 100, -900), ...rows('a', 1, 100, 900)], {})
    expect(Number.isFinite(slope) && slope > 0).toBe(true)
  })
})

describe('a limit', () => {
  test('raises the threshold to just the share asked for', () => {
    const list = [...rows('a', 0, 1000, 0), ...rows('a', 1, 100, 3)]
    expect(share(only(list, 0), calibrate(list, {}))).toBeGreaterThan(0.5)
    const calibration = calibrate(list, { a: 0.1 })
    expect(share(only(list, 0), calibration)).toBeCloseTo(0.1, 9)
    // 1,000 harmless logits 0 … 9.99: a tenth is above 8.99.
    expect(threshold(calibration)).toBeCloseTo(8.99, 5)
  })

  test('that is kept anyway lowers nothing', () => {
    const list = [...rows('a', 0, 100, -5), ...rows('a', 1, 100, 2)]
    expect(calibrate(list, { a: 0.5, '*': 0.5 })).toEqual(calibrate(list, {}))
  })

  test('of * is the mean over sets, whatever their size', () => {
    // All of the small set stand above all of the large one: a quarter on average is half of the small one.
    for (const size of [8, 64, 512]) {
      const list = [...rows('large', 0, size, -50, 0.001), ...rows('small', 0, 8, 1, 1)]
      const calibration = calibrate(list, { '*': 0.25 })
      expect(share(only(list, 0, 'small'), calibration)).toBe(0.5)
      expect(share(only(list, 0, 'large'), calibration)).toBe(0)
    }
  })

  test('of a set that is not there limits nothing', () => {
    const list = [...rows('a', 0, 1000, 0), ...rows('a', 1, 100, 3)]
    expect(calibrate(list, { b: 0 })).toEqual(calibrate(list, {}))
  })

  test('holds for any rows', () => {
    const anyRow = fc.record({
      logit: fc.double({ min: -20, max: 20, noNaN: true }),
      label: fc.constantFrom(0, 1),
      set: fc.constantFrom('a', 'b', 'c'),
    })
    const anyRate = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(fc.array(anyRow, { minLength: 1, maxLength: 120 }), anyRate, anyRate, (list, all, ofA) => {
        const harmless = only(list, 0)
        fc.pre(harmless.length > 0)
        const calibration = calibrate(list, { '*': all, a: ofA })
        const sets = ['a', 'b', 'c'].map((set) => only(harmless, 0, set)).filter(({ length }) => length > 0)
        const shares = sets.map((set) => share(set, calibration))
        const mean = shares.reduce((sum, each) => sum + each, 0) / shares.length
        expect(mean).toBeLessThanOrEqual(all + 1e-9)
        const a = only(harmless, 0, 'a')
        if (a.length > 0) expect(share(a, calibration)).toBeLessThanOrEqual(ofA + 1e-9)
      }),
    )
  })
})
