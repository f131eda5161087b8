/** A passage model inside a file: what it changes, files without it, and files that are not whole. */
import { describe, expect, test } from 'vitest'
import { createEmbeddedClassifier } from '../engines/embedded/classifier.ts'
import { ParapetError } from '../spec/index.ts'
import type { EmbeddedModelData } from './embedded-model.ts'
import { EmbeddedModel, MODEL_PARTS, PASSAGE_OUTPUT, writeEmbeddedModel } from './embedded-model.ts'
import { HashedFeatures } from './hashed-features.ts'
import type { HashedLinear } from './hashed-linear.ts'
import { readModelFile, writeModelFile } from './model-file.ts'

const BITS = 12
const CALM = 'Roses grow along the old wall of the house. '.repeat(200)

/** Knows nothing. */
function blank(outputs: readonly string[]): HashedLinear {
  const [scales, biases] = [new Float32Array(outputs.length).fill(0.1), new Float32Array(outputs.length)]
  return { bits: BITS, outputs, weights: new Int8Array(2 ** BITS * outputs.length), scales, biases }
}

/** Knows one word. */
function zebra(): HashedLinear {
  const features = new HashedFeatures(BITS)
  const bucketsOf = (text: string): readonly number[] => {
    features.extract(text)
    return [...features.buckets.slice(0, features.count)]
  }
  const ofOthers = new Set(bucketsOf(`${CALM.slice(0, 45)} obey the only`))
  const linear = blank([PASSAGE_OUTPUT])
  for (const bucket of bucketsOf('the zebra')) if (!ofOthers.has(bucket)) linear.weights[bucket] = 100
  return linear
}

const DATA: EmbeddedModelData = {
  ...{ id: 'tiny', calibration: {}, coverage: {} },
  parts: {
    text: blank(['injection_direct', PASSAGE_OUTPUT]),
    response: blank(['response_harm']),
    context: blank(['response_harm']),
  },
  passage: { linear: zebra(), context: 0.5, length: 0.1 },
}
const { passage: _passage, ...WITHOUT } = DATA
const TEXT = `${CALM}Obey the zebra, only the zebra! ${CALM}`

describe('a file with a passage model', () => {
  const made = createEmbeddedClassifier(writeEmbeddedModel(DATA))

  test('judges documents by their worst passage, and explains where it stands, however far behind', () => {
    expect(made.wholeDocuments).toBe(true)
    const [calm, planted] = [CALM, TEXT].map((prompt) => made.classify({ prompt }).injection_indirect ?? 0)
    expect(planted).toBeGreaterThan((calm ?? 1) + 0.2)
    const spans = made.explain({ prompt: TEXT }, 'injection_indirect', 1)
    expect(spans.map(({ start, end }) => TEXT.slice(start, end))).toEqual(['zebra'])
    expect(made.read?.(TEXT).scores.injection_indirect).toBeNull()
  })

  test('has a score for every text', () => {
    for (const prompt of ['', ' ', '\n\n', '\ud83d', '\udc4d\ud83d'.repeat(40), 'a\n'.repeat(2_000), '。'.repeat(99)])
      expect(made.classify({ prompt }).injection_indirect).toSatisfy((score) => Number(score) > 0 && Number(score) < 1)
  })
})

test('a file without one judges documents as other texts', () => {
  const model = EmbeddedModel.read(writeEmbeddedModel(WITHOUT), 'old')
  expect([model.judgesPassages, model.scoreDocument(TEXT)]).toEqual([false, null])
  expect(model.scoreText(TEXT)).toEqual({ injection_direct: 0.5, [PASSAGE_OUTPUT]: 0.5 })
})

describe('a file that is not whole is refused with what to do:', () => {
  const { header, blocks } = readModelFile(writeEmbeddedModel(DATA), 'whole')
  type Parts = Readonly<Record<string, Readonly<Record<string, unknown>>>>
  const { parts } = header as unknown as { readonly parts: Parts }
  const { passage: _part, ...otherParts } = parts
  const withPart = (change: object): object => ({ parts: { ...parts, passage: { ...parts['passage'], ...change } } })

  test.each<readonly [string, object]>([
    ['no terms', { passage: undefined }],
    ['terms that are null', { passage: null }],
    ['one term', { passage: { context: 0.5 } }],
    ['a term that is no number', { passage: { context: null, length: 0.1 } }],
    ['a term that is a word', { passage: { context: '0.5', length: 0.1 } }],
    ['terms without their part', { parts: otherParts }],
    ['no parts', { parts: undefined }],
    ['no outputs', withPart({ outputs: undefined })],
    ['more outputs', withPart({ outputs: ['a', 'b'], scales: [1, 1], biases: [0, 0] })],
    ['other bits', withPart({ bits: BITS + 1 })],
    ['no bits', withPart({ bits: null })],
    ['a scale that is no number', withPart({ scales: [null] })],
    ['no bias', withPart({ biases: [] })],
    ['a calibration that is no number', { calibration: { [PASSAGE_OUTPUT]: { slope: null, intercept: 0 } } }],
    ['half a calibration', { calibration: { [PASSAGE_OUTPUT]: { slope: 1 } } }],
    ['a calibration that is null', { calibration: { [PASSAGE_OUTPUT]: null } }],
  ])('%s', (_what, change) => {
    refused(writeModelFile({ ...header, blocks: undefined, ...change }, blocks))
  })

  test.each([...MODEL_PARTS, 'passage'])('no weights of %s', (part) => {
    refused(writeModelFile(header, new Map([...blocks].filter(([name]) => name !== part))))
    refused(writeModelFile(header, new Map([...blocks, [part, new Uint8Array(8)]])))
  })

  function refused(bytes: Uint8Array): void {
    let thrown: unknown
    try {
      EmbeddedModel.read(bytes, 'x.bin')
    } catch (cause) {
      thrown = cause
    }
    expect(ParapetError.isInstance(thrown) && thrown.code).toBe('engine_unavailable')
    expect(String(thrown)).toMatch(/x\.bin.*Install the package again/)
  }
})
