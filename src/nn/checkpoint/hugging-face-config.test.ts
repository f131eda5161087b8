/** `config.json`: the published values of real checkpoints, defaults, there and back, and what is refused. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type DecoderConfig, parameterCount } from '../decoder/config.ts'
import { decoderConfigOf, huggingFaceConfigOf, tokenFields, withGenerationConfig } from './index.ts'

const SMOLLM2 = {
  architectures: ['LlamaForCausalLM'],
  attention_bias: false,
  bos_token_id: 0,
  eos_token_id: 0,
  hidden_act: 'silu',
  hidden_size: 576,
  intermediate_size: 1536,
  max_position_embeddings: 8192,
  mlp_bias: false,
  model_type: 'llama',
  num_attention_heads: 9,
  num_hidden_layers: 30,
  num_key_value_heads: 3,
  rms_norm_eps: 1e-5,
  rope_scaling: null,
  rope_theta: 100_000,
  tie_word_embeddings: true,
  torch_dtype: 'bfloat16',
  vocab_size: 49_152,
}
const QWEN2 = {
  architectures: ['Qwen2ForCausalLM'],
  bos_token_id: 151_643,
  eos_token_id: [151_645, 151_643],
  hidden_act: 'silu',
  hidden_size: 896,
  intermediate_size: 4864,
  max_position_embeddings: 131_072,
  max_window_layers: 24,
  model_type: 'qwen2',
  num_attention_heads: 14,
  num_hidden_layers: 24,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-6,
  rope_theta: 1_000_000,
  sliding_window: 131_072,
  tie_word_embeddings: true,
  use_sliding_window: false,
  vocab_size: 151_936,
}

describe('real checkpoints', () => {
  test('SmolLM2-135M', () => {
    const config = decoderConfigOf(SMOLLM2)
    expect(config).toEqual({
      architecture: 'llama',
      vocabularySize: 49_152,
      width: 576,
      layers: 30,
      heads: 9,
      keyValueHeads: 3,
      headWidth: 64,
      feedForward: 1536,
      maxLength: 8192,
      ropeTheta: 100_000,
      epsilon: 1e-5,
      tiedEmbeddings: true,
      beginToken: 0,
      endTokens: [0],
    })
    expect(parameterCount(config)).toBe(134_515_008)
  })

  test('Qwen2-0.5B', () => {
    const config = decoderConfigOf(QWEN2)
    expect(config).toMatchObject({ architecture: 'qwen2', headWidth: 64, epsilon: 1e-6, endTokens: [151_645, 151_643] })
    expect(parameterCount(config)).toBe(494_032_768)
  })

  test('defaults are those of transformers', () => {
    const sizes = { vocab_size: 9, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 4 }
    const common = { keyValueHeads: 2, headWidth: 4, ropeTheta: 10_000, epsilon: 1e-6, tiedEmbeddings: false }
    const llama = decoderConfigOf({ ...sizes, model_type: 'llama' })
    expect(llama).toMatchObject({ ...common, maxLength: 2048, beginToken: 1, endTokens: [2] })
    const qwen2 = decoderConfigOf({ ...sizes, model_type: 'qwen2' })
    expect(qwen2).toMatchObject({ ...common, maxLength: 32_768 })
    expect(Object.keys(qwen2)).not.toContain('endTokens')
    expect(Object.keys(qwen2)).not.toContain('beginToken')
    expect(decoderConfigOf({ ...sizes, model_type: 'llama', pad_token_id: -1, bos_token_id: null })).not.toHaveProperty(
      'padToken',
    )
  })

  test('newer files hold the base of the positions in rope_parameters', () => {
    const { rope_theta: theta, rope_scaling: _, ...rest } = SMOLLM2
    const newer = { ...rest, rope_parameters: { rope_theta: theta, rope_type: 'default' } }
    expect(decoderConfigOf(newer)).toEqual(decoderConfigOf(SMOLLM2))
  })

  test('tokens of generation_config.json go first', () => {
    const config = decoderConfigOf(QWEN2)
    const given = { eos_token_id: [5, 7], pad_token_id: 3, temperature: 1 }
    expect(withGenerationConfig(config, given)).toEqual({ ...config, endTokens: [5, 7], padToken: 3 })
    expect(withGenerationConfig(config, {})).toEqual(config)
    expect(() => withGenerationConfig(config, { eos_token_id: 151_936 })).toThrow('token 151936 is not in a vocabulary')
    expect(tokenFields(config)).toEqual({ bos_token_id: 151_643, eos_token_id: [151_645, 151_643], pad_token_id: null })
  })
})

test('what is written is read', () => {
  const size = fc.integer({ min: 1, max: 9 })
  const configs = fc.record({
    architecture: fc.constantFrom('llama' as const, 'qwen2' as const),
    vocabularySize: fc.integer({ min: 10, max: 99 }),
    width: size,
    layers: size,
    keyValueHeads: size,
    group: size,
    half: size,
    feedForward: size,
    maxLength: size,
    ropeTheta: fc.double({ min: 1, max: 1e7, noNaN: true }),
    epsilon: fc.double({ min: 1e-9, max: 1, noNaN: true }),
    tiedEmbeddings: fc.boolean(),
    tokens: fc.record(
      { beginToken: size, endTokens: fc.array(size, { minLength: 1 }), padToken: size },
      { requiredKeys: [] },
    ),
  })
  fc.assert(
    fc.property(configs, ({ group, half, tokens, ...rest }) => {
      const config = { ...rest, ...tokens, heads: group * rest.keyValueHeads, headWidth: 2 * half } as DecoderConfig
      expect(decoderConfigOf(JSON.parse(JSON.stringify(huggingFaceConfigOf(config))))).toEqual(config)
    }),
  )
})

test.each<[string, object, string]>([
  [
    'another architecture',
    { ...SMOLLM2, architectures: ['GPT2LMHeadModel'] },
    'Supported are LlamaForCausalLM and Qwen2ForCausalLM',
  ],
  ['no architecture', {}, 'is not supported'],
  ['rotary scaling', { ...SMOLLM2, rope_scaling: { rope_type: 'llama3', factor: 8 } }, 'rope_scaling of type "llama3"'],
  [
    'older rotary scaling',
    { ...SMOLLM2, rope_scaling: { type: 'linear', factor: 2 } },
    'rope_scaling of type "linear"',
  ],
  [
    'newer rotary scaling',
    { ...SMOLLM2, rope_parameters: { rope_theta: 1, rope_type: 'yarn' } },
    'rope_parameters of type "yarn"',
  ],
  ['part of a head', { ...SMOLLM2, partial_rotary_factor: 0.5 }, 'partial_rotary_factor'],
  ['a sliding window', { ...QWEN2, use_sliding_window: true }, 'a sliding window is not supported'],
  ['a layer with a window', { ...QWEN2, layer_types: ['full_attention', 'sliding_attention'] }, 'a sliding window'],
  ['biases in attention', { ...SMOLLM2, attention_bias: true }, 'attention_bias: true is not supported'],
  ['biases in the feed-forward part', { ...SMOLLM2, mlp_bias: true }, 'mlp_bias: true is not supported'],
  ['another activation', { ...SMOLLM2, hidden_act: 'gelu' }, 'hidden_act "gelu" is not supported'],
  ['quantised weights', { ...SMOLLM2, quantization_config: { bits: 4 } }, 'quantised'],
  ['a size missing', { ...SMOLLM2, hidden_size: undefined }, 'hidden_size is missing'],
  ['a size that is a text', { ...SMOLLM2, hidden_size: '576' }, 'hidden_size must be a number, not "576"'],
  ['heads that do not divide the width', { ...SMOLLM2, num_attention_heads: 7, num_key_value_heads: 7 }, 'headWidth'],
  ['heads that do not divide', { ...SMOLLM2, num_key_value_heads: 2 }, '2 heads of keys and values'],
  ['a token outside', { ...SMOLLM2, eos_token_id: 49_152 }, 'token 49152 is not in a vocabulary of 49152'],
  ['a token that is a text', { ...SMOLLM2, eos_token_id: ['x'] }, 'eos_token_id must be a token id or a list'],
])('refused: %s', (_, json, message) => {
  const parsed: unknown = JSON.parse(JSON.stringify(json))
  expect(() => decoderConfigOf(parsed, 'm/config.json')).toThrow(expect.objectContaining({ code: 'input_invalid' }))
  expect(() => decoderConfigOf(parsed, 'm/config.json')).toThrow(message)
  expect(() => decoderConfigOf(parsed, 'm/config.json')).toThrow('m/config.json: ')
})

test.each([[null], [[]], ['x'], [3]])('%j is no config.json', (json) => {
  expect(() => decoderConfigOf(json)).toThrow('must be a JSON object')
})
