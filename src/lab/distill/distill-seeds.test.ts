/** Figures over seeds by numbers from tables and by hand, arms paired by seed, and the page that shows them. */
import { expect, test } from 'vitest'
import {
  ABLATION_DEFAULTS,
  type AblationRun,
  type ArmName,
  type ArmResult,
  type SetFigures,
  armOverArm,
  armOverBaseline,
  armOverSeeds,
  overSeeds,
  renderAblationReport,
} from './index.ts'
import { synthesisCounts } from './synthesis/synthesis-file.ts'

/** One set of prompts with this F1. */
function figures(f1: number | null): SetFigures {
  const figure = { value: f1, interval: null }
  return {
    ...{ set: 'desk', task: 'prompt_harm', rows: 10, positives: 5, unparsable: 0 },
    ...{ f1: figure, averagePrecision: figure, falsePositiveRate: figure },
    readable: { rows: 10, positives: 5, f1 },
  }
}

function arm(name: ArmName, seed: number, f1: number | null): ArmResult {
  return {
    ...{ arm: name, seed, parameters: 1, trainings: [], mining: null },
    figures: {
      sets: [figures(f1)],
      cost: { promptTokens: 1, answerTokens: 1, milliseconds: 1 },
      critiques: null,
    },
  }
}

const ARMS: readonly ArmResult[] = [
  arm('label', 1, 0.4),
  arm('label', 2, 0.5),
  arm('label', 3, 0.6),
  arm('critique', 3, 0.7),
  arm('critique', 2, 0.61),
  arm('critique', 1, 0.49),
  arm('reasoning', 1, 0.1),
]
const RUN = { arms: ARMS, seeds: [1, 2, 3] }

test.each([
  // Half-widths: the 0.975 quantiles of Student's t of any table, times the standard error.
  [[0, 1], 0.5, 12.7062 * 0.5],
  [[0.4, 0.5, 0.6], 0.5, 4.30265 * (0.1 / Math.sqrt(3))],
  [[1, 2, 3, 4, 5, 6], 3.5, 2.57058 * Math.sqrt(3.5 / 6)],
] as const)('%j: Student’s interval', (values, mean, half) => {
  const found = overSeeds(values)
  expect(found?.mean).toBeCloseTo(mean, 9)
  expect(found?.interval?.high).toBeCloseTo(mean + half, 3)
  expect(found?.interval?.low).toBeCloseTo(mean - half, 3)
})

test('one seed has no interval, none has nothing, and equal seeds have an interval of no width', () => {
  expect(overSeeds([0.3])).toEqual({ mean: 0.3, interval: null, bySeed: [0.3] })
  expect(overSeeds([])).toBeNull()
  expect(overSeeds([0.25, 0.25])?.interval).toEqual({ low: 0.25, high: 0.25 })
})

test('arms are paired by seed, whatever their order, and by finished seeds alone', () => {
  expect(armOverSeeds(RUN, 'label', 'prompt_harm', 'f1')?.bySeed).toEqual([0.4, 0.5, 0.6])
  const gained = armOverArm(RUN, ['critique', 'label'], 'prompt_harm', 'f1')
  expect(gained?.bySeed.map((value) => value.toFixed(2))).toEqual(['0.09', '0.11', '0.10'])
  // Each arm alone spreads by 0.1; the pairs do not, so this is a gain that their intervals do not show.
  expect(gained?.interval?.low).toBeGreaterThan(0)
  expect(armOverArm(RUN, ['reasoning', 'label'], 'prompt_harm', 'f1')).toMatchObject({ interval: null })
  expect(armOverArm(RUN, ['hard', 'reasoning'], 'prompt_harm', 'f1')).toBeNull()
  expect(armOverBaseline(RUN, 'label', [figures(0.5)], 'prompt_harm', 'f1')?.mean).toBeCloseTo(0, 9)
  expect(armOverBaseline(RUN, 'label', [figures(null)], 'prompt_harm', 'f1')).toBeNull()
  expect(armOverSeeds(RUN, 'label', 'refusal', 'f1')).toBeNull()
})

test('the page has means over seeds with intervals, and says what is shown and what is not', () => {
  const outcome = { ...synthesisCounts([]), unlabelled: 0, unreached: 0 }
  const run: AblationRun = {
    ...RUN,
    ...{ formatVersion: 1, papers: [], settings: ABLATION_DEFAULTS, devNote: 'made', missing: [], samples: [] },
    data: { rows: 1, sources: {}, teacher: 'rules', outcomes: { critique: outcome, reasoning: outcome }, shown: [] },
    baselines: [{ name: 'the better constant', sets: [figures(0.5)], milliseconds: null }],
  }
  const text = renderAblationReport(run)
    .replace(/<[^>]*>/gu, ' ')
    .replace(/\s+/gu, ' ')
  expect(text).toContain('50.0 25.2–74.8')
  expect(text).toMatch(/Critiques beside labels F1, prompts \+10\.0 \+7\.5 to \+12\.5 \+9\.0, \+11\.0, \+10\.0 higher/u)
  expect(text).toContain('one seed shows nothing')
})
