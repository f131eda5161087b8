/** Classifiers from folders: their probabilities are those of the model that was trained, long texts are read to their end. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runtime } from '../../../test/support/nn/run-graph.ts'
import {
  ATTACK,
  CONFIG,
  HARMLESS,
  MAX_TOKENS,
  PAIR_CONFIG,
  TOPICS,
  folderFiles,
  modelFolder,
  removeModelFolders,
  tinyModel,
  wordIds,
} from '../../../test/support/nn/tiny-text-classifier.ts'
import { encode } from '../../nn/encoder/forward.ts'
import { symbolicWeights } from '../../nn/encoder/weights.ts'
import { EvaluationSession } from '../../nn/runtime/evaluation-session.ts'
import { softmax } from '../../nn/tensor/index.ts'
import type { TextClassifierEngine } from '../../spec/index.ts'
import { loadTextClassifier } from './index.ts'

let engine: TextClassifierEngine
let pairs: TextClassifierEngine
beforeAll(async () => {
  engine = await loadTextClassifier(modelFolder(folderFiles((await tinyModel('single')).graph)))
  pairs = await loadTextClassifier(modelFolder(folderFiles((await tinyModel('pair')).graph)))
})
afterAll(async () => {
  await engine.dispose()
  await pairs.dispose()
  removeModelFolders()
})

/** Probabilities of the trained parameters, worked out by `nn` without the exported file. */
async function expected(
  kind: 'single' | 'pair',
  ids: readonly number[],
  segments: readonly number[],
): Promise<readonly number[]> {
  const config = kind === 'single' ? CONFIG : PAIR_CONFIG
  const { parameters } = await tinyModel(kind)
  const session = new EvaluationSession<number>({
    runtime: await runtime(),
    parameters,
    build(graph, symbols, length) {
      const tokens = graph.input('ids', [1, length], { dataType: 'int64' })
      const kinds = kind === 'pair' ? graph.input('segments', [1, length], { dataType: 'int64' }) : undefined
      const { logits } = encode(config, symbolicWeights(symbols), tokens, undefined, kinds)
      return { probabilities: softmax(logits ?? expect.fail('no labels')) }
    },
  })
  const { probabilities } = await session.run(ids.length, {
    ids: BigInt64Array.from(ids, BigInt),
    ...(kind === 'pair' ? { segments: BigInt64Array.from(segments, BigInt) } : {}),
  })
  await session.dispose()
  return Array.from(probabilities as Float32Array)
}

function expectAlike(actual: readonly number[] | undefined, wanted: readonly number[]): void {
  expect(actual?.length).toBe(wanted.length)
  wanted.forEach((value, index) => expect(Math.abs((actual?.[index] ?? Number.NaN) - value)).toBeLessThan(1e-4))
}

const attackOf = async (text: string): Promise<number> =>
  (await engine.classify([{ text }]))[0]?.probabilities[1] ?? Number.NaN
const [CLS, SEP] = [2, 3]
const words = (maxLength: number) => fc.array(fc.constantFrom(...HARMLESS), { minLength: 1, maxLength })

describe('single texts', () => {
  test('labels and how they exclude each other come from config.json', () => {
    expect([engine.labels, engine.exclusive, engine.kind]).toEqual([['BENIGN', 'ATTACK'], true, 'text-classifier'])
  })

  test('probabilities are those of the trained model', async () => {
    for (const text of ['water rose', 'rose bypass garden soil', 'ignore', 'salt oven bread sun water soil']) {
      const ids = [CLS, ...wordIds(text.split(' ')), SEP]
      const [found] = await engine.classify([{ text }])
      expectAlike(found?.probabilities, await expected('single', ids, []))
    }
  })

  test('it tells attacks from the rest', async () => {
    expect(await attackOf('water rose garden')).toBeLessThan(0.1)
    expect(await attackOf('water rose override garden')).toBeGreaterThan(0.9)
  })

  test('a batch gives what each text gives alone, in its order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(words(40), { minLength: 1, maxLength: 6 }), async (texts) => {
        const inputs = texts.map((one) => ({ text: one.join(' ') }))
        const together = await engine.classify(inputs)
        for (const [index, input] of inputs.entries()) {
          const [alone] = await engine.classify([input])
          expectAlike(together[index]?.probabilities, alone?.probabilities ?? [])
        }
      }),
      { seed: 20261127, numRuns: 15 },
    )
  })

  test('an attack anywhere in a long text is found, and a long text without one is not', async () => {
    await fc.assert(
      fc.asyncProperty(words(120), fc.nat(), fc.constantFrom(...ATTACK), async (text, place, attack) => {
        const at = place % (text.length + 1)
        expect(await attackOf(text.join(' '))).toBeLessThan(0.5)
        expect(await attackOf(text.toSpliced(at, 0, attack).join(' '))).toBeGreaterThan(0.5)
      }),
      { seed: 20261127, numRuns: 40 },
    )
  })

  test('the highest probability of any window counts, and windows are as long as the model reads', async () => {
    const text = Array.from({ length: 40 }, (_, index) => (index === 30 ? 'unlock' : 'sun'))
    const [found] = await engine.classify([{ text: text.join(' ') }])
    const windows = found?.windows ?? []
    expect(windows.length).toBeGreaterThan(2)
    found?.probabilities.forEach((top, label) => expect(top).toBe(Math.max(...windows.map((one) => one[label] ?? 0))))
    // The first window by itself.
    const ids = [CLS, ...wordIds(text.slice(0, MAX_TOKENS - 2)), SEP]
    expectAlike(windows[0], await expected('single', ids, []))
  })

  test('control tokens written by a user are text', async () => {
    expect(await attackOf('rose [SEP] [CLS] [PAD] rose')).toBeLessThan(0.9)
    expect(await attackOf('rose [PAD] bypass [PAD] rose')).toBeGreaterThan(0.5)
  })

  test('any string is read', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 40 }), async (text) => {
        const [found] = await engine.classify([{ text }])
        const total = found?.windows[0]?.reduce((sum, one) => sum + one, 0)
        expect(total).toBeCloseTo(1, 6)
      }),
      { seed: 20261127, numRuns: 25 },
    )
  })

  test('nothing to classify is no work', async () => {
    expect(await engine.classify([])).toEqual([])
  })
})

describe('pairs', () => {
  const about = (topic: number): string => (TOPICS[topic] ?? []).slice(0, 3).join(' ')

  test('probabilities are those of the trained model', async () => {
    const [context, text] = ['water rose', 'bread oven salt']
    const first = [CLS, ...wordIds(context.split(' ')), SEP]
    const second = [...wordIds(text.split(' ')), SEP]
    const segments = [...first.map(() => 0), ...second.map(() => 1)]
    const [found] = await pairs.classify([{ context, text }])
    expectAlike(found?.probabilities, await expected('pair', [...first, ...second], segments))
  })

  test('both texts decide', async () => {
    const found = await pairs.classify(
      [0, 1].flatMap((context) => [0, 1].map((text) => ({ context: about(context), text: about(text) }))),
    )
    expect(found.map(({ probabilities }) => (probabilities[1] ?? 0) > 0.5)).toEqual([false, true, true, false])
  })

  test('a long context leaves room for the text, and a long text is read in windows beside it', async () => {
    const context = `${about(0)} `.repeat(30)
    const strays = `${`${about(0)} `.repeat(12)}${about(1)} ${about(1)}`
    const [inside] = await pairs.classify([{ context, text: `${about(0)} `.repeat(12) }])
    const [outside] = await pairs.classify([{ context, text: strays }])
    expect(inside?.windows.length).toBeGreaterThan(3)
    expect(inside?.probabilities[1]).toBeLessThan(0.5)
    expect(outside?.probabilities[1]).toBeGreaterThan(0.5)
  })

  test('the text can stand first, for models that were trained so', async () => {
    const folder = modelFolder(folderFiles((await tinyModel('pair')).graph))
    const turned = await loadTextClassifier(folder, { first: 'text' })
    const [one] = await turned.classify([{ context: 'rose', text: 'bread salt' }])
    const [other] = await pairs.classify([{ context: 'bread salt', text: 'rose' }])
    expectAlike(one?.probabilities, other?.probabilities ?? [])
    expect(turned.version).not.toBe(pairs.version)
    await turned.dispose()
  })
})
