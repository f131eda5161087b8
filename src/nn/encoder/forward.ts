/**
 * The forward pass of an encoder. The same code writes the training graph (fixed sizes) and the exported one (free batch and length).
 *
 * Token ids are int64 [batch, length]; a negative id is padding. Padding gets no attention and no share of the pooled vector, so
 * what it holds elsewhere never matters and no gradient reaches it. Segments are int64 [batch, length] from 0; at padding any will do.
 */
import { ParapetError } from '../../spec/errors.ts'
import {
  type SymbolicTensor,
  add,
  cast,
  clampMin,
  concat,
  div,
  firstRows,
  gelu,
  greater,
  l2Normalise,
  layerNorm,
  matmul,
  max,
  mul,
  relu,
  reshape,
  slice,
  softmax,
  split,
  sub,
  sum,
  tanh,
  transpose,
} from '../tensor/index.ts'
import type { EncoderConfig, EncoderLayer } from './config.ts'
import type { Weights } from './weights.ts'

/** Added to the score of a padded key; its weight after the softmax is exactly 0. */
const NO_ATTENTION = -1e9
/** Longest wavelength of the timing signal, over 2π. */
const LONGEST_TIMESCALE = 10_000

/** Applied to the embedding and to what each part gives before it is added; `site` names the place. */
export type Dropout = (x: SymbolicTensor, site: string) => SymbolicTensor

export interface EncoderResult {
  /** [batch, length, width]. */
  readonly tokens: SymbolicTensor
  /** One vector for each text, [batch, width]. */
  readonly vector: SymbolicTensor
  /** Scores of the labels before the sigmoid, [batch, labels]; absent without labels. */
  readonly logits: SymbolicTensor | undefined
}

export function encode(
  config: EncoderConfig,
  weights: Weights,
  ids: SymbolicTensor,
  dropout: Dropout = (x) => x,
  segments?: SymbolicTensor,
): EncoderResult {
  const present = cast(greater(ids, -1), 'float32')
  const [batch = 'batch', length = 'length'] = ids.shape
  const mask = reshape(present, [batch, length, 1])
  const attentionBias = mul(sub(1, reshape(present, [batch, 1, 1, length])), NO_ATTENTION)
  let x = dropout(embed(config, weights, ids, segments), 'embedding')
  config.layers.forEach((layer, index) => {
    x = encodeLayer(config, layer, weights, `layer.${index}`, x, attentionBias, dropout)
  })
  if (config.finalNorm) x = norm(config, weights, 'finalNorm', x)
  const vector = project(config, weights, pool(config, x, mask))
  return { tokens: x, vector, logits: config.labels > 0 ? labels(config, weights, vector) : undefined }
}

function labels({ hidden }: EncoderConfig, weights: Weights, vector: SymbolicTensor): SymbolicTensor {
  return linear(weights, 'labels', hidden > 0 ? relu(linear(weights, 'hidden', vector)) : vector)
}

function embed(
  config: EncoderConfig,
  weights: Weights,
  ids: SymbolicTensor,
  segments: SymbolicTensor | undefined,
): SymbolicTensor {
  const words = weights.rows('embedding', ids)
  if (config.segments > 0 !== (segments !== undefined))
    throw new ParapetError('configuration', 'Segments must be given to an encoder that has them, and to no other.')
  const tokens = segments === undefined ? words : add(words, weights.rows('segment', segments))
  const scaled = config.embeddingScale === 1 ? tokens : mul(tokens, config.embeddingScale)
  const table =
    config.positions === 'learned'
      ? weights.get('position')
      : ids.graph.constant(
          [config.maxLength, config.embeddingWidth],
          timingSignal(config.maxLength, config.embeddingWidth),
        )
  const x = add(scaled, firstRows(table, ids, 1))
  return config.embeddingNorm ? norm(config, weights, 'embeddingNorm', x) : x
}

function encodeLayer(
  config: EncoderConfig,
  layer: EncoderLayer,
  weights: Weights,
  name: string,
  input: SymbolicTensor,
  attentionBias: SymbolicTensor,
  dropout: Dropout,
): SymbolicTensor {
  const before = (x: SymbolicTensor, part: string): SymbolicTensor =>
    config.norm === 'pre' ? norm(config, weights, `${part}.norm`, x) : x
  const after = (x: SymbolicTensor, part: string): SymbolicTensor =>
    config.norm === 'post' ? norm(config, weights, `${part}.norm`, x) : x
  const attention = `${name}.attention`
  const attended = dropout(attend(layer, weights, attention, before(input, attention), attentionBias), attention)
  const residual = input.shape.at(-1) === layer.width ? input : linear(weights, `${name}.residual`, input)
  const middle = after(add(attended, residual), attention)
  const feedForward = `${name}.feedForward`
  const activation = config.activation === 'relu' ? relu : gelu
  const hidden = activation(linear(weights, `${feedForward}.in`, before(middle, feedForward)))
  const result = dropout(linear(weights, `${feedForward}.out`, hidden), feedForward)
  return after(add(middle, result), feedForward)
}

/** Multi-head attention (Vaswani et al. 2017, §3.2) with one projection for queries, keys and values. */
function attend(
  { heads }: EncoderLayer,
  weights: Weights,
  name: string,
  x: SymbolicTensor,
  bias: SymbolicTensor,
): SymbolicTensor {
  const [batch = 1, length = 1, width = 1] = x.shape
  const size = Number(width)
  const parts = split(linear(weights, `${name}.qkv`, x), 2, [size, size, size])
  const [query, key, value] = parts.map((part) =>
    transpose(reshape(part, [batch, length, heads, size / heads]), [0, 2, 1, 3]),
  ) as [SymbolicTensor, SymbolicTensor, SymbolicTensor]
  const scores = matmul(query, key, { transposeRight: true, scale: Math.sqrt(heads / size) })
  const context = matmul(softmax(add(scores, bias)), value)
  return linear(weights, `${name}.output`, reshape(transpose(context, [0, 2, 1, 3]), [batch, length, width]))
}

function pool({ pooling }: EncoderConfig, x: SymbolicTensor, mask: SymbolicTensor): SymbolicTensor {
  if (pooling === 'first') return reshape(slice(x, 1, 0, 1), [x.shape[0] ?? 1, x.shape[2] ?? 1])
  const mean = div(sum(mul(x, mask), { axes: [1] }), clampMin(sum(mask, { axes: [1] }), 1))
  if (pooling === 'mean') return mean
  const largest = max(add(x, mul(sub(1, mask), NO_ATTENTION)), { axes: [1] })
  // A text without a token has no largest value; 0 stands for it, as for its mean.
  return concat([mean, mul(largest, max(mask, { axes: [1] }))], 1)
}

function project(config: EncoderConfig, weights: Weights, pooled: SymbolicTensor): SymbolicTensor {
  const vector = config.projection > 0 ? tanh(linear(weights, 'projection', pooled)) : pooled
  return config.unitLength ? l2Normalise(vector) : vector
}

function linear(weights: Weights, name: string, x: SymbolicTensor): SymbolicTensor {
  return add(weights.times(x, `${name}.weight`), weights.get(`${name}.bias`))
}

function norm(config: EncoderConfig, weights: Weights, name: string, x: SymbolicTensor): SymbolicTensor {
  return layerNorm(x, weights.get(`${name}.scale`), weights.get(`${name}.bias`), config.epsilon)
}

/**
 * Sines, then cosines, of the position over wavelengths that grow geometrically (Vaswani et al. 2017, §3.5, in the layout of
 * tensor2tensor): [maxLength, width].
 */
function timingSignal(maxLength: number, width: number): Float32Array {
  const half = width / 2
  const signal = new Float32Array(maxLength * width)
  for (let position = 0; position < maxLength; position += 1)
    for (let index = 0; index < half; index += 1) {
      const angle = position * LONGEST_TIMESCALE ** (-index / Math.max(1, half - 1))
      signal[position * width + index] = Math.sin(angle)
      signal[position * width + half + index] = Math.cos(angle)
    }
  return signal
}
