/**
 * `config.json` of a Hugging Face checkpoint to and from the shape of a decoder: `LlamaForCausalLM` (SmolLM and SmolLM2 are such) and
 * `Qwen2ForCausalLM`. Defaults are those of the transformers library. What the decoder does not compute is refused, never ignored:
 * rotary scaling, sliding windows, other biases and activations, quantised weights.
 */
import { ParapetError } from '../../spec/errors.ts'
import { type DecoderConfig, checkDecoderConfig } from '../decoder/config.ts'
import { type JsonObject, booleanField, field, invalidFile, jsonText, numberField, objectOf } from './json-fields.ts'

type Architecture = DecoderConfig['architecture']

const CLASSES: Readonly<Record<Architecture, string>> = { llama: 'LlamaForCausalLM', qwen2: 'Qwen2ForCausalLM' }
const SUPPORTED = 'Supported are LlamaForCausalLM and Qwen2ForCausalLM'
const LONGEST: Readonly<Record<Architecture, number>> = { llama: 2048, qwen2: 32_768 }

/** The decoder that a parsed `config.json` describes. Throws `input_invalid` for one that this library does not compute. */
export function decoderConfigOf(json: unknown, file: string = 'config.json'): DecoderConfig {
  const object = objectOf(json, file)
  const architecture = architectureOf(object, file)
  refuseOthers(object, architecture, file)
  const number = (name: string, otherwise?: number): number => numberField(object, name, file, otherwise)
  const width = number('hidden_size')
  const heads = number('num_attention_heads')
  const begin = tokens(object, 'bos_token_id', file, architecture === 'llama' ? 1 : undefined)[0]
  const ends = tokens(object, 'eos_token_id', file, architecture === 'llama' ? 2 : undefined)
  const pad = tokens(object, 'pad_token_id', file)[0]
  const config: DecoderConfig = {
    architecture,
    vocabularySize: number('vocab_size'),
    width,
    layers: number('num_hidden_layers'),
    heads,
    keyValueHeads: number('num_key_value_heads', heads),
    headWidth: number('head_dim', width / heads),
    feedForward: number('intermediate_size'),
    maxLength: number('max_position_embeddings', LONGEST[architecture]),
    ropeTheta: ropeTheta(object, file),
    epsilon: number('rms_norm_eps', 1e-6),
    tiedEmbeddings: booleanField(object, 'tie_word_embeddings', file, false),
    ...(begin === undefined ? {} : { beginToken: begin }),
    ...(ends.length === 0 ? {} : { endTokens: ends }),
    ...(pad === undefined ? {} : { padToken: pad }),
  }
  try {
    checkDecoderConfig(config)
  } catch (cause) {
    if (ParapetError.isInstance(cause)) throw invalidFile(file, cause.message)
    throw cause
  }
  for (const token of [begin, pad, ...ends])
    if (token !== undefined && token >= config.vocabularySize)
      throw invalidFile(file, `token ${token} is not in a vocabulary of ${config.vocabularySize}.`)
  return config
}

/** The `config.json` of a decoder, as transformers reads it. */
export function huggingFaceConfigOf(config: DecoderConfig): JsonObject {
  checkDecoderConfig(config)
  return {
    architectures: [CLASSES[config.architecture]],
    model_type: config.architecture,
    vocab_size: config.vocabularySize,
    hidden_size: config.width,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.keyValueHeads,
    head_dim: config.headWidth,
    intermediate_size: config.feedForward,
    max_position_embeddings: config.maxLength,
    hidden_act: 'silu',
    rms_norm_eps: config.epsilon,
    rope_theta: config.ropeTheta,
    rope_scaling: null,
    tie_word_embeddings: config.tiedEmbeddings,
    ...(config.architecture === 'llama'
      ? { attention_bias: false, mlp_bias: false }
      : { use_sliding_window: false, sliding_window: null }),
    attention_dropout: 0,
    initializer_range: 0.02,
    use_cache: true,
    torch_dtype: 'float32',
    ...tokenFields(config),
  }
}

/** `bos_token_id`, `eos_token_id` and `pad_token_id`, as `config.json` and `generation_config.json` hold them. */
export function tokenFields({ beginToken, endTokens = [], padToken }: DecoderConfig): JsonObject {
  return {
    bos_token_id: beginToken ?? null,
    eos_token_id: endTokens.length > 1 ? [...endTokens] : (endTokens[0] ?? null),
    pad_token_id: padToken ?? null,
  }
}

/** A decoder with the tokens that a parsed `generation_config.json` names: they go before those of `config.json`. */
export function withGenerationConfig(
  config: DecoderConfig,
  json: unknown,
  file: string = 'generation_config.json',
): DecoderConfig {
  const object = objectOf(json, file)
  const begin = tokens(object, 'bos_token_id', file)[0]
  const ends = tokens(object, 'eos_token_id', file)
  const pad = tokens(object, 'pad_token_id', file)[0]
  for (const token of [begin, pad, ...ends])
    if (token !== undefined && token >= config.vocabularySize)
      throw invalidFile(file, `token ${token} is not in a vocabulary of ${config.vocabularySize}.`)
  return {
    ...config,
    ...(begin === undefined ? {} : { beginToken: begin }),
    ...(ends.length === 0 ? {} : { endTokens: ends }),
    ...(pad === undefined ? {} : { padToken: pad }),
  }
}

function architectureOf(object: JsonObject, file: string): Architecture {
  const named = field(object, 'architectures')
  const type = field(object, 'model_type')
  const found = Object.entries(CLASSES).find(([architecture, name]) =>
    Array.isArray(named) && named.length > 0 ? named[0] === name : type === architecture,
  )
  if (found !== undefined) return found[0] as Architecture
  throw invalidFile(file, `the architecture ${jsonText(named ?? type)} is not supported. ${SUPPORTED}.`)
}

function refuseOthers(object: JsonObject, architecture: Architecture, file: string): void {
  const refuse = (what: string, remedy: string): never => {
    throw invalidFile(file, `${what} is not supported. ${SUPPORTED} ${remedy}.`)
  }
  const activation = field(object, 'hidden_act') ?? 'silu'
  if (activation !== 'silu' && activation !== 'swish')
    refuse(`hidden_act ${jsonText(activation)}`, 'with hidden_act silu')
  if (architecture === 'llama')
    for (const bias of ['attention_bias', 'mlp_bias'])
      if (booleanField(object, bias, file, false)) refuse(`${bias}: true`, `with ${bias} false for Llama`)
  const layerTypes = field(object, 'layer_types') ?? []
  const otherLayers = !Array.isArray(layerTypes) || layerTypes.some((type) => type !== 'full_attention')
  if (booleanField(object, 'use_sliding_window', file, false) || otherLayers)
    refuse('a sliding window', 'with attention over the whole text')
  if (field(object, 'quantization_config') !== undefined)
    refuse('a quantised checkpoint (quantization_config)', 'with weights of 16 or 32 bits')
}

function ropeTheta(object: JsonObject, file: string): number {
  // Older versions write rope_theta and rope_scaling, newer ones rope_parameters.
  const places = [object]
  for (const name of ['rope_scaling', 'rope_parameters']) {
    const value = field(object, name)
    if (value === undefined) continue
    const parameters = objectOf(value, file, name)
    const type = field(parameters, 'rope_type') ?? field(parameters, 'type') ?? 'default'
    if (type !== 'default')
      throw invalidFile(
        file,
        `${name} of type ${jsonText(type)} is not supported. ${SUPPORTED} with plain rotary positions.`,
      )
    places.unshift(parameters)
  }
  for (const place of places)
    if (numberField(place, 'partial_rotary_factor', file, 1) !== 1)
      throw invalidFile(file, `partial_rotary_factor is not supported. ${SUPPORTED} with whole heads rotated.`)
  const place = places.find((candidate) => field(candidate, 'rope_theta') !== undefined) ?? object
  return numberField(place, 'rope_theta', file, 10_000)
}

/** Ids in a field that holds one, a list or null; a negative one means none. */
function tokens(object: JsonObject, name: string, file: string, otherwise?: number): readonly number[] {
  const value = Object.hasOwn(object, name) ? object[name] : otherwise
  const ids: readonly unknown[] = Array.isArray(value) ? value : [value ?? -1]
  return ids.flatMap((id) => {
    if (typeof id !== 'number' || !Number.isInteger(id))
      throw invalidFile(file, `${name} must be a token id or a list of them, not ${jsonText(value)}.`)
    return id < 0 ? [] : [id]
  })
}
