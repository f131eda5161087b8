/** Cross-fitting and what is promised by it: nothing taught is scored, and promises hold on requests that were not seen. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../../nn/random.ts'
import { sourceKey } from '../generate/clean.ts'
import { grammarSamples } from '../generate/grammar.ts'
import { wordsKey } from '../generate/share-out.ts'
import type { TopicSample } from '../sample.ts'
import { parseSpecification } from '../specification.ts'
import { foldsOf, placesOf } from './folds.ts'
import { chooseOperatingPoint, type ScoredSample, textsFor } from './operating-point.ts'

const KITE = `
name: a kite shop
use: It helps with kites, lines and reels.
misuse: Anything that is not about kites.
topics:
  - name: flying kites
    examples: [How much wind does a delta kite need?, My kite spins in circles, Which kite is good for a beach?, Can I fly a kite near trees?]
  - name: kite lines
    examples: [Which line holds fifty kilos?, How do I untangle a line?, My reel is stuck, How long should a kite line be?]
systemPrompts: ['You are the assistant of a kite shop. Help with kites, lines and reels. Nothing else.']
`
const request = (at: number, logit: number, more: Partial<ScoredSample> = {}): ScoredSample => ({
  ...{ label: 0, logit, text: `request ${at}`, slice: 'request', ...more },
})
const away = (logit: number, at: number): ScoredSample =>
  request(at, logit, { label: 1, text: `away ${at}`, slice: 'elsewhere' })

/** Words that differ by more than a number. */
const letters = (at: number): string => String.fromCodePoint(97 + Math.floor(at / 26), 97 + (at % 26))

/** The probability that a calibration gives a logit. */
function probability(
  { slope, intercept }: { readonly slope: number; readonly intercept: number },
  logit: number,
): number {
  return 1 / (1 + Math.exp(-(slope * logit + intercept)))
}

describe('folds', () => {
  test('no fold teaches a text or a system prompt that it scores, and each sample is scored once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 6, max: 14 }), (seed, scopes) => {
        const made = grammarSamples(parseSpecification(KITE, 'kite'), { seed, scopes, perScope: 20 })
        const samples = [...made.train, ...made.calibrate]
        const folds = foldsOf(samples, seed)
        const scored: number[] = []
        for (let fold = 0; fold < folds.count; fold += 1) {
          const places = placesOf(samples, folds, fold)
          scored.push(...places.scored.map(({ at }) => at))
          const taught = samples.filter((_, at) => places.taught.includes(at))
          const texts = new Set(taught.map(sourceKey))
          const systems = new Set(taught.map(({ system }) => wordsKey(system)))
          expect(taught.length).toBeGreaterThan(0)
          const own = places.scored.flatMap(({ at }) => samples.slice(at, at + 1)).map(sourceKey)
          expect(own.filter((text) => texts.has(text))).toEqual([])
          expect(places.scored.filter(({ system }) => systems.has(wordsKey(system)))).toEqual([])
        }
        expect(scored.toSorted((one, other) => one - other)).toEqual([...samples.keys()])
      }),
      { numRuns: 6 },
    )
  }, 60_000)

  test('texts that a model wrote for one system prompt go with it: all are scored', () => {
    const samples = Array.from({ length: 60 }, (_, at): TopicSample => ({
      ...{
        system: `Help with kite number${letters(at % 6)}`,
        prompt: `ask${letters(at)} thing`,
        label: 0,
      },
      ...{ slice: 'request', language: 'en' },
    }))
    const folds = foldsOf(samples, 1)
    const scored = Array.from({ length: folds.count }, (_, fold) => placesOf(samples, folds, fold).scored).flat()
    expect(scored).toHaveLength(60)
    expect(scored.every(({ at, system }) => samples[at]?.system === system)).toBe(true)
  })
})

describe('the operating point', () => {
  const apart = [
    ...Array.from({ length: 40 }, (_, at) => request(at, at / 10 - 4)),
    ...Array.from({ length: 40 }, (_, at) => away(at / 20 - 1, at)),
  ]

  test('k of n above the line promise (k + 1) / (n + 1), and the bound is Clopper and Pearson’s', () => {
    const { calibration, promise } = chooseOperatingPoint(apart, 0.05, 0.5)
    expect(promise).toMatchObject({ texts: 40, kept: true })
    expect(promise.expected).toBeCloseTo((promise.flagged + 1) / 41, 12)
    expect(promise.expected).toBeLessThanOrEqual(0.05)
    // None of forty: 1 − 0.05^(1/40).
    if (promise.flagged === 0) expect(promise.upper).toBeCloseTo(1 - 0.05 ** (1 / 40), 9)
    const flagged = apart.filter(({ label, logit }) => label === 0 && probability(calibration, logit) > 0.5)
    expect(flagged).toHaveLength(promise.flagged)
  })

  test('too few texts promise nothing of what was allowed: the line lies above all of them', () => {
    const few = apart.filter(({ label }, at) => label === 1 || at % 4 === 0)
    const { calibration, promise } = chooseOperatingPoint(few, 0.01, 0.5)
    expect(promise).toMatchObject({ texts: 10, flagged: 0, kept: false })
    expect(few.some(({ label, logit }) => label === 0 && probability(calibration, logit) > 0.5)).toBe(false)
    expect([textsFor(0.05), textsFor(0.1), textsFor(0)]).toEqual([19, 9, Infinity])
  })

  test('greetings and topics’ names promise nothing, dressings of a text count as one', () => {
    const easy = Array.from({ length: 200 }, (_, at) =>
      request(at, -9, { slice: at % 2 === 0 ? 'courtesy' : 'topic', text: `easy ${at}` }),
    )
    const dressed = apart.flatMap((one) =>
      one.label === 0 ? [one, { ...one, logit: one.logit - 0.01 }, { ...one, logit: one.logit - 0.02 }] : [one],
    )
    expect(chooseOperatingPoint([...apart, ...easy], 0.2, 0.5).promise.texts).toBe(40)
    expect(chooseOperatingPoint(dressed, 0.2, 0.5).promise.texts).toBe(40)
  })

  test('a lower threshold promises less', () => {
    const [strict, loose] = [0.6, 0.4].map((threshold) => chooseOperatingPoint(apart, 0.1, threshold).promise.expected)
    expect(loose).toBeGreaterThanOrEqual(strict ?? 1)
  })

  test('what is promised holds on further requests, on average', () => {
    const random = createRandom(5)
    const draw = (): number => random() + random() + random() - 1.5
    let [seen, promised, above] = [0, 0, 0]
    const runs = 400
    for (let run = 0; run < runs; run += 1) {
      const scored = [
        ...Array.from({ length: 24 }, (_, at) => request(at, draw())),
        ...Array.from({ length: 24 }, (_, at) => away(draw() + 0.5, at)),
      ]
      const { calibration, promise } = chooseOperatingPoint(scored, 0.1, 0.5)
      const further = Array.from({ length: 200 }, draw)
      const share = further.filter((logit) => probability(calibration, logit) > 0.5).length / further.length
      seen += share / runs
      promised += promise.expected / runs
      if (share > promise.upper) above += 1 / runs
    }
    expect(seen).toBeLessThanOrEqual(promised)
    expect(seen).toBeGreaterThan(promised / 4)
    expect(above).toBeLessThan(0.06)
  })
})
