/** A decoder with a classification head, as DuoGuard is one: the same folder, byte-level tokens without a frame, 12 sigmoids. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runtime } from '../support/nn/run-graph.ts'
import { folderFiles, modelFolder, removeModelFolders } from '../support/nn/tiny-text-classifier.ts'
import { type DecoderConfig, initialDecoder } from '../../src/nn/decoder/config.ts'
import { exportDecoderClassifier } from '../../src/nn/decoder/export-classifier.ts'
import { decode } from '../../src/nn/decoder/forward.ts'
import { decoderWeights } from '../../src/nn/decoder/weights.ts'
import { createRandom } from '../../src/nn/random.ts'
import { EvaluationSession } from '../../src/nn/runtime/evaluation-session.ts'
import { matmul, reshape, sigmoid, slice } from '../../src/nn/tensor/index.ts'
import type { ParameterValues } from '../../src/nn/tensor/parameters.ts'
import { trainBytePairs } from '../../src/nn/tokenizer/byte-level-bpe.ts'
import { type TextTokenizer, loadTokenizer } from '../../src/nn/tokenizer/tokenizer-json.ts'
import type { TextClassifierEngine } from '../../src/spec/index.ts'
import { createTextClassifierGuard, textClassifierPreset } from '../../src/guards/text-classifier/index.ts'
import { createTextView } from '../../src/core/text/index.ts'
import { loadTextClassifier } from '../../src/engines/onnx/index.ts'

const FILES = trainBytePairs(['how to water a rose', 'how to open a lock'], {
  vocabularySize: 280,
  specialTokens: ['<|endoftext|>'],
  padToken: '<|endoftext|>',
})
const CONFIG: DecoderConfig = {
  ...{ architecture: 'qwen2', vocabularySize: 300, width: 16, layers: 2, heads: 4, keyValueHeads: 2, headWidth: 4 },
  ...{ feedForward: 24, maxLength: 64, ropeTheta: 10_000, epsilon: 1e-6, tiedEmbeddings: true },
}
const LABELS = 12
let tokenizer: TextTokenizer
let parameters: ParameterValues
let engine: TextClassifierEngine

beforeAll(async () => {
  tokenizer = await loadTokenizer(FILES)
  const random = createRandom(3)
  const head = Float32Array.from({ length: LABELS * CONFIG.width }, () => 2 * random() - 1)
  parameters = { ...initialDecoder(CONFIG, 7), 'score.weight': { shape: [LABELS, CONFIG.width], data: head } }
  const folder = modelFolder(
    folderFiles(exportDecoderClassifier(CONFIG, parameters), {
      'config.json': {
        model_type: 'qwen2',
        vocab_size: CONFIG.vocabularySize,
        max_position_embeddings: CONFIG.maxLength,
        id2label: Object.fromEntries(Array.from({ length: LABELS }, (_, label) => [label, `LABEL_${label}`])),
      },
      'tokenizer.json': FILES.json,
      'tokenizer_config.json': FILES.config,
    }),
  )
  engine = await loadTextClassifier(folder, textClassifierPreset('duoguard').model)
})
afterAll(async () => {
  await engine.dispose()
  removeModelFolders()
})

/** The head on the last token, worked out by `nn` with fixed sizes and its causal mask. */
async function expected(ids: readonly number[]): Promise<readonly number[]> {
  const session = new EvaluationSession<number>({
    runtime: await runtime(),
    parameters,
    build(graph, symbols, length) {
      const tokens = graph.input('ids', [1, length], { dataType: 'int64' })
      const hidden = decode(CONFIG, decoderWeights(CONFIG, symbols), tokens)
      const last = reshape(slice(hidden, 1, length - 1, length), [1, CONFIG.width])
      const head = symbols['score.weight'] ?? expect.fail('no head')
      return { probabilities: sigmoid(matmul(last, head, { transposeRight: true })) }
    },
  })
  const { probabilities } = await session.run(ids.length, { ids: BigInt64Array.from(ids, BigInt) })
  await session.dispose()
  return Array.from(probabilities as Float32Array)
}

test('its probabilities are those of the decoder', async () => {
  for (const text of ['how to water a rose', 'open', 'naïve 😀 lock']) {
    const [found] = await engine.classify([{ text }])
    const wanted = await expected(tokenizer.encode(text))
    wanted.forEach((value, label) => expect(Math.abs((found?.probabilities[label] ?? 0) - value)).toBeLessThan(1e-4))
  }
})

test('padding changes nothing', async () => {
  const graph = exportDecoderClassifier(CONFIG, parameters)
  const change = {
    'config.json': { vocab_size: CONFIG.vocabularySize, max_position_embeddings: CONFIG.maxLength },
    'tokenizer.json': FILES.json,
    'tokenizer_config.json': FILES.config,
  }
  const labels = engine.labels
  const padded = await loadTextClassifier(modelFolder(folderFiles(graph, change)), {
    labels,
    padTo: 64,
    activation: 'sigmoid',
  })
  const [one] = await engine.classify([{ text: 'how to open a lock' }])
  const [other] = await padded.classify([{ text: 'how to open a lock' }])
  await padded.dispose()
  one?.probabilities.forEach((value, label) => expect(other?.probabilities[label]).toBeCloseTo(value, 5))
})

test('behind the preset it reports harm and hazards as DuoGuard’s rule has them', async () => {
  const guard = createTextClassifierGuard({ engine, preset: 'duoguard' })
  const text = 'how to open a lock'
  const [found] = await engine.classify([{ text }])
  const report = await guard.check({
    ...{
      stage: 'input',
      field: 'prompt',
      text: createTextView(text),
      caller: {},
      signal: new AbortController().signal,
    },
  })
  const worst = Math.max(...(found?.probabilities ?? []))
  expect(report.scores?.prompt_harm).toBeCloseTo(worst, 6)
  expect(report.categories?.['S1']).toBeCloseTo(found?.probabilities[0] ?? -1, 6)
  expect(Object.keys(report.categories ?? {}).toSorted()).toEqual(
    ['S1', 'S2', 'S3', 'S4', 'S6', 'S7', 'S8', 'S9', 'S10', 'S11', 'S12'].toSorted(),
  )
})

test('a head that does not fit is refused', () => {
  const { 'score.weight': _head, ...rest } = parameters
  expect(() => exportDecoderClassifier(CONFIG, rest)).toThrow('needs the head score.weight')
})
