/**
 * A decoder as a GGUF file for llama.cpp: metadata, tokenizer and tensors of the architectures `llama` and `qwen2`, all in 32 bits.
 * Quantising is left to llama.cpp's own tool.
 *
 * llama.cpp turns neighbouring elements of a head together for `llama` and halves of a head, as Hugging Face does, for `qwen2`: rows of
 * queries and keys change places for the first (what `convert_hf_to_gguf.py` calls `permute`) and stay for the second.
 */
import { ParapetError } from '../../spec/errors.ts'
import {
  BLOCK_LINEARS,
  type BlockLinear,
  type DecoderConfig,
  EMBEDDING,
  FINAL_NORM,
  OUTPUT,
  checkDecoderParameters,
  hasBias,
  linearName,
} from '../decoder/config.ts'
import type { ParameterValue, ParameterValues } from '../tensor/parameters.ts'
import { type GgufTensor, type GgufValue, ggufPieces } from './gguf.ts'

/** A byte-level BPE tokenizer as llama.cpp wants it. */
export interface GgufTokenizer {
  /** By id, in the printable form of bytes (Radford et al. 2019); added tokens as they are. */
  readonly tokens: readonly string[]
  /** By id: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte. */
  readonly types: readonly number[]
  /** `a b`, the most frequent first. */
  readonly merges: readonly string[]
  /** How text is split before merging, by llama.cpp's name: `gpt-2`, `smollm`, `qwen2`, `default`… */
  readonly pre: string
  readonly beginToken?: number
  readonly endToken?: number
  readonly padToken?: number
  /** Whether texts start with `beginToken`. */
  readonly addBegin: boolean
  /** Jinja template that turns messages into text. */
  readonly chatTemplate?: string
}

export interface GgufModel {
  readonly config: DecoderConfig
  readonly parameters: ParameterValues
  readonly tokenizer: GgufTokenizer
  /** Shown by tools. */
  readonly name?: string
}

const LINEARS: Readonly<Record<BlockLinear, string>> = {
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.o_proj': 'attn_output',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
}

/**
 * The pieces of a GGUF file of a decoder, in order. Throws before the first: `input_invalid` for parameters or a tokenizer that do not
 * fit the model, `configuration` when no token ends a text.
 */
export function* ggufModelPieces({
  config,
  parameters,
  tokenizer,
  name,
}: GgufModel): Generator<Uint8Array, void, void> {
  checkDecoderParameters(config, parameters)
  const metadata = new Map<string, GgufValue>([
    ...modelMetadata(config, name ?? config.architecture),
    ...tokenizerMetadata(config, tokenizer),
  ])
  yield* ggufPieces(metadata, modelTensors(config, parameters))
}

function modelMetadata(config: DecoderConfig, name: string): readonly [string, GgufValue][] {
  const { architecture } = config
  const count = (key: string, value: number): [string, GgufValue] => [
    `${architecture}.${key}`,
    { kind: 'uint32', value },
  ]
  return [
    ['general.architecture', { kind: 'string', value: architecture }],
    ['general.type', { kind: 'string', value: 'model' }],
    ['general.name', { kind: 'string', value: name }],
    // 0: all tensors in 32 bits.
    ['general.file_type', { kind: 'uint32', value: 0 }],
    count('context_length', config.maxLength),
    count('embedding_length', config.width),
    count('block_count', config.layers),
    count('feed_forward_length', config.feedForward),
    count('attention.head_count', config.heads),
    count('attention.head_count_kv', config.keyValueHeads),
    count('attention.key_length', config.headWidth),
    count('attention.value_length', config.headWidth),
    count('rope.dimension_count', config.headWidth),
    count('vocab_size', config.vocabularySize),
    [`${architecture}.rope.freq_base`, { kind: 'float32', value: config.ropeTheta }],
    [`${architecture}.attention.layer_norm_rms_epsilon`, { kind: 'float32', value: config.epsilon }],
  ]
}

function tokenizerMetadata(config: DecoderConfig, tokenizer: GgufTokenizer): readonly [string, GgufValue][] {
  const { tokens, types, merges, addBegin, chatTemplate, padToken } = tokenizer
  const { vocabularySize, endTokens = [] } = config
  if (tokens.length !== vocabularySize || types.length !== vocabularySize)
    throw new ParapetError(
      'input_invalid',
      `The tokenizer has ${tokens.length} tokens and ${types.length} types, the model a vocabulary of ${vocabularySize}.`,
    )
  // Where a file names no such token, llama.cpp takes token 11 for it.
  const endToken = tokenizer.endToken ?? endTokens[0]
  if (endToken === undefined)
    throw new ParapetError('configuration', 'A GGUF file needs a token that ends a text: set endTokens of the model.')
  const beginToken = tokenizer.beginToken ?? config.beginToken
  if (addBegin && beginToken === undefined)
    throw new ParapetError('configuration', 'A tokenizer that adds a token at the start needs a beginToken.')
  const second = endTokens.find((token) => token !== endToken)
  const token = (name: string, value: number | undefined): [string, GgufValue][] => {
    if (value === undefined) return []
    if (!Number.isInteger(value) || value < 0 || value >= vocabularySize)
      throw new ParapetError('input_invalid', `Token ${value} is not in a vocabulary of ${vocabularySize}.`)
    return [[`tokenizer.ggml.${name}_token_id`, { kind: 'uint32', value }]]
  }
  return [
    ['tokenizer.ggml.model', { kind: 'string', value: 'gpt2' }],
    ['tokenizer.ggml.pre', { kind: 'string', value: tokenizer.pre }],
    ['tokenizer.ggml.tokens', { kind: 'strings', value: tokens }],
    ['tokenizer.ggml.token_type', { kind: 'int32s', value: types }],
    ['tokenizer.ggml.merges', { kind: 'strings', value: merges }],
    ...token('bos', beginToken ?? endToken),
    ...token('eos', endToken),
    ...token('eot', second),
    ...token('padding', padToken ?? config.padToken),
    ['tokenizer.ggml.add_bos_token', { kind: 'boolean', value: addBegin }],
    ['tokenizer.ggml.add_eos_token', { kind: 'boolean', value: false }],
    ...(chatTemplate === undefined
      ? []
      : ([['tokenizer.chat_template', { kind: 'string', value: chatTemplate }]] satisfies [string, GgufValue][])),
  ]
}

function modelTensors(config: DecoderConfig, parameters: ParameterValues): readonly GgufTensor[] {
  const tensor = (name: string, from: string, heads = 0): GgufTensor => {
    const value = parameters[from]
    if (value === undefined) throw new ParapetError('internal', `${from} is missing.`)
    return { name, shape: value.shape, pieces: () => (heads === 0 ? [value.data] : interleavedRows(value, heads)) }
  }
  const turned = (linear: BlockLinear): number => {
    if (config.architecture !== 'llama') return 0
    return linear === 'self_attn.q_proj' ? config.heads : linear === 'self_attn.k_proj' ? config.keyValueHeads : 0
  }
  return [
    tensor('token_embd.weight', EMBEDDING),
    ...Array.from({ length: config.layers }, (_, layer) => [
      tensor(`blk.${layer}.attn_norm.weight`, `model.layers.${layer}.input_layernorm.weight`),
      tensor(`blk.${layer}.ffn_norm.weight`, `model.layers.${layer}.post_attention_layernorm.weight`),
      ...BLOCK_LINEARS.flatMap((linear) =>
        (hasBias(config, linear) ? ['weight', 'bias'] : ['weight']).map((part) =>
          tensor(`blk.${layer}.${LINEARS[linear]}.${part}`, `${linearName(layer, linear)}.${part}`, turned(linear)),
        ),
      ),
    ]).flat(),
    tensor('output_norm.weight', FINAL_NORM),
    // llama.cpp takes the embeddings where there is no output layer.
    ...(config.tiedEmbeddings ? [] : [tensor('output.weight', OUTPUT)]),
  ]
}

/** Rows of each head in the order 0, n/2, 1, n/2 + 1…: partners of a rotation side by side. One piece a head. */
function* interleavedRows({ shape, data }: ParameterValue, heads: number): Generator<Float32Array, void, void> {
  const [rows = 0, columns = 1] = shape
  const headWidth = rows / heads
  for (let head = 0; head < heads; head += 1) {
    const piece = new Float32Array(headWidth * columns)
    for (let row = 0; row < headWidth; row += 1) {
      const from = (head * headWidth + (row % 2) * (headWidth / 2) + Math.floor(row / 2)) * columns
      piece.set(data.subarray(from, from + columns), row * columns)
    }
    yield piece
  }
}
