/**
 * A decoder with a classification head as an ONNX file: one linear layer on the last token of a text, as in Hugging Face's
 * `Qwen2ForSequenceClassification`, under the names that Optimum gives inputs and outputs. No keys and values are kept between runs.
 */
import { ParapetError } from '../../spec/errors.ts'
import {
  type SymbolicTensor,
  TensorGraph,
  cast,
  cumulativeSum,
  equal,
  matmul,
  mul,
  reshape,
  sum,
} from '../tensor/index.ts'
import type { ParameterValue, ParameterValues } from '../tensor/parameters.ts'
import { type DecoderConfig, checkDecoderParameters } from './config.ts'
import { maskedBias } from './export.ts'
import { attentionBiasRank, decode } from './forward.ts'
import { rotation } from './rotary.ts'
import { constantDecoderWeights } from './weights.ts'

/** The head's weight, [labels, width]. It has no bias. */
const SCORE = 'score.weight'

/**
 * Inputs: `input_ids`, `attention_mask` (0 where a token is padding, which comes last) and `position_ids`, int64 [batch, length].
 * Output: `logits` [batch, labels].
 *
 * @throws ParapetError `input_invalid` for parameters of another model, or without `score.weight`
 */
export function exportDecoderClassifier(config: DecoderConfig, parameters: ParameterValues): Uint8Array {
  const { [SCORE]: score, ...rest } = parameters
  checkDecoderParameters(config, rest)
  checkScore(config, score)
  const graph = new TensorGraph()
  const input = (name: string): SymbolicTensor => graph.input(name, ['batch', 'length'], { dataType: 'int64' })
  const [ids, mask, positions] = [input('input_ids'), input('attention_mask'), input('position_ids')]
  const { maxLength, headWidth, ropeTheta, width } = config
  const hidden = decode(config, constantDecoderWeights(config, graph, rest), ids, {
    rotation: rotation(positions, maxLength, headWidth, ropeTheta),
    attentionBias: maskedBias(ids, mask, attentionBiasRank(config)),
  })
  const present = cast(mask, 'float32')
  const counted = cumulativeSum(present, 1)
  const last = mul(cast(equal(counted, sum(present, { axes: [1], keepAxes: true })), 'float32'), present)
  const pooled = sum(mul(hidden, reshape(last, ['batch', 'length', 1])), { axes: [1] })
  const head = graph.constant([score.shape[0] ?? 1, width], score.data)
  graph.output('logits', matmul(pooled, head, { transposeRight: true }))
  return graph.build()
}

function checkScore({ width }: DecoderConfig, score: ParameterValue | undefined): asserts score is ParameterValue {
  if (score?.shape.length === 2 && score.shape[1] === width) return
  throw new ParapetError('input_invalid', `A classifier needs the head ${SCORE}, of shape [labels, ${width}].`)
}
