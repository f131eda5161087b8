/** The evaluator: DuoGuard's files and records by language, figures against counts by hand, and differences that are paired. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { row, writeLines } from '../../../../test/support/lab-rows.ts'
import { type Cell, differenceOf, estimateOf, resampledMean } from './compare-rounds.ts'
import { figuresOf, type LanguageSet, readLanguageSets, scoresOf } from './measure-languages.ts'
import { headlineOf } from './summarise.ts'
import type { LanguageCourse } from './two-player-run.ts'

const folder = mkdtempSync(join(tmpdir(), 'parapet-measure-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('sets', () => {
  test("DuoGuard's own files give one set in the language of their folder", () => {
    const paths = (['En', 'De'] as const).map((language) => {
      const place = join(folder, `eval_data_${language}`)
      mkdirSync(place)
      const rows = [0, 1].map((flag) => ({
        prompt: `${language} ${flag}`,
        parsed_result: '',
        moderation_flag: flag,
        moderation_result: '',
      }))
      writeFileSync(join(place, 'openai.json'), JSON.stringify(rows))
      return join(place, 'openai.json')
    })
    const sets = readLanguageSets(paths, ['en', 'de', 'fr'])
    expect(sets.map(({ set, language, samples }) => [set, language, samples])).toEqual([
      [
        'duoguard_openai',
        'en',
        [
          { text: 'En 0', label: 0 },
          { text: 'En 1', label: 1 },
        ],
      ],
      [
        'duoguard_openai',
        'de',
        [
          { text: 'De 0', label: 0 },
          { text: 'De 1', label: 1 },
        ],
      ],
    ])
  })

  test('records are parted by language; prompt and answer are one text, joined by a blank', () => {
    const path = join(folder, 'mixed.jsonl.gz')
    writeLines(path, [
      row({ task: 'response_harm', prompt: 'Beans?', response: 'Water them.' }),
      row({ task: 'response_harm', lang: 'de', prompt: 'Bohnen?', response: 'Gießen.', label: 1 }),
      row({ task: 'response_harm', lang: 'pl', prompt: 'Fasola?', response: 'Tak.' }),
    ])
    const sets = readLanguageSets([path], ['en', 'de'])
    expect(sets.map(({ task, language, samples }) => [task, language, samples])).toEqual([
      ['response_harm', 'en', [{ text: 'Beans? Water them.', label: 0 }]],
      ['response_harm', 'de', [{ text: 'Bohnen? Gießen.', label: 1 }]],
    ])
  })
})

const labelled = (labels: readonly (0 | 1)[]): LanguageSet => ({
  ...{ set: 's', task: 'prompt_harm', language: 'de', sha256: '' },
  samples: labels.map((label, at) => ({ text: String(at), label })),
})

test('figures are those of counts by hand, and one half is not above one half', () => {
  const set = labelled([1, 1, 0, 0])
  const scores = [0.9, 0.5, 0.6, 0.1]
  const figures = figuresOf(set, scores, 1)
  // Ranked: 1, 0, 1, 0. Precision at the positives: 1 and 2/3.
  expect(figures.averagePrecision.value).toBeCloseTo((1 + 2 / 3) / 2, 12)
  expect(figures.f1.value).toBeCloseTo(0.5, 12)
  expect(figures.falsePositiveRate.value).toBeCloseTo(0.5, 12)
  expect(figures.constantF1).toBeCloseTo(2 / 3, 12)
  expect({ rows: figures.rows, positives: figures.positives }).toEqual({ rows: 4, positives: 2 })
  expect(scoresOf((text) => Number(text) / 3, set)).toEqual([0, 0.3333333, 0.6666667, 1])
})

describe('comparisons', () => {
  const labels = Array.from({ length: 60 }, (_, at): 0 | 1 => (at % 3 === 0 ? 1 : 0))
  const sets = [labelled(labels)]
  const good = labels.map((label, at) => label + (at % 7) / 10)
  const poor = labels.map((_, at) => ((at * 31) % 17) / 17)
  const cell = (...scores: readonly (readonly number[])[]): Cell => ({ sets, scores: scores.map((one) => [one]) })

  test('a cell against itself differs by nothing, in every resample', () => {
    const one = resampledMean(cell(poor, good), 'de')
    expect(estimateOf(differenceOf(one, resampledMean(cell(poor, good), 'de')))).toEqual({
      value: 0,
      interval: { low: 0, high: 0, method: 'bootstrap' },
    })
  })

  test('a better ranking is shown as better, the other way round as worse', () => {
    const [better, worse] = [resampledMean(cell(good, good), 'de'), resampledMean(cell(poor, poor), 'de')]
    expect(better.value).toBe(1)
    expect(estimateOf(differenceOf(better, worse)).interval.low).toBeGreaterThan(0)
    expect(estimateOf(differenceOf(worse, better)).interval.high).toBeLessThan(0)
  })

  test('the mean is over seeds and sets', () => {
    const [both, first, second] = [cell(good, poor), cell(good), cell(poor)].map(
      (one) => resampledMean(one, 'de').value,
    )
    expect(both).toBeCloseTo(((first ?? 0) + (second ?? 0)) / 2, 12)
  })
})

test('the headline says shown only where an interval leaves 0 out', () => {
  const estimate = (low: number, high: number) => ({
    value: (low + high) / 2,
    interval: { low, high, method: 'bootstrap' as const },
  })
  const course = (
    language: string,
    gain: readonly [number, number],
    gap: readonly [number, number] | null,
  ): LanguageCourse => ({
    ...{ language, sets: ['s'], overStatic: estimate(-0.1, 0.1), overFrozen: estimate(0.01, 0.1) },
    arms: [
      {
        arm: 'game',
        rounds: [],
        bySeed: [],
        gain: estimate(...gain),
        gapChange: gap === null ? null : estimate(...gap),
      },
    ],
  })
  const all = [
    course('en', [-0.02, 0.01], null),
    course('de', [0.01, 0.2], [-0.2, -0.1]),
    course('fr', [-0.01, 0.2], [-0.1, 0.1]),
  ]
  const headline = headlineOf(all, false)
  expect(headline).toContain('Of de, fr, a rise of average precision over the rounds is shown for de;')
  expect(headline).toContain('a smaller gap to English for de;')
  expect(headline).toContain('more than static augmentation of equal size for none;')
  expect(headline).toContain('more than with a generator that does not learn for en, de, fr.')
  expect(headline).toContain('English: neither rise nor fall is shown.')
  expect(headlineOf(all.slice(0, 1), true)).toMatch(/^No language but English was measured\..*held-out/)
})
