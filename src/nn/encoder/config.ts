/**
 * The shapes a transformer encoder can take and its parameters by name. Two families are covered: BERT (Devlin et al. 2019: learned
 * positions, norm after each part, GELU) and the Universal Sentence Encoder (Cer et al. 2018: timing signal, norm before each part,
 * ReLU, mean of the tokens, one tanh layer).
 */
import { ParapetError } from '../../spec/errors.ts'
import { createRandom } from '../random.ts'
import type { ParameterValue, ParameterValues } from '../tensor/parameters.ts'
import { elementCount } from '../tensor/shape.ts'

export interface EncoderLayer {
  /** Width of what the layer gives; where it differs from what it gets, the residual goes through a projection. */
  readonly width: number
  /** Heads of attention; must divide the width the layer gets. */
  readonly heads: number
  /** Width inside the feed-forward part. */
  readonly feedForward: number
}

export interface EncoderConfig {
  readonly vocabularySize: number
  readonly embeddingWidth: number
  readonly layers: readonly EncoderLayer[]
  /** Where layers normalise: before attention and feed-forward, or after adding their result. */
  readonly norm: 'pre' | 'post'
  readonly activation: 'relu' | 'gelu'
  readonly positions: 'timing' | 'learned'
  /** Longest sequence, in tokens. */
  readonly maxLength: number
  /** Factor of the token embedding before positions are added. */
  readonly embeddingScale: number
  /** Normalise the sum of embedding and position. */
  readonly embeddingNorm: boolean
  /** Kinds of text that a token can belong to (`segments` of `encode`): a learnt vector each, added to the token's; 0 for none. */
  readonly segments: number
  /** Normalise what the last layer gives. */
  readonly finalNorm: boolean
  /** ε of layer normalisation. */
  readonly epsilon: number
  /** One vector for a text: mean of its tokens, its first token, or mean and maximum side by side. */
  readonly pooling: 'mean' | 'first' | 'mean-max'
  /** Width of a tanh layer after pooling; 0 for none. */
  readonly projection: number
  /** Bring the vector to length 1. */
  readonly unitLength: boolean
  /** Width of a ReLU layer between the vector and the labels; 0 for none. */
  readonly hidden: number
  /** Number of independent yes-or-no labels on top; 0 for none. */
  readonly labels: number
}

/** The lite Universal Sentence Encoder of TensorFlow Hub (`universal-sentence-encoder-lite/2`), as its weights ask for it. */
export const USE_LITE: EncoderConfig = {
  vocabularySize: 8002,
  embeddingWidth: 256,
  layers: [
    { width: 512, heads: 4, feedForward: 1536 },
    { width: 512, heads: 4, feedForward: 1536 },
  ],
  norm: 'pre',
  activation: 'relu',
  positions: 'timing',
  maxLength: 128,
  embeddingScale: 2,
  embeddingNorm: false,
  segments: 0,
  finalNorm: false,
  epsilon: 1e-6,
  pooling: 'mean',
  projection: 512,
  unitLength: true,
  hidden: 0,
  labels: 0,
}

/** Width of the vector a text becomes. */
export function vectorWidth(config: EncoderConfig): number {
  const width = config.layers.at(-1)?.width ?? config.embeddingWidth
  return config.projection > 0 ? config.projection : config.pooling === 'mean-max' ? 2 * width : width
}

/** Every parameter and its shape, in a fixed order. Weights are [from, to]. Throws for a configuration that fits no encoder. */
export function parameterShapes(config: EncoderConfig): Readonly<Record<string, readonly number[]>> {
  checkConfig(config)
  const shapes: Record<string, readonly number[]> = { embedding: [config.vocabularySize, config.embeddingWidth] }
  const norm = (name: string, width: number): void => {
    shapes[`${name}.scale`] = [width]
    shapes[`${name}.bias`] = [width]
  }
  const linear = (name: string, from: number, to: number): void => {
    shapes[`${name}.weight`] = [from, to]
    shapes[`${name}.bias`] = [to]
  }
  if (config.segments > 0) shapes['segment'] = [config.segments, config.embeddingWidth]
  if (config.positions === 'learned') shapes['position'] = [config.maxLength, config.embeddingWidth]
  if (config.embeddingNorm) norm('embeddingNorm', config.embeddingWidth)
  let from = config.embeddingWidth
  config.layers.forEach(({ width, feedForward }, index) => {
    const layer = `layer.${index}`
    norm(`${layer}.attention.norm`, config.norm === 'pre' ? from : width)
    linear(`${layer}.attention.qkv`, from, 3 * from)
    linear(`${layer}.attention.output`, from, width)
    if (from !== width) linear(`${layer}.residual`, from, width)
    norm(`${layer}.feedForward.norm`, width)
    linear(`${layer}.feedForward.in`, width, feedForward)
    linear(`${layer}.feedForward.out`, feedForward, width)
    from = width
  })
  if (config.finalNorm) norm('finalNorm', from)
  if (config.projection > 0) linear('projection', config.pooling === 'mean-max' ? 2 * from : from, config.projection)
  if (config.labels > 0) {
    const width = vectorWidth(config)
    if (config.hidden > 0) linear('hidden', width, config.hidden)
    linear('labels', config.hidden > 0 ? config.hidden : width, config.labels)
  }
  return shapes
}

/**
 * Fresh parameters: norms start as the identity, biases and segments at 0, embeddings from N(0, 0.02²), weights uniform with the
 * variance of Glorot & Bengio 2010, eq. 16. The same seed gives the same numbers.
 */
export function initialParameters(config: EncoderConfig, seed: number): ParameterValues {
  const random = createRandom(seed)
  return Object.fromEntries(
    Object.entries(parameterShapes(config)).map(([name, shape]): [string, ParameterValue] => {
      const data = new Float32Array(elementCount(shape))
      if (name.endsWith('.scale')) data.fill(1)
      else if (name.endsWith('.weight')) {
        const [from = 1, to = 1] = shape
        const limit = Math.sqrt(6 / (from + to))
        for (let index = 0; index < data.length; index += 1) data[index] = limit * (2 * random() - 1)
      } else if (!name.endsWith('.bias') && name !== 'segment')
        for (let index = 0; index < data.length; index += 1) data[index] = 0.02 * gaussian(random)
      return [name, { shape, data }]
    }),
  )
}

/** One draw from N(0, 1) by Box & Muller 1958. */
export function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

function checkConfig({ embeddingWidth, layers, positions }: EncoderConfig): void {
  if (positions === 'timing' && embeddingWidth % 2 !== 0)
    throw new ParapetError('configuration', `A timing signal needs an even embedding width, not ${embeddingWidth}.`)
  layers.forEach(({ heads }, index) => {
    const width = layers[index - 1]?.width ?? embeddingWidth
    if (width % heads !== 0)
      throw new ParapetError('configuration', `Layer ${index}: ${heads} heads do not divide a width of ${width}.`)
  })
}
