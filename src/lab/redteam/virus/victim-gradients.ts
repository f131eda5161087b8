/**
 * Gradients of the tuning loss f at one conversation: with respect to the trained weights, and of its slope along a direction of weights with
 * respect to the one-hot rows of its tokens (arXiv 2501.17433, the backward pass of F2).
 *
 * The second needs no second-order differentiation: d⟨∇_w f(x; w), v⟩/dx = (∇_x f(x; w + εv) − ∇_x f(x; w − εv)) / 2ε.
 * Rows count twice, as inputs and as labels of what comes before them.
 */
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import { GradientSession } from '../../../nn/runtime/gradient-session.ts'
import type { ParameterValues } from '../../../nn/tensor/parameters.ts'
import type { DecoderConfig } from '../../../nn/decoder/config.ts'
import type { EncodedConversation } from '../../train/decoder/encode.ts'
import { type RowsBucket, rowsFeeds, rowsLoss } from '../tokens/token-rows.ts'
import { type Tuned, trainedLayers } from './trained-layers.ts'

/** One gradient a trained layer, by its name. */
export type WeightGradient = Readonly<Record<string, Float32Array>>

export interface VictimModel {
  readonly runtime: OnnxRuntime
  readonly config: DecoderConfig
  readonly parameters: ParameterValues
  /** Which weights are compared by their gradients. */
  readonly tuned: Tuned
  readonly threads?: number
}

/** ε along a direction of norm 1. */
export const FINITE_DIFFERENCE = 1e-3

export class VictimGradients {
  readonly #config: DecoderConfig
  readonly #layers: readonly string[]
  /** Copies of the trained weights: what a run sees, and what they are. */
  readonly #weights: Readonly<Record<string, { readonly moved: Float32Array; readonly own: Float32Array }>>
  readonly #session: GradientSession<RowsBucket>

  constructor({ runtime, config, parameters, tuned, threads = 1 }: VictimModel) {
    this.#config = config
    this.#layers = trainedLayers(config, tuned)
    const trained = new Set(this.#layers.map((name) => `${name}.weight`))
    const seen = Object.fromEntries(
      Object.entries(parameters).map(([name, { shape, data }]) => [
        name,
        { shape, data: trained.has(name) ? data.slice() : data },
      ]),
    )
    this.#weights = Object.fromEntries(
      this.#layers.map((name) => {
        const key = `${name}.weight`
        const own = parameters[key]?.data ?? new Float32Array(0)
        return [name, { moved: seen[key]?.data ?? own, own }]
      }),
    )
    this.#session = new GradientSession({
      ...{ runtime, threads, parameters: seen, build: rowsLoss(config) },
      targets: ['tokens', ...trained],
    })
  }

  /** ∇_w f at the victim's own weights, and f. */
  async ofWeights(
    sequence: EncodedConversation,
  ): Promise<{ readonly loss: number; readonly gradient: WeightGradient }> {
    const { loss, gradients } = await this.#run(sequence)
    const gradient = Object.fromEntries(
      this.#layers.map((name) => [name, gradients[`${name}.weight`] ?? new Float32Array(0)]),
    )
    return { loss, gradient }
  }

  /**
   * d⟨∇_w f, v⟩/d(one-hot rows), [length, vocabulary] with the length padded, for a direction v of any norm above 0.
   */
  async slopeOfTokens(sequence: EncodedConversation, direction: WeightGradient): Promise<Float32Array> {
    const norm = Math.sqrt(squaredLength(direction))
    const step = FINITE_DIFFERENCE / norm
    const ahead = await this.#tokensAt(sequence, direction, step)
    const behind = await this.#tokensAt(sequence, direction, -step)
    return ahead.map((value, at) => (value - (behind[at] ?? 0)) / (2 * step))
  }

  async dispose(): Promise<void> {
    await this.#session.dispose()
  }

  async #tokensAt(sequence: EncodedConversation, direction: WeightGradient, step: number): Promise<Float32Array> {
    this.#move(direction, step)
    try {
      const { gradients } = await this.#run(sequence)
      return gradients['tokens'] ?? new Float32Array(0)
    } finally {
      this.#move(direction, 0)
    }
  }

  #move(direction: WeightGradient, step: number): void {
    for (const [name, { moved, own }] of Object.entries(this.#weights)) {
      const along = direction[name]
      for (let at = 0; at < own.length; at += 1) moved[at] = (own[at] ?? 0) + step * (along?.[at] ?? 0)
    }
  }

  async #run(sequence: EncodedConversation): ReturnType<GradientSession<RowsBucket>['run']> {
    const { bucket, feeds } = rowsFeeds(sequence, this.#config)
    return this.#session.run(bucket, feeds)
  }
}

export function squaredLength(gradient: WeightGradient): number {
  return Object.values(gradient).reduce((total, values) => total + values.reduce((sum, x) => sum + x * x, 0), 0)
}
