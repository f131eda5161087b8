/**
 * What a checkpoint makes of one row of training data: how likely its answers are, what its last layer holds over them, and which way
 * learning them would push part of the weights. Nothing is trained.
 */
import { BLOCK_LINEARS, linearName } from '../../../nn/decoder/config.ts'
import { decode } from '../../../nn/decoder/forward.ts'
import { decoderWeights } from '../../../nn/decoder/weights.ts'
import { GradientSession } from '../../../nn/runtime/gradient-session.ts'
import { crossEntropyLosses, weightedMean } from '../../../nn/tensor/index.ts'
import { encodeConversation } from '../../train/decoder/encode.ts'
import { learntTokens, nextTokenFeeds, rowsAt } from '../../train/decoder/next-token-loss.ts'
import type { Victim } from '../../victim/index.ts'
import type { DataRow } from '../row.ts'
import { conversationOf } from './conversation.ts'

export interface RowFigures {
  /** Mean nats a token of the answers. */
  readonly surprisal: number
  /** Highest mean of eight tokens in a row. */
  readonly peak: number
  /** Mean over the tokens of the answers of what the output layer gets, [width]. */
  readonly hidden: Float32Array
  /** Of the queries, keys and values of the last two layers, one after the other, scaled to length 1. */
  readonly gradient: Float32Array
}

/** Tokens of a peak. */
const PEAK = 8
const STEP = 32
const TARGETS = BLOCK_LINEARS.filter((name) => /\.(?:q|k|v)_proj$/.test(name))

interface Bucket {
  readonly length: number
  readonly learnt: number
}

export class RowModel {
  readonly #victim: Victim
  readonly #session: GradientSession<Bucket>
  readonly #targets: readonly string[]

  constructor(victim: Victim, threads: number = 1) {
    const { config, parameters, runtime } = victim
    this.#victim = victim
    this.#targets = Array.from({ length: Math.min(2, config.layers) }, (_, back) => config.layers - 1 - back).flatMap(
      (layer) => TARGETS.map((name) => `${linearName(layer, name)}.weight`),
    )
    this.#session = new GradientSession<Bucket>({
      ...{ runtime, parameters, threads, targets: this.#targets },
      build: (graph, symbols, { length, learnt }) => {
        const ids = graph.input('ids', [1, length], { dataType: 'int64' })
        const labels = graph.input('labels', [learnt], { dataType: 'int64' })
        const weights = graph.input('weights', [learnt])
        const places = graph.input('places', [learnt], { dataType: 'int64' })
        const model = decoderWeights(config, symbols)
        const hidden = decode(config, model, ids, { select: (x) => rowsAt(x, places) })
        const losses = crossEntropyLosses(model.output(hidden), labels)
        return { loss: weightedMean(losses, weights), outputs: { losses, hidden } }
      },
    })
  }

  /** Null for a row that is longer than the model takes, or has no answer. */
  async measure(row: DataRow): Promise<RowFigures | null> {
    const { config, tokenizer } = this.#victim
    const messages = conversationOf(row)
    const encoded =
      messages === null ? undefined : encodeConversation({ messages }, { tokenizer, maxLength: config.maxLength })
    const count = encoded === undefined ? 0 : learntTokens(encoded)
    if (encoded === undefined || count === 0) return null
    const length = Math.min(config.maxLength, STEP * Math.ceil(encoded.ids.length / STEP))
    const learnt = Math.min(length, STEP * Math.ceil(count / STEP))
    const { outputs, gradients } = await this.#session.run(
      { length, learnt },
      nextTokenFeeds([encoded], { batch: 1, length, learnt }),
    )
    const losses = floats(outputs['losses']).subarray(0, count)
    return {
      surprisal: meanOf(losses),
      peak: peakOf(losses),
      hidden: meanRow(floats(outputs['hidden']), count, config.width),
      gradient: unit(joined(this.#targets.map((name) => gradients[name] ?? new Float32Array()))),
    }
  }

  async dispose(): Promise<void> {
    await this.#session.dispose()
  }
}

const floats = (value: unknown): Float32Array => (value instanceof Float32Array ? value : new Float32Array())

function meanOf(values: Float32Array): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}

function peakOf(values: Float32Array): number {
  let best = 0
  for (let from = 0; from + PEAK <= values.length; from += 1)
    best = Math.max(best, meanOf(values.subarray(from, from + PEAK)))
  return values.length < PEAK ? meanOf(values) : best
}

function meanRow(values: Float32Array, rows: number, width: number): Float32Array {
  const mean = new Float32Array(width)
  for (let row = 0; row < rows; row += 1)
    for (let at = 0; at < width; at += 1) mean[at] = (mean[at] ?? 0) + (values[row * width + at] ?? 0) / rows
  return mean
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** Scaled to length 1; zero stays zero. */
export function unit(vector: Float32Array): Float32Array {
  const length = Math.sqrt(dot(vector, vector))
  return length === 0 ? vector : vector.map((value) => value / length)
}

export function dot(left: Float32Array, right: Float32Array): number {
  let sum = 0
  for (let at = 0; at < left.length; at += 1) sum += (left[at] as number) * (right[at] ?? 0)
  return sum
}
