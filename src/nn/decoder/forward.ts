/**
 * The forward pass of a decoder as symbolic tensors: one text for the training graph (fixed sizes), for white-box work (any value in
 * between can be read or replaced) and for the exported file (free batch and length, keys and values of earlier tokens).
 */
import { ParapetError } from '../../spec/errors.ts'
import { type SymbolicTensor, add, mul, reshape, rmsNorm, silu, transpose } from '../tensor/index.ts'
import { type KeysAndValues, attention, causalAttention, causalBias } from './attention.ts'
import { type BlockLinear, type DecoderConfig, FINAL_NORM, linearName } from './config.ts'
import { type Rotation, rotate, rotation } from './rotary.ts'
import type { DecoderWeights } from './weights.ts'

/**
 * Sees a value of the forward pass and may give another in its place. Names: `embedding`, then for each linear layer its name with
 * `.input` and `.output` (`model.layers.0.mlp.up_proj.input`), `model.layers.0` for the residual stream after a block, and `final` for
 * what the output layer gets. Activations are [batch, length, width of the place].
 */
export type Observe = (name: string, value: SymbolicTensor) => SymbolicTensor

export interface DecodeOptions {
  readonly observe?: Observe
  /** Rotary angles of the tokens; those of a sequence that starts at 0 if absent. */
  readonly rotation?: Rotation
  /**
   * Added to the attention scores; the causal mask if absent. [length, length of keys], or with a batch in front: `attentionBiasRank`
   * says how many axes it then has.
   */
  readonly attentionBias?: SymbolicTensor
  /**
   * Gets the new keys and values of a layer and gives those to attend to, in parts that are never copied into one another. It needs an
   * `attentionBias`.
   */
  readonly cache?: (layer: number, fresh: KeysAndValues) => readonly KeysAndValues[]
  /** Lengths of these parts, int64 [parts]; needed where there is more than one. */
  readonly keyParts?: SymbolicTensor
  /**
   * Picks positions out of [batch, length, any width] where not all are wanted; all if absent. What comes after the last attention is
   * worked out for these only, in the shape that this gives.
   */
  readonly select?: (x: SymbolicTensor) => SymbolicTensor
}

/**
 * What the output layer gets, normalised: [batch, length, width], or as `select` has it; `weights.output` of it are the logits. `tokens`
 * are int64 ids [batch, length] or float32 rows [batch, length, vocabulary] that weigh every token (one-hot inputs).
 */
export function decode(
  config: DecoderConfig,
  weights: DecoderWeights,
  tokens: SymbolicTensor,
  options: DecodeOptions = {},
): SymbolicTensor {
  const { observe = (_, value) => value } = options
  const place = {
    ...{ ...options, observe },
    rotation: options.rotation ?? startingRotation(config, tokens),
    causal: options.attentionBias === undefined ? causalBias(tokens.graph, fixedLength(tokens)) : undefined,
  }
  let x = observe('embedding', weights.embed(tokens))
  for (let layer = 0; layer < config.layers; layer += 1) x = block(config, weights, layer, x, place)
  return observe('final', rmsNorm(x, weights.get(FINAL_NORM), config.epsilon))
}

interface Place extends DecodeOptions {
  readonly observe: Observe
  readonly rotation: Rotation
  /** Where there is no `attentionBias`. */
  readonly causal: SymbolicTensor | undefined
}

function block(
  config: DecoderConfig,
  weights: DecoderWeights,
  layer: number,
  x: SymbolicTensor,
  place: Place,
): SymbolicTensor {
  const { observe } = place
  const linear = (name: BlockLinear, value: SymbolicTensor): SymbolicTensor => {
    const full = linearName(layer, name)
    return observe(`${full}.output`, weights.linear(full, observe(`${full}.input`, value)))
  }
  const norm = (name: string, value: SymbolicTensor): SymbolicTensor =>
    rmsNorm(value, weights.get(`model.layers.${layer}.${name}.weight`), config.epsilon)
  const before = norm('input_layernorm', x)
  const attended = attend(config, layer, linear, before, place)
  const wanted = (value: SymbolicTensor): SymbolicTensor =>
    layer === config.layers - 1 ? (place.select?.(value) ?? value) : value
  const middle = add(wanted(x), linear('self_attn.o_proj', wanted(attended)))
  const inner = norm('post_attention_layernorm', middle)
  // SwiGLU (Shazeer 2020, "GLU variants improve transformer", eq. 6).
  const gated = mul(silu(linear('mlp.gate_proj', inner)), linear('mlp.up_proj', inner))
  return observe(`model.layers.${layer}`, add(middle, linear('mlp.down_proj', gated)))
}

/**
 * Grouped-query attention (Ainslie et al. 2023, §2.2): [batch, length, width] to [batch, length, heads · headWidth]. A group of queries
 * shares its keys and values by broadcasting, so they are never copied.
 */
function attend(
  { heads, keyValueHeads, headWidth }: DecoderConfig,
  layer: number,
  linear: (name: BlockLinear, value: SymbolicTensor) => SymbolicTensor,
  x: SymbolicTensor,
  { rotation: turn, cache, attentionBias, keyParts, causal }: Place,
): SymbolicTensor {
  const [batch = 1, length = 1] = x.shape
  const perHead = (value: SymbolicTensor): SymbolicTensor =>
    transpose(reshape(value, [batch, length, keyValueHeads, headWidth]), [0, 2, 1, 3])
  const fresh = {
    keys: perHead(rotate(linear('self_attn.k_proj', x), turn)),
    values: perHead(linear('self_attn.v_proj', x)),
  }
  const queries = rotate(linear('self_attn.q_proj', x), turn)
  const parts = cache?.(layer, fresh) ?? [fresh]
  const mix = (apart: SymbolicTensor, all: readonly KeysAndValues[]): SymbolicTensor =>
    causal === undefined
      ? attention(apart, all, attentionBias as SymbolicTensor, keyParts)
      : causalAttention(apart, all[0] as KeysAndValues, causal)
  if (heads === keyValueHeads) {
    const context = mix(perHead(queries), parts)
    return reshape(transpose(context, [0, 2, 1, 3]), [batch, length, heads * headWidth])
  }
  const group = heads / keyValueHeads
  const grouped = transpose(reshape(queries, [batch, length, keyValueHeads, group, headWidth]), [0, 2, 3, 1, 4])
  const shared = (value: SymbolicTensor): SymbolicTensor =>
    reshape(value, [batch, keyValueHeads, 1, ...value.shape.slice(2)])
  const sharedParts = parts.map(({ keys, values }) => ({ keys: shared(keys), values: shared(values) }))
  const context = mix(grouped, sharedParts)
  return reshape(transpose(context, [0, 3, 1, 2, 4]), [batch, length, heads * headWidth])
}

/** Axes of the attention scores: [batch, heads, length, keys], or [batch, keyValueHeads, group, length, keys]. */
export function attentionBiasRank({ heads, keyValueHeads }: DecoderConfig): number {
  return heads === keyValueHeads ? 4 : 5
}

function startingRotation({ headWidth, ropeTheta }: DecoderConfig, tokens: SymbolicTensor): Rotation {
  const length = fixedLength(tokens)
  return rotation(tokens.graph.constant([1], BigInt64Array.of(0n)), length, headWidth, ropeTheta)
}

function fixedLength(tokens: SymbolicTensor): number {
  const length = tokens.shape[1]
  if (typeof length !== 'number')
    throw new ParapetError('internal', 'A free length needs a rotation and an attention bias of its own.')
  return length
}
