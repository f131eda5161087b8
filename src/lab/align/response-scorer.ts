/**
 * What a model says of given responses: the log-probability of each, in batches of about equal length. For the frozen reference of the
 * losses, for margins of held-out pairs, for estimates of a divergence. It learns nothing.
 */
import type { LoraAdapter } from '../../nn/checkpoint/adapter.ts'
import type { DecoderConfig } from '../../nn/decoder/config.ts'
import { decode } from '../../nn/decoder/forward.ts'
import { adapterParameters, withAdapter } from '../../nn/decoder/lora.ts'
import { decoderWeights } from '../../nn/decoder/weights.ts'
import { EvaluationSession } from '../../nn/runtime/evaluation-session.ts'
import type { OnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import type { ParameterValues } from '../../nn/tensor/parameters.ts'
import type { SymbolicTensor, TensorGraph } from '../../nn/tensor/tensor-graph.ts'
import { rowsAt } from '../train/decoder/next-token-loss.ts'
import { byLength, paddedLength, positions, responseRoom } from './alignment-plan.ts'
import {
  type ResponseBucket,
  type ResponseLogProbabilities,
  type ResponseTokens,
  requireKnownTokens,
  responseBatch,
  responseLogProbabilities,
  responseTokens,
} from './sequence-log-probabilities.ts'

export interface ResponseScorerOptions {
  readonly runtime: OnnxRuntime
  readonly config: DecoderConfig
  /** Read in place at each call. */
  readonly parameters: ParameterValues
  readonly adapter?: LoraAdapter
  /** 1 if absent. */
  readonly threads?: number
}

/** Positions of one run, padding included, and numbers of its logits, at most: a large vocabulary must not fill the memory. */
const POSITIONS = 4096
const LOGITS = 2 ** 25

export class ResponseScorer {
  readonly #session: EvaluationSession<ResponseBucket>
  readonly #padding: number
  readonly #vocabulary: number

  constructor({ runtime, config, parameters, adapter, threads = 1 }: ResponseScorerOptions) {
    this.#padding = config.padToken ?? 0
    this.#vocabulary = config.vocabularySize
    this.#session = new EvaluationSession<ResponseBucket>({
      ...{ runtime, threads },
      parameters: adapter === undefined ? parameters : { ...parameters, ...adapterParameters(adapter) },
      build: (graph, symbols, bucket) => ({
        scores: responsesOf(graph, symbols, bucket, config, adapter).logProbabilities,
      }),
    })
  }

  /** Sums over the tokens of each response, in nats, in the order of the rows. */
  async score(rows: readonly ResponseTokens[]): Promise<Float64Array> {
    const scores = new Float64Array(rows.length)
    requireKnownTokens(rows, this.#vocabulary)
    const places = rows.map((_, place) => place)
    const lengthOf = (place: number): number => positions(rows[place] as ResponseTokens)
    for (const group of byLength(places, lengthOf, 1)) {
      const members = group.map((place) => rows[place] as ResponseTokens)
      const bucket = this.#bucketOf(members)
      for (let from = 0; from < members.length; from += bucket.rows) {
        const batch = responseBatch(members.slice(from, from + bucket.rows), bucket, this.#padding)
        const { scores: values } = await this.#session.run(bucket, { ...batch })
        group.slice(from, from + bucket.rows).forEach((place, at) => (scores[place] = Number(values?.[at])))
      }
    }
    return scores
  }

  /** Sizes that every part of these rows fits into, so that one graph serves a length. */
  #bucketOf(rows: readonly ResponseTokens[]): ResponseBucket {
    const length = paddedLength(rows.reduce((most, row) => Math.max(most, positions(row)), 1))
    const longest = rows.reduce((most, { response }) => Math.max(most, response.length), 1)
    const most = LOGITS / this.#vocabulary / responseRoom(longest, length)
    const size = Math.max(1, Math.floor(Math.min(POSITIONS / length, most)))
    let learnt = 1
    for (let from = 0; from < rows.length; from += size)
      learnt = Math.max(learnt, responseTokens(rows.slice(from, from + size)))
    return { rows: size, length, learnt: responseRoom(learnt, size * length) }
  }

  async dispose(): Promise<void> {
    await this.#session.dispose()
  }
}

/** From the parts of a `ResponseBatch`, which it declares as inputs, to the log-probability of each response. */
export function responsesOf(
  graph: TensorGraph,
  parameters: Readonly<Record<string, SymbolicTensor>>,
  { rows, length, learnt }: ResponseBucket,
  config: DecoderConfig,
  adapter?: Pick<LoraAdapter, 'rank' | 'alpha' | 'rankStabilised'>,
): ResponseLogProbabilities {
  const ids = graph.input('ids', [rows, length], { dataType: 'int64' })
  const places = graph.input('places', [learnt], { dataType: 'int64' })
  const labels = graph.input('labels', [learnt], { dataType: 'int64' })
  const owner = graph.input('owner', [rows, learnt])
  const plain = decoderWeights(config, parameters)
  const weights = adapter === undefined ? plain : withAdapter(plain, adapter, parameters)
  const hidden = decode(config, weights, ids, { select: (x) => rowsAt(x, places) })
  return responseLogProbabilities(weights.output(hidden), labels, owner)
}
