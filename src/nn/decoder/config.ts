/**
 * The shape of a decoder and its parameters by name: Llama (Touvron et al. 2023: RMS norm before each part, rotary positions, SwiGLU),
 * with grouped-query attention (Ainslie et al. 2023), and Qwen2, which adds biases to queries, keys and values. SmolLM is a Llama.
 *
 * Names, layouts and units are those of a Hugging Face checkpoint, so that no tensor is renamed or transposed on the way in or out:
 * a linear layer's weight is [to, from]. Sliding windows, rotary scaling and mixtures of experts are not covered.
 */
import { ParapetError } from '../../spec/errors.ts'
import { gaussian } from '../encoder/config.ts'
import { createRandom } from '../random.ts'
import type { ParameterValue, ParameterValues } from '../tensor/parameters.ts'
import { elementCount } from '../tensor/shape.ts'

export interface DecoderConfig {
  readonly architecture: 'llama' | 'qwen2'
  readonly vocabularySize: number
  /** Width of the residual stream. */
  readonly width: number
  readonly layers: number
  /** Heads of queries. */
  readonly heads: number
  /** Heads of keys and values; divides `heads`. */
  readonly keyValueHeads: number
  /** Width of one head; even. */
  readonly headWidth: number
  /** Width inside the feed-forward part. */
  readonly feedForward: number
  /** Longest sequence, in tokens. */
  readonly maxLength: number
  /** Base of the rotary wavelengths. */
  readonly ropeTheta: number
  /** ε of RMS normalisation. */
  readonly epsilon: number
  /** Whether the table of token embeddings is also the output layer. */
  readonly tiedEmbeddings: boolean
  /** Token ids with a meaning; absent where a model has none. */
  readonly beginToken?: number
  readonly endTokens?: readonly number[]
  readonly padToken?: number
}

/** The seven linear layers of a block, by their name in it. */
export const BLOCK_LINEARS = [
  'self_attn.q_proj',
  'self_attn.k_proj',
  'self_attn.v_proj',
  'self_attn.o_proj',
  'mlp.gate_proj',
  'mlp.up_proj',
  'mlp.down_proj',
] as const
export type BlockLinear = (typeof BLOCK_LINEARS)[number]

export const EMBEDDING = 'model.embed_tokens.weight'
export const FINAL_NORM = 'model.norm.weight'
export const OUTPUT = 'lm_head.weight'

/** `model.layers.3.mlp.up_proj`, without `.weight` or `.bias`. */
export function linearName(layer: number, linear: BlockLinear): string {
  return `model.layers.${layer}.${linear}`
}

/** [to, from] of one linear layer of a block. */
export function linearShape(config: DecoderConfig, linear: BlockLinear): readonly [number, number] {
  const { width, heads, keyValueHeads, headWidth, feedForward } = config
  switch (linear) {
    case 'self_attn.q_proj':
      return [heads * headWidth, width]
    case 'self_attn.k_proj':
    case 'self_attn.v_proj':
      return [keyValueHeads * headWidth, width]
    case 'self_attn.o_proj':
      return [width, heads * headWidth]
    case 'mlp.gate_proj':
    case 'mlp.up_proj':
      return [feedForward, width]
    case 'mlp.down_proj':
      return [width, feedForward]
  }
}

/** Whether a linear layer of a block has a bias. */
export function hasBias({ architecture }: DecoderConfig, linear: BlockLinear): boolean {
  return architecture === 'qwen2' && /[qkv]_proj$/.test(linear)
}

/** Every parameter and its shape, in a fixed order. Throws for a configuration that fits no decoder. */
export function decoderShapes(config: DecoderConfig): Readonly<Record<string, readonly number[]>> {
  checkDecoderConfig(config)
  const { width, vocabularySize } = config
  const shapes: Record<string, readonly number[]> = { [EMBEDDING]: [vocabularySize, width] }
  for (let layer = 0; layer < config.layers; layer += 1) {
    shapes[`model.layers.${layer}.input_layernorm.weight`] = [width]
    shapes[`model.layers.${layer}.post_attention_layernorm.weight`] = [width]
    for (const linear of BLOCK_LINEARS) {
      const shape = linearShape(config, linear)
      shapes[`${linearName(layer, linear)}.weight`] = shape
      if (hasBias(config, linear)) shapes[`${linearName(layer, linear)}.bias`] = [shape[0]]
    }
  }
  shapes[FINAL_NORM] = [width]
  if (!config.tiedEmbeddings) shapes[OUTPUT] = [vocabularySize, width]
  return shapes
}

/** Number of elements of all parameters together. Names none of them, so that a size no machine holds is worked out at once. */
export function parameterCount(config: DecoderConfig): number {
  checkDecoderConfig(config)
  const countOf = (layers: number): number =>
    Object.values(decoderShapes({ ...config, layers })).reduce((sum, shape) => sum + elementCount(shape), 0)
  const [one, two] = [countOf(1), countOf(2)]
  return one + (config.layers - 1) * (two - one)
}

/**
 * Fresh parameters: norms 1, biases 0, the rest from N(0, deviation²), the layers that write into the residual stream divided by
 * √(2 · layers) (Radford et al. 2019, §2.3). The same seed gives the same numbers.
 *
 * `deviation` is 1/√width if absent, which keeps the size of what passes through, as SmolLM2 has it. The common 0.02 is made for wide models:
 * in narrow ones attention starts nearly flat, and looking things up is learnt several times later.
 */
export function initialDecoder(
  config: DecoderConfig,
  seed: number,
  { deviation: usual = 1 / Math.sqrt(config.width) }: { readonly deviation?: number } = {},
): ParameterValues {
  const random = createRandom(seed)
  const inward = usual / Math.sqrt(2 * config.layers)
  return Object.fromEntries(
    Object.entries(decoderShapes(config)).map(([name, shape]): [string, ParameterValue] => {
      const data = new Float32Array(elementCount(shape))
      if (name.endsWith('norm.weight')) data.fill(1)
      else if (!name.endsWith('.bias')) {
        const deviation = /(?:o|down)_proj\.weight$/.test(name) ? inward : usual
        for (let index = 0; index < data.length; index += 1) data[index] = deviation * gaussian(random)
      }
      return [name, { shape, data }]
    }),
  )
}

/** Throws when parameters are missing, left over or of another shape than the configuration asks for; names each. */
export function checkDecoderParameters(config: DecoderConfig, parameters: ParameterValues): void {
  const shapes = decoderShapes(config)
  const wrong = [
    ...Object.entries(shapes).flatMap(([name, shape]) => {
      const value = parameters[name]
      if (value === undefined) return [`${name} is missing`]
      const fits = value.shape.length === shape.length && value.shape.every((size, axis) => size === shape[axis])
      return fits ? [] : [`${name} is [${value.shape.join(', ')}] and not [${shape.join(', ')}]`]
    }),
    ...Object.keys(parameters).flatMap((name) => (Object.hasOwn(shapes, name) ? [] : [`${name} is not a part of it`])),
  ]
  if (wrong.length === 0) return
  const shown = wrong.slice(0, 5).join('; ')
  const more = wrong.length > 5 ? `; and ${wrong.length - 5} more` : ''
  throw new ParapetError(
    'input_invalid',
    `The parameters do not fit the ${config.architecture} model: ${shown}${more}.`,
  )
}

export function checkDecoderConfig(config: DecoderConfig): void {
  const problem = (text: string): never => {
    throw new ParapetError('configuration', `This is no decoder: ${text}`)
  }
  const sizes = [
    'vocabularySize',
    'width',
    'layers',
    'heads',
    'keyValueHeads',
    'headWidth',
    'feedForward',
    'maxLength',
  ] as const
  for (const name of sizes)
    if (!Number.isInteger(config[name]) || config[name] < 1) problem(`${name} must be a whole number above 0.`)
  if (config.heads % config.keyValueHeads !== 0)
    problem(`${config.keyValueHeads} heads of keys and values do not divide ${config.heads} heads of queries.`)
  if (config.headWidth % 2 !== 0) problem(`rotary positions need an even width of a head, not ${config.headWidth}.`)
  if (!(config.epsilon > 0) || !(config.ropeTheta > 0)) problem('epsilon and ropeTheta must be above 0.')
}
