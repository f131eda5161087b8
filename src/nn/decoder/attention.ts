/**
 * Scaled dot-product attention (Vaswani et al. 2017, eq. 1) on heads that are already apart: [batch, heads, length, headWidth], or
 * [batch, keyValueHeads, group, length, headWidth] where queries share keys, whose group axis then has size 1.
 *
 * Projections and positions are `forward.ts`; a mask is a bias that is added to the scores.
 */
import { type SymbolicTensor, type TensorGraph, add, concat, matmul, slice, softmax, split } from '../tensor/index.ts'

/** Keys and values of one layer, [batch, keyValueHeads, length, headWidth] each. */
export interface KeysAndValues {
  readonly keys: SymbolicTensor
  readonly values: SymbolicTensor
}

/** What a score becomes that must not count: its exponential is 0, and no sum with it overflows. */
export const NO_ATTENTION = -1e9

/** Sequences from this length on are worth the nodes that attention in halves takes. */
const LONG = 96

/**
 * One softmax over the keys of all parts, which are never copied into one another; `lengths`, int64 [parts], is needed where there is more
 * than one, and no gradient flows then. `bias` is [length of queries, length of keys] or has more axes in front.
 */
export function attention(
  queries: SymbolicTensor,
  parts: readonly KeysAndValues[],
  bias: SymbolicTensor,
  lengths?: SymbolicTensor,
): SymbolicTensor {
  const scale = 1 / Math.sqrt(Number(queries.shape.at(-1)))
  const scores = parts.map(({ keys }) => matmul(queries, keys, { transposeRight: true, scale }))
  const shares = softmax(add(sideBySide(scores), bias))
  const pieces = lengths === undefined ? [shares] : splitLike(shares, scores, lengths)
  return parts.map(({ values }, at) => matmul(pieces[at] as SymbolicTensor, values)).reduce(add)
}

/** The bias [length, length] with which no token sees a later one. */
export function causalBias(graph: TensorGraph, length: number): SymbolicTensor {
  const bias = new Float32Array(length * length)
  for (let row = 0; row < length; row += 1) bias.fill(NO_ATTENTION, row * length + row + 1, (row + 1) * length)
  return graph.constant([length, length], bias)
}

/**
 * Attention of a sequence to itself under its `causalBias`. The first half of a long one is worked out without the keys of the second, a
 * quarter of all scores; more pieces than two cost what they save.
 */
export function causalAttention(queries: SymbolicTensor, own: KeysAndValues, bias: SymbolicTensor): SymbolicTensor {
  const length = Number(bias.shape[0])
  if (length < LONG || length % 2 !== 0) return attention(queries, [own], bias)
  const half = length / 2
  const axis = queries.rank - 2
  const [early, late] = split(queries, axis, [half, half]) as [SymbolicTensor, SymbolicTensor]
  const firstHalf = { keys: slice(own.keys, axis, 0, half), values: slice(own.values, axis, 0, half) }
  return concat(
    [
      attention(early, [firstHalf], slice(slice(bias, 0, 0, half), 1, 0, half)),
      attention(late, [own], slice(bias, 0, half, length)),
    ],
    axis,
  )
}

/** Joined along the last axis, whose length may be known only at run time. */
function sideBySide(scores: readonly SymbolicTensor[]): SymbolicTensor {
  const [first] = scores as readonly [SymbolicTensor]
  if (scores.length === 1) return first
  const axis = first.rank - 1
  const sizes = scores.map(({ shape }) => shape[axis])
  const total = sizes.some((size) => typeof size === 'string')
    ? 'total'
    : sizes.reduce<number>((sum, size) => sum + Number(size), 0)
  return first.graph.applyOne('Concat', { inputs: scores, attributes: { axis }, shape: first.shape.with(axis, total) })
}

/** The way back of `sideBySide`. */
function splitLike(
  x: SymbolicTensor,
  parts: readonly SymbolicTensor[],
  lengths: SymbolicTensor,
): readonly SymbolicTensor[] {
  const outputs = parts.map(({ shape }) => ({ shape }))
  return x.graph.apply('Split', { inputs: [x], constants: [lengths.name], attributes: { axis: x.rank - 1 }, outputs })
}
