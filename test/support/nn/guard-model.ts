/** A deep tier so small that a test makes it on the spot: letters are its pieces, and its head models are one product each. */
import type { GuardEncoderData } from '../../../src/nn/encoder/guard-encoder.ts'
import { USE_LITE, initialParameters, type EncoderConfig } from '../../../src/nn/encoder/config.ts'
import { exportEncoder } from '../../../src/nn/encoder/export.ts'
import { createRandom } from '../../../src/nn/random.ts'
import { TensorGraph, add, matmul } from '../../../src/nn/tensor/index.ts'

const WIDTH = 4
const CONFIG: EncoderConfig = {
  ...USE_LITE,
  vocabularySize: 28,
  embeddingWidth: WIDTH,
  layers: [{ width: WIDTH, heads: 2, feedForward: 8 }],
  maxLength: 16,
  projection: 0,
  unitLength: false,
}
const HAZARDS = Array.from({ length: 13 }, (_, index) => `S${index + 1}`)
const HEADS: GuardEncoderData['heads'] = {
  text: ['prompt_harm', 'injection_direct', 'injection_indirect', 'toxicity', ...HAZARDS],
  response: ['response_harm', 'refusal'],
}

/** A whole model; what is given replaces its parts. */
export function tinyGuardModel(change: Partial<GuardEncoderData> = {}): GuardEncoderData {
  const outputs = [...HEADS.text, ...HEADS.response]
  const ofAll = <T>(value: T): Record<string, T> => Object.fromEntries(outputs.map((output) => [output, value]))
  return {
    id: 'tiny-deep-1',
    maxTokens: CONFIG.maxLength,
    pieces: [
      ['<unk>', 0],
      ['▁', -1],
      ...[...'abcdefghijklmnopqrstuvwxyz'].map((letter): [string, number] => [letter, -2]),
    ],
    reserved: 1,
    heads: HEADS,
    calibration: ofAll({ '*': { deep: 1.5, fast: 0.5, bias: 0.25 } }),
    band: { prompt_harm: [0.2, 0.8], toxicity: [0.3, 0.6], response_harm: [0.2, 0.8] },
    coverage: ofAll({ en: 'trained' }),
    encoder: tinyEncoder('float32'),
    text: headModel(WIDTH, HEADS.text.length, 7),
    response: headModel(2 * WIDTH, HEADS.response.length, 11),
    ...change,
  }
}

/** Its encoder in either precision. */
export function tinyEncoder(precision: 'float32' | 'int8'): Uint8Array {
  return exportEncoder(CONFIG, initialParameters(CONFIG, 5), { precision })
}

/** An ONNX file: `logits` = `vector` times a matrix, plus a bias. */
export function headModel(width: number, outputs: number, seed: number): Uint8Array {
  const random = createRandom(seed)
  const numbers = (count: number): Float32Array => Float32Array.from({ length: count }, () => 2 * random() - 1)
  const graph = new TensorGraph()
  const vector = graph.input('vector', ['batch', width])
  const weights = graph.constant([width, outputs], numbers(width * outputs))
  graph.output('logits', add(matmul(vector, weights), graph.constant([outputs], numbers(outputs))))
  return graph.build()
}
