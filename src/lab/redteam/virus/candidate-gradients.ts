/**
 * Exact ⟨∇_w f, v⟩ and ‖∇_w f‖ of many conversations in one graph, without any gradient of weights: a linear layer with inputs a_t and
 * output gradients d_t has ∇ = Σ_t d_t a_tᵀ, so ⟨∇, V⟩ = Σ_t d_tᵀ V a_t and ‖∇‖² = Σ_{t,u} (d_t·d_u)(a_t·a_u) (Goodfellow 2015,
 * "Efficient per-example gradient computations", extended to sequences).
 */
import type { DecoderConfig } from '../../../nn/decoder/config.ts'
import { decode } from '../../../nn/decoder/forward.ts'
import { decoderWeights } from '../../../nn/decoder/weights.ts'
import { type BuildOutputs, EvaluationSession } from '../../../nn/runtime/evaluation-session.ts'
import {
  type SymbolicTensor,
  add,
  crossEntropyLosses,
  div,
  gradients,
  matmul,
  mul,
  reshape,
  sum,
} from '../../../nn/tensor/index.ts'
import { ParapetError } from '../../../spec/errors.ts'
import type { EncodedConversation } from '../../train/decoder/encode.ts'
import { learntTokens, rowsAt } from '../../train/decoder/next-token-loss.ts'
import { type CandidateBucket, batchesOf } from './candidate-batches.ts'
import { type Tuned, trainedLayers } from './trained-layers.ts'
import type { VictimModel, WeightGradient } from './victim-gradients.ts'

export interface GradientFigures {
  /** f. */
  readonly loss: number
  /** ⟨∇_w f, v⟩. */
  readonly along: number
  /** ‖∇_w f‖. */
  readonly norm: number
}

interface GradientBucket extends CandidateBucket {
  /** Room for the learnt tokens of a conversation. */
  readonly learnt: number
}

export class CandidateGradients {
  readonly #config: DecoderConfig
  /** Conversations that go through the graph together. */
  readonly batch: number
  readonly #session: EvaluationSession<GradientBucket>

  constructor({ runtime, config, parameters, tuned, threads = 1 }: VictimModel, batch: number) {
    this.#config = config
    this.batch = batch
    const build = gradientFigures(config, tuned)
    this.#session = new EvaluationSession({ runtime, threads, parameters, storeParameters: true, build })
  }

  /** Figures in the order of the sequences, for one direction v in weights. */
  async figures(
    sequences: readonly EncodedConversation[],
    direction: WeightGradient,
  ): Promise<readonly GradientFigures[]> {
    const directions = Object.fromEntries(Object.entries(direction).map(([name, data]) => [directionName(name), data]))
    const found: GradientFigures[] = []
    // Rounded up, because every size is a graph of its own.
    const learnt = 8 * Math.ceil(sequences.reduce((most, row) => Math.max(most, learntTokens(row)), 1) / 8)
    for (const { rows, bucket: sizes, ids } of batchesOf(sequences, this.batch, this.#config.maxLength)) {
      const bucket = { ...sizes, learnt }
      const feeds = { ids, ...nextTokens(rows, bucket), ...directions }
      const { losses, along, squares } = await this.#session.run(bucket, feeds)
      rows.forEach((_, at) =>
        found.push({
          loss: Number(losses?.[at]),
          along: Number(along?.[at]),
          // Rounding may leave a gradient of zero a little below.
          norm: Math.sqrt(Math.max(0, Number(squares?.[at]))),
        }),
      )
    }
    return found
  }

  async dispose(): Promise<void> {
    await this.#session.dispose()
  }
}

function gradientFigures(config: DecoderConfig, tuned: Tuned): BuildOutputs<GradientBucket> {
  return (graph, symbols, { batch, length, learnt }) => {
    const ids = graph.input('ids', [batch, length], { dataType: 'int64' })
    const labels = graph.input('labels', [batch * learnt], { dataType: 'int64' })
    const places = graph.input('places', [batch * learnt], { dataType: 'int64' })
    const weights = graph.input('weights', [batch, learnt])
    const seen = new Map<string, SymbolicTensor>()
    const model = decoderWeights(config, symbols)
    const hidden = decode(config, model, ids, {
      observe(name, value) {
        seen.set(name, value)
        return value
      },
      // What follows the last attention is worked out where something is learnt only.
      select: (x) => rowsAt(x, places),
    })
    const at = (name: string): SymbolicTensor => {
      const value = seen.get(name)
      if (value === undefined) throw new ParapetError('internal', `The decoder has no place ${name}.`)
      return value
    }
    const each = reshape(crossEntropyLosses(model.output(hidden), labels), [batch, learnt])
    const losses = div(sum(mul(each, weights), { axes: [1] }), sum(weights, { axes: [1] }))
    const layers = trainedLayers(config, tuned)
    // Conversations do not meet in the graph, so the gradient of their sum is that of each.
    const slopes = gradients(
      sum(losses),
      layers.map((name) => at(`${name}.output`)),
    )
    // What was worked out for learnt tokens only belongs to conversations again.
    const apart = (x: SymbolicTensor): SymbolicTensor =>
      x.shape.length === 3 ? x : reshape(x, [batch, learnt, Number(x.shape[1])])
    const parts = layers.map((name, index) => {
      const slope = apart(slopes[index] ?? at(`${name}.output`))
      const input = apart(at(`${name}.input`))
      const direction = graph.input(directionName(name), [Number(slope.shape[2]), Number(input.shape[2])])
      const pairs = (x: SymbolicTensor): SymbolicTensor => matmul(x, x, { transposeRight: true })
      return {
        along: sum(mul(slope, matmul(input, direction, { transposeRight: true })), { axes: [1, 2] }),
        squares: sum(mul(pairs(slope), pairs(input)), { axes: [1, 2] }),
      }
    })
    return {
      losses,
      along: parts.map(({ along }) => along).reduce(add),
      squares: parts.map(({ squares }) => squares).reduce(add),
    }
  }
}

const directionName = (layer: string): string => `direction/${layer}`

/** Where something is learnt, what, and with which weight; a row that is not there weighs 1 once, so that nothing is divided by zero. */
function nextTokens(
  rows: readonly EncodedConversation[],
  { batch, length, learnt }: GradientBucket,
): Readonly<Record<'labels' | 'places' | 'weights', BigInt64Array | Float32Array>> {
  const labels = new BigInt64Array(batch * learnt)
  const places = new BigInt64Array(batch * learnt)
  const weights = new Float32Array(batch * learnt)
  for (let row = 0; row < batch; row += 1) {
    let to = row * learnt
    // A row that is not there must not lean on one that is.
    places.fill(BigInt(row * length), to, to + learnt)
    weights[to] = 1
    rows[row]?.weights.forEach((weight, at) => {
      if (at === 0 || weight === 0) return
      labels[to] = BigInt(rows[row]?.ids[at] ?? 0)
      places[to] = BigInt(row * length + at - 1)
      weights[to] = weight
      to += 1
    })
  }
  return { labels, places, weights }
}
