/**
 * The arithmetic of the published off-topic models (Chua et al. 2024, arXiv 2411.12946, as Mozilla's port of their weights has it): adapter,
 * cross attention, attention pooling and head of the bi-encoder; head of the cross-encoder. On plain numbers, for checking a port.
 *
 * Padding is not masked there, so that the padded length changes the result; a mask can be given here to see by how much. The branches
 * have weights of their own: which text comes first matters. No weights come with it, and nothing here runs an encoder.
 */
import { ParapetError } from '../spec/errors.ts'

/** Rows of equal length. */
export type Rows = readonly Float64Array[]

/** `output = weight · input + bias`; `weight` by row, one row an output. */
export interface Linear {
  readonly weight: Rows
  readonly bias: Float64Array
}

export function linear({ weight, bias }: Linear, input: Float64Array): Float64Array {
  return Float64Array.from(weight, (row, at) => dot(row, input) + (bias[at] ?? 0))
}

/** A(h) = W_up · ReLU(W_down · h) + h, for each position. With W_up and its bias 0 it changes nothing. */
export function adapter(down: Linear, up: Linear, hidden: Rows): Rows {
  return hidden.map((row) => linear(up, relu(linear(down, row))).map((value, at) => value + (row[at] ?? 0)))
}

/** Score h · w at each position, softmax over positions, weighted sum. `mask` is false where a position does not count; published: no mask. */
export function attentionPooling(
  hidden: Rows,
  weight: Float64Array,
  mask?: readonly boolean[],
): { readonly weights: Float64Array; readonly vector: Float64Array } {
  const weights = softmax(Float64Array.from(hidden, (row, at) => (mask?.[at] === false ? -Infinity : dot(row, weight))))
  return { weights, vector: weightedSum(weights, hidden) }
}

export interface Attention {
  readonly query: Linear
  readonly key: Linear
  readonly value: Linear
  readonly out: Linear
  readonly heads: number
}

/** Multi-head attention of one text over another, without a mask (Vaswani et al. 2017, §3.2.2). */
export function crossAttention({ query, key, value, out, heads }: Attention, asking: Rows, asked: Rows): Rows {
  const width = query.weight.length
  if (width % heads !== 0)
    throw new ParapetError('input_invalid', `${width} numbers cannot be shared by ${heads} heads.`)
  const size = width / heads
  const keys = asked.map((row) => linear(key, row))
  const values = asked.map((row) => linear(value, row))
  return asking.map((row) => {
    const wanted = linear(query, row)
    const joined = new Float64Array(width)
    for (let head = 0; head < heads; head += 1) {
      const part = (whole: Float64Array): Float64Array => whole.subarray(head * size, (head + 1) * size)
      const scores = Float64Array.from(keys, (one) => dot(part(wanted), part(one)) / Math.sqrt(size))
      joined.set(weightedSum(softmax(scores), values.map(part)), head * size)
    }
    return linear(out, joined)
  })
}

/** One of the two texts of the bi-encoder. */
export interface Branch {
  readonly down: Linear
  readonly up: Linear
  readonly attention: Attention
  readonly pooling: Float64Array
}

/** Layers with a ReLU behind each but the last, which gives the logits: on topic, off topic. */
export type Head = readonly Linear[]

/** Logits of the bi-encoder from last hidden states; the first text is the system prompt. Dropout is left out, as at inference. */
export function biEncoderLogits(
  branches: readonly [first: Branch, second: Branch],
  head: Head,
  texts: readonly [first: Rows, second: Rows],
): Float64Array {
  const [one, other] = [0, 1].map((side) => {
    const { down, up } = branches[side as 0 | 1]
    return adapter(down, up, texts[side as 0 | 1])
  }) as [Rows, Rows]
  const first = attentionPooling(crossAttention(branches[0].attention, one, other), branches[0].pooling).vector
  const second = attentionPooling(crossAttention(branches[1].attention, other, one), branches[1].pooling).vector
  return layers(head, Float64Array.of(...first, ...second))
}

/** Logits of the cross-encoder from the pooled output of the pair. */
export function crossEncoderLogits(head: Head, pooled: Float64Array): Float64Array {
  return layers(head, pooled)
}

/** Probability of the second label, off topic. */
export function offTopicProbability(logits: Float64Array): number {
  return softmax(logits)[1] ?? Number.NaN
}

function layers(head: Head, input: Float64Array): Float64Array {
  return head.reduce((value, layer, at) => {
    const next = linear(layer, value)
    return at === head.length - 1 ? next : relu(next)
  }, input)
}

function softmax(scores: Float64Array): Float64Array {
  const most = Math.max(...scores)
  const shares = scores.map((score) => Math.exp(score - most))
  const total = shares.reduce((sum, share) => sum + share, 0)
  return shares.map((share) => share / total)
}

function weightedSum(weights: Float64Array, rows: Rows): Float64Array {
  const sum = new Float64Array(rows[0]?.length ?? 0)
  rows.forEach((row, at) =>
    row.forEach((value, place) => (sum[place] = (sum[place] ?? 0) + (weights[at] ?? 0) * value)),
  )
  return sum
}

function relu(values: Float64Array): Float64Array {
  return values.map((value) => Math.max(0, value))
}

function dot(one: Float64Array, other: Float64Array): number {
  return one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0)
}
