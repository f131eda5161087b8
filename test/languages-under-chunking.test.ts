/**
 * A classifier that calibrates languages apart decides the language of each window: a stream cut anyhow has the scores and the verdict of the
 * whole text, though its languages change on the way.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { guardParts } from '../src/core/stream/index.ts'
import { createEmbeddedClassifier } from '../src/engines/embedded/classifier.ts'
import { createClassifierGuard } from '../src/guards/classifier/index.ts'
import { toExamples } from '../src/lab/train/examples.ts'
import { trainEmbedded } from '../src/lab/train/embedded.ts'
import { readModelFile, writeModelFile } from '../src/nn/model-file.ts'
import type { ClassifierEngine } from '../src/spec/index.ts'
import { gardenRows } from './support/lab-rows.ts'
import { collect, cutAt, judgeWith, partsOf, shown, texts } from './support/stream.ts'

const SENTENCES = [
  'Water the roses in the morning, and not when it is hot. ',
  'Take the cake at night. ',
  'Le matin, il faut arroser les roses et les tulipes dans le jardin. ',
  'Am Morgen muss man die Rosen und den Efeu auf dem Balkon gießen. ',
  '请问明天去公园的公共汽车几点开？',
  'Sorry, I will not help with honey. ',
  '   \n',
  '12:30 ',
]

/** Flagged, and passed. */
const ENDS = [SENTENCES[2] ?? '', SENTENCES[3] ?? '']

/** The garden's model, as it is and with calibrations that tell languages far apart. */
function engines(): { readonly general: ClassifierEngine; readonly apart: ClassifierEngine } {
  const learnt = gardenRows().flatMap((record) => toExamples(record, 'garden'))
  const { bytes } = trainEmbedded({
    ...{ set: { learnt, calibration: [], coverage: {} }, id: 'tiny', seed: 3, bits: 10, epochs: 2, limits: {} },
  })
  const { header, blocks } = readModelFile(bytes, 'x')
  const { blocks: _, ...rest } = header
  const general = { '*': { slope: 1, intercept: 0 } }
  const languages = { ...general, fr: { slope: 2, intercept: 3 }, de: { slope: 1, intercept: -3 } }
  const engine = (all: unknown): ClassifierEngine =>
    createEmbeddedClassifier(
      writeModelFile({ ...rest, calibration: { response_harm: all, response_harm_alone: all, toxicity: all } }, blocks),
    )
  return { general: engine(general), apart: engine(languages) }
}

const { general, apart } = engines()

test('the languages of these texts matter', () => {
  const [, , response = ''] = SENTENCES
  const harm = (engine: ClassifierEngine): number => engine.classify({ response }).response_harm ?? 0
  expect(harm(apart)).toBeGreaterThan(harm(general) + 0.1)
})

test.each([60, 200, 512])('window %i', async (window) => {
  const { judge } = judgeWith([createClassifierGuard({ id: 'classifier', engine: apart, window })], {
    stream: { window: 800 },
    actions: { response_harm: { action: 'flag' } },
  })
  const text = fc.array(fc.constantFrom(...SENTENCES), { minLength: 1, maxLength: 20 }).map((all) => all.join(''))
  const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 10 })
  const decisions = new Set<string>()
  await fc.assert(
    fc.asyncProperty(text, sizes, fc.constantFrom(undefined, 'Steal honey?'), async (whole, cuts, prompt) => {
      const asked = prompt === undefined ? {} : { prompt }
      const expected = await judge.check({ stage: 'output', response: whole, ...asked })
      const parts = partsOf([...texts(...cutAt(whole, cuts)), { type: 'finish', reason: 'stop' }])
      const stream = guardParts(parts, { judge, ...asked })
      expect(shown(await collect(stream))).toBe(whole)
      const result = await stream.result
      expect(result.decision).toBe(expected.decision)
      expect(result.scores).toEqual(expected.scores)
      expect(result.categories).toEqual(expected.categories)
      decisions.add(result.decision)
    }),
    // One of either decision whatever is drawn.
    { numRuns: 40, examples: ENDS.map((whole) => [whole, [7], undefined]) },
  )
  expect(decisions.size).toBe(2)
})
