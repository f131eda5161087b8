/** GGUF files, read back by a small reader made for this test: layout, metadata, tokenizer, and the order of rows that llama.cpp wants. */
import { describe, expect, test } from 'vitest'
import { type DecoderConfig, decoderShapes, initialDecoder } from '../decoder/config.ts'
import { createRandom } from '../random.ts'
import type { ParameterValues } from '../tensor/parameters.ts'
import { type GgufModel, type GgufTokenizer, ggufModelPieces, ggufPieces, ggufTokenizerOf } from './index.ts'

interface ReadTensor {
  readonly sizes: readonly number[]
  readonly at: number
  readonly data: Float32Array
}

function joined(pieces: Iterable<Uint8Array>): Uint8Array {
  return new Uint8Array(Buffer.concat([...pieces]))
}

/** Reads a GGUF file by its published layout. */
function readGguf(bytes: Uint8Array): { metadata: Map<string, unknown>; tensors: Map<string, ReadTensor> } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 0
  const step = (size: number): number => (at += size) - size
  const u32 = (): number => view.getUint32(step(4), true)
  const u64 = (): number => Number(view.getBigUint64(step(8), true))
  const text = (): string => {
    const length = u64()
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(step(length), at))
  }
  const value = (type: number): unknown => {
    if (type === 4) return u32()
    if (type === 5) return view.getInt32(step(4), true)
    if (type === 6) return view.getFloat32(step(4), true)
    if (type === 7) return view.getUint8(step(1)) === 1
    if (type === 8) return text()
    if (type !== 9) throw new Error(`unknown type ${type}`)
    const item = u32()
    return Array.from({ length: u64() }, () => value(item))
  }
  expect(new TextDecoder().decode(bytes.subarray(step(4), at))).toBe('GGUF')
  expect(u32()).toBe(3)
  const [tensorCount, valueCount] = [u64(), u64()]
  const metadata = new Map<string, unknown>()
  for (let index = 0; index < valueCount; index += 1) {
    const key = text()
    expect(metadata.has(key)).toBe(false)
    metadata.set(key, value(u32()))
  }
  const infos = Array.from({ length: tensorCount }, () => {
    const name = text()
    const sizes = Array.from({ length: u32() }, u64)
    expect(u32()).toBe(0)
    return { name, sizes, offset: u64() }
  })
  const start = Math.ceil(at / 32) * 32
  let end = start
  const tensors = infos.map(({ name, sizes, offset }): [string, ReadTensor] => {
    const length = sizes.reduce((product, size) => product * size, 1)
    expect(start + offset).toBe(Math.ceil(end / 32) * 32)
    end = start + offset + 4 * length
    return [name, { sizes, at: start + offset, data: new Float32Array(bytes.slice(start + offset, end).buffer) }]
  })
  expect(bytes.length).toBe(Math.ceil(end / 32) * 32)
  return { metadata, tensors: new Map(tensors) }
}

const LLAMA: DecoderConfig = {
  architecture: 'llama',
  vocabularySize: 5,
  width: 3,
  layers: 2,
  heads: 2,
  keyValueHeads: 1,
  headWidth: 4,
  feedForward: 7,
  maxLength: 64,
  ropeTheta: 10_000,
  epsilon: 1e-5,
  tiedEmbeddings: true,
  beginToken: 3,
  endTokens: [4, 3],
}
const QWEN2: DecoderConfig = { ...LLAMA, architecture: 'qwen2', tiedEmbeddings: false }
const TOKENIZER: GgufTokenizer = {
  tokens: ['a', 'Ġ', 'aĠ', '<s>', '</s>'],
  types: [1, 1, 1, 3, 3],
  merges: ['a Ġ'],
  pre: 'gpt-2',
  addBegin: true,
  padToken: 4,
  chatTemplate: '{{ messages }}',
}

function written(config: DecoderConfig, change: Partial<GgufModel> = {}): ReturnType<typeof readGguf> {
  const model = { config, parameters: counting(config), tokenizer: TOKENIZER, ...change }
  return readGguf(joined(ggufModelPieces(model)))
}

/** Parameters that are all different numbers. */
function counting(config: DecoderConfig): ParameterValues {
  let next = 0
  return Object.fromEntries(
    Object.entries(initialDecoder(config, 1)).map(([name, { shape, data }]) => [
      name,
      { shape, data: data.map(() => (next += 1)) },
    ]),
  )
}

describe('layout', () => {
  test('a tensor begins at a multiple of 32 bytes whatever the sizes', () => {
    const { tensors, metadata } = readGguf(
      joined(
        ggufPieces(new Map([['k', { kind: 'int32s', value: [1, -2] }]]), [
          { name: 'one', shape: [1], pieces: () => [Float32Array.of(5)] },
          { name: 'nine', shape: [3, 3], pieces: () => [new Float32Array(4), Float32Array.of(1, 2, 3, 4, 5)] },
          { name: 'eight', shape: [8], pieces: () => [new Float32Array(8).fill(2)] },
        ]),
      ),
    )
    expect(metadata.get('k')).toEqual([1, -2])
    expect([...(tensors.get('nine')?.data ?? [])]).toEqual([0, 0, 0, 0, 1, 2, 3, 4, 5])
    expect([...(tensors.get('eight')?.data ?? [])]).toEqual(Array(8).fill(2))
    expect([...tensors.values()].every(({ at }) => at % 32 === 0)).toBe(true)
  })

  test('a head of any length: it grows at every place where it can', () => {
    for (let length = 65_400; length < 65_540; length += 1) {
      const { metadata } = readGguf(
        joined(
          ggufPieces(
            new Map([
              ['a', { kind: 'string', value: 'x'.repeat(length) }],
              ['b', { kind: 'strings', value: ['y', 'z'] }],
              ['c', { kind: 'float32', value: 0.5 }],
              ['d', { kind: 'boolean', value: true }],
              ['e', { kind: 'int32s', value: [-1] }],
            ]),
            [],
          ),
        ),
      )
      expect([...metadata.values()].slice(1)).toEqual([['y', 'z'], 0.5, true, [-1]])
    }
  })

  test('known bytes', () => {
    const bytes = joined(ggufPieces(new Map([['a', { kind: 'boolean', value: true }]]), []))
    const expected = [71, 71, 85, 70, 3, 0, 0, 0, ...[0, 0, 0, 0, 0, 0, 0, 0], ...[1, 0, 0, 0, 0, 0, 0, 0]]
    expected.push(1, 0, 0, 0, 0, 0, 0, 0, 97, 7, 0, 0, 0, 1)
    expect([...bytes]).toEqual([...expected, ...Array<number>(64 - expected.length).fill(0)])
  })

  test('too few numbers are an error', () => {
    const tensor = { name: 'short', shape: [2], pieces: () => [new Float32Array(1)] }
    expect(() => joined(ggufPieces(new Map(), [tensor]))).toThrow('short gave 1 numbers and not 2')
  })
})

describe('a model', () => {
  test('metadata', () => {
    const { metadata } = written(LLAMA, { name: 'tiny' })
    expect(Object.fromEntries(metadata)).toEqual({
      'general.architecture': 'llama',
      'general.type': 'model',
      'general.name': 'tiny',
      'general.file_type': 0,
      'llama.context_length': 64,
      'llama.embedding_length': 3,
      'llama.block_count': 2,
      'llama.feed_forward_length': 7,
      'llama.attention.head_count': 2,
      'llama.attention.head_count_kv': 1,
      'llama.attention.key_length': 4,
      'llama.attention.value_length': 4,
      'llama.rope.dimension_count': 4,
      'llama.vocab_size': 5,
      'llama.rope.freq_base': 10_000,
      'llama.attention.layer_norm_rms_epsilon': Math.fround(1e-5),
      'tokenizer.ggml.model': 'gpt2',
      'tokenizer.ggml.pre': 'gpt-2',
      'tokenizer.ggml.tokens': ['a', 'Ġ', 'aĠ', '<s>', '</s>'],
      'tokenizer.ggml.token_type': [1, 1, 1, 3, 3],
      'tokenizer.ggml.merges': ['a Ġ'],
      'tokenizer.ggml.bos_token_id': 3,
      'tokenizer.ggml.eos_token_id': 4,
      'tokenizer.ggml.eot_token_id': 3,
      'tokenizer.ggml.padding_token_id': 4,
      'tokenizer.ggml.add_bos_token': true,
      'tokenizer.ggml.add_eos_token': false,
      'tokenizer.chat_template': '{{ messages }}',
    })
  })

  test.each([LLAMA, QWEN2])('$architecture: every parameter has its tensor, dimensions turned round', (config) => {
    const { tensors, metadata } = written(config)
    expect(metadata.get(`${config.architecture}.block_count`)).toBe(2)
    const parameters = counting(config)
    expect(tensors.size).toBe(Object.keys(decoderShapes(config)).length)
    expect(tensors.has('output.weight')).toBe(!config.tiedEmbeddings)
    expect(tensors.has('blk.1.attn_k.bias')).toBe(config.architecture === 'qwen2')
    const names: readonly (readonly [string, string])[] = [
      ['token_embd.weight', 'model.embed_tokens.weight'],
      ['output_norm.weight', 'model.norm.weight'],
      ['blk.1.attn_norm.weight', 'model.layers.1.input_layernorm.weight'],
      ['blk.1.ffn_norm.weight', 'model.layers.1.post_attention_layernorm.weight'],
      ['blk.1.attn_v.weight', 'model.layers.1.self_attn.v_proj.weight'],
      ['blk.0.attn_output.weight', 'model.layers.0.self_attn.o_proj.weight'],
      ['blk.0.ffn_gate.weight', 'model.layers.0.mlp.gate_proj.weight'],
      ['blk.0.ffn_up.weight', 'model.layers.0.mlp.up_proj.weight'],
      ['blk.0.ffn_down.weight', 'model.layers.0.mlp.down_proj.weight'],
    ]
    for (const [name, from] of names) {
      expect(tensors.get(name)?.data).toEqual(parameters[from]?.data)
      expect(tensors.get(name)?.sizes).toEqual(parameters[from]?.shape.toReversed())
    }
  })

  test('llama: rows of queries and keys alternate between the halves of a head', () => {
    const { tensors } = written(LLAMA)
    const parameters = counting(LLAMA)
    const rows = (name: string, from: string): void => {
      const data = parameters[from]?.data ?? new Float32Array()
      const heads = data.length / 12
      const order = Array.from({ length: heads }, (_, head) => [0, 2, 1, 3].map((row) => 4 * head + row)).flat()
      const expected = order.flatMap((row) => [...data.subarray(3 * row, 3 * row + 3)])
      expect([...(tensors.get(name)?.data ?? [])]).toEqual(expected)
    }
    rows('blk.0.attn_q.weight', 'model.layers.0.self_attn.q_proj.weight')
    rows('blk.1.attn_k.weight', 'model.layers.1.self_attn.k_proj.weight')
  })

  test('qwen2: rows and biases of queries and keys stay', () => {
    const { tensors } = written(QWEN2)
    const parameters = counting(QWEN2)
    for (const letter of ['q', 'k', 'v'])
      for (const part of ['weight', 'bias'])
        expect(tensors.get(`blk.1.attn_${letter}.${part}`)?.data).toEqual(
          parameters[`model.layers.1.self_attn.${letter}_proj.${part}`]?.data,
        )
  })

  test('turning neighbours in the new order scores as turning halves does in the old one', () => {
    const config: DecoderConfig = { ...LLAMA, headWidth: 8, heads: 1 }
    const random = createRandom(3)
    const parameters = Object.fromEntries(
      Object.entries(initialDecoder(config, 2)).map(([name, { shape, data }]) => [
        name,
        { shape, data: data.map(() => random() - 0.5) },
      ]),
    )
    const { tensors } = written(config, { parameters })
    const project = (data: Float32Array | undefined): number[] =>
      Array.from({ length: 8 }, (_, row) =>
        [0.3, -0.7, 0.9].reduce((sum, x, column) => sum + x * (data?.[3 * row + column] ?? NaN), 0),
      )
    const turn = (vector: readonly number[], position: number, pair: (index: number) => [number, number]): number[] => {
      const turned = [...vector]
      for (let index = 0; index < 4; index += 1) {
        const angle = position * config.ropeTheta ** (-index / 4)
        const [one, two] = pair(index)
        const x = vector[one] ?? NaN
        const y = vector[two] ?? NaN
        turned[one] = x * Math.cos(angle) - y * Math.sin(angle)
        turned[two] = x * Math.sin(angle) + y * Math.cos(angle)
      }
      return turned
    }
    const score = (q: readonly number[], k: readonly number[]): number =>
      q.reduce((sum, value, index) => sum + value * (k[index] ?? NaN), 0)
    const half = (vector: number[], position: number): number[] => turn(vector, position, (i) => [i, i + 4])
    const next = (vector: number[], position: number): number[] => turn(vector, position, (i) => [2 * i, 2 * i + 1])
    const old = (name: string): number[] => project(parameters[`model.layers.0.self_attn.${name}_proj.weight`]?.data)
    const now = (name: string): number[] => project(tensors.get(`blk.0.attn_${name}.weight`)?.data)
    const expected = score(half(old('q'), 11), half(old('k'), 4))
    expect(score(next(now('q'), 11), next(now('k'), 4))).toBeCloseTo(expected, 6)
    expect(score(next(old('q'), 11), next(old('k'), 4))).not.toBeCloseTo(expected, 3)
  })

  test('mistakes are refused before the first piece', () => {
    const first = (change: Partial<GgufModel>): unknown =>
      ggufModelPieces({ config: LLAMA, parameters: counting(LLAMA), tokenizer: TOKENIZER, ...change }).next()
    expect(() => first({ parameters: {} })).toThrow('is missing')
    expect(() => first({ tokenizer: { ...TOKENIZER, tokens: ['a'] } })).toThrow('has 1 tokens and 5 types')
    expect(() => first({ tokenizer: { ...TOKENIZER, endToken: 5 } })).toThrow('Token 5 is not in a vocabulary of 5')
    const { endTokens: _end, beginToken: _begin, ...none } = LLAMA
    expect(() => first({ config: none })).toThrow('needs a token that ends a text')
    const ended = { ...none, endTokens: [4] }
    expect(() => first({ config: ended })).toThrow('needs a beginToken')
    expect(
      written(ended, { tokenizer: { ...TOKENIZER, addBegin: false } }).metadata.get('tokenizer.ggml.bos_token_id'),
    ).toBe(4)
  })
})

describe('the tokenizer of a checkpoint', () => {
  const json = {
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    added_tokens: [
      { id: 3, content: '<s>', special: true },
      { id: 6, content: 'tool', special: false },
    ],
    model: { type: 'BPE', vocab: { a: 0, Ġ: 1, aĠ: 2, '<s>': 3 }, merges: ['a Ġ'] },
  }
  const config: DecoderConfig = { ...LLAMA, vocabularySize: 8, beginToken: 3, endTokens: [3] }

  test('tokens by id, added ones by kind, holes as padding', () => {
    expect(ggufTokenizerOf(json, { config })).toEqual({
      tokens: ['a', 'Ġ', 'aĠ', '<s>', '[PAD4]', '[PAD5]', 'tool', '[PAD7]'],
      types: [1, 1, 1, 3, 5, 5, 4, 5],
      merges: ['a Ġ'],
      pre: 'gpt-2',
      beginToken: 3,
      endToken: 3,
      addBegin: false,
    })
  })

  test('newer files hold merges as pairs', () => {
    const newer = { ...json, model: { ...json.model, merges: [['a', 'Ġ']] } }
    expect(ggufTokenizerOf(newer, { config })).toEqual(ggufTokenizerOf(json, { config }))
  })

  test('special tokens and template of tokenizer_config.json', () => {
    const { beginToken: _begin, endTokens: _end, ...none } = config
    const tokenizerConfig = {
      bos_token: '<s>',
      eos_token: { content: 'tool' },
      pad_token: null,
      add_bos_token: true,
      chat_template: [{ name: 'default', template: 'T' }],
    }
    const read = ggufTokenizerOf(json, { config: none, tokenizerConfig })
    expect(read).toMatchObject({ beginToken: 3, endToken: 6, addBegin: true, chatTemplate: 'T' })
    expect(ggufTokenizerOf(json, { config, tokenizerConfig, chatTemplate: 'U' }).chatTemplate).toBe('U')
  })

  test('a template of one text that begins with the token adds it', () => {
    const single = [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }]
    const special = { '<s>': { id: '<s>', ids: [3], tokens: ['<s>'] } }
    const template = { type: 'TemplateProcessing', single, special_tokens: special }
    const with_ = (post_processor: unknown): boolean =>
      ggufTokenizerOf({ ...json, post_processor }, { config }).addBegin
    expect(with_(template)).toBe(true)
    expect(with_({ type: 'Sequence', processors: [{ type: 'ByteLevel' }, template] })).toBe(true)
    expect(with_({ ...template, single: single.toReversed() })).toBe(false)
  })

  test('ways to split', () => {
    const byteLevel = { type: 'ByteLevel', add_prefix_space: false, use_regex: true }
    const split = (...pretokenizers: readonly unknown[]): string =>
      ggufTokenizerOf({ ...json, pre_tokenizer: { type: 'Sequence', pretokenizers } }, { config }).pre
    expect(split(byteLevel)).toBe('gpt-2')
    const cleaned = (clean_up_tokenization_spaces: boolean): string =>
      ggufTokenizerOf(
        { ...json, pre_tokenizer: byteLevel },
        { config, tokenizerConfig: { clean_up_tokenization_spaces } },
      ).pre
    expect([true, false].map(cleaned)).toEqual(['gpt-2', 'trillion'])
    expect(split({ type: 'Digits', individual_digits: true }, byteLevel)).toBe('smollm')
    const Regex = String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
    const pattern = { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false }
    expect(split(pattern, { ...byteLevel, use_regex: false })).toBe('qwen2')
    expect(() => split({ type: 'Digits', individual_digits: false }, byteLevel)).toThrow('with the option pre')
    expect(() => split({ ...byteLevel, use_regex: false })).toThrow('with the option pre')
    const named = { ...json, pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Punctuation' }, byteLevel] } }
    expect(ggufTokenizerOf(named, { config, pre: 'default' }).pre).toBe('default')
  })

  test.each<[string, object, string]>([
    ['another model', { model: { ...json.model, type: 'Unigram' } }, 'a tokenizer of type "Unigram"'],
    ['bytes as tokens', { model: { ...json.model, byte_fallback: true } }, 'byte_fallback'],
    ['no bytes', { pre_tokenizer: { type: 'Whitespace' } }, 'a tokenizer without ByteLevel'],
    ['lower case', { normalizer: { type: 'Lowercase' } }, 'the normalizer {"type":"Lowercase"}'],
    ['a space before', { pre_tokenizer: { type: 'ByteLevel', add_prefix_space: true } }, 'add_prefix_space'],
    ['an id twice', { added_tokens: [{ id: 0, content: 'b' }] }, 'token 0 is both "a" and "b"'],
    ['an id outside', { added_tokens: [{ id: 8, content: 'b' }] }, 'token 8 is not in the model'],
    ['a broken id', { model: { ...json.model, vocab: { a: 0.5 } } }, 'a token needs a text and an id'],
    ['a broken merge', { model: { ...json.model, merges: ['a b c'] } }, 'a merge must be two parts'],
    ['no merges', { model: { type: 'BPE', vocab: {} } }, 'model.merges must be a list'],
  ])('refused: %s', (_, change, message) => {
    const read = (): unknown => ggufTokenizerOf({ ...json, ...change }, { config })
    expect(read).toThrow(expect.objectContaining({ code: 'input_invalid' }))
    expect(read).toThrow(message)
  })
})
