/** Folders of checkpoints: there and back, in one file or several, and every way one can be incomplete. */
import { copyFile, mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type LoraAdapter, mergeAdapter, writeSafetensors } from '../../nn/checkpoint/index.ts'
import { type DecoderConfig, OUTPUT, initialDecoder } from '../../nn/decoder/config.ts'
import type { ParameterValues } from '../../nn/tensor/parameters.ts'
import { type Checkpoint, readAdapter, readCheckpoint, writeAdapter, writeCheckpoint, writeGguf } from './index.ts'

const CONFIG: DecoderConfig = {
  architecture: 'llama',
  vocabularySize: 6,
  width: 4,
  layers: 2,
  heads: 2,
  keyValueHeads: 1,
  headWidth: 2,
  feedForward: 5,
  maxLength: 16,
  ropeTheta: 10_000,
  epsilon: 1e-5,
  tiedEmbeddings: true,
  beginToken: 0,
  endTokens: [1, 2],
}
const TOKENIZER = {
  json: {
    added_tokens: [{ id: 1, content: '</s>', special: true }],
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
    model: { type: 'BPE', vocab: { a: 0 }, merges: [] },
  },
  config: { add_bos_token: false },
  chatTemplate: '{{ messages }}',
}
const CHECKPOINT: Checkpoint = { config: CONFIG, parameters: initialDecoder(CONFIG, 7), tokenizer: TOKENIZER }

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkpoint-'))
})
afterEach(async () => rm(folder, { recursive: true, force: true }))

async function putJson(name: string, value: unknown): Promise<void> {
  await writeFile(join(folder, name), JSON.stringify(value))
}

async function changeJson(name: string, change: object): Promise<void> {
  await putJson(name, { ...JSON.parse(await readFile(join(folder, name), 'utf8')), ...change })
}

/** The folder's weights again, in two files and an index; `change` may move names in the index. */
async function shard(parameters: ParameterValues, change: Readonly<Record<string, string>> = {}): Promise<void> {
  await rm(join(folder, 'model.safetensors'))
  const entries = Object.entries(parameters)
  const files = {
    'model-00001-of-00002.safetensors': entries.slice(5),
    'model-00002-of-00002.safetensors': entries.slice(0, 5),
  }
  for (const [name, part] of Object.entries(files))
    await writeFile(join(folder, name), writeSafetensors(Object.fromEntries(part)))
  const map = Object.entries(files).flatMap(([file, part]) => part.map(([name]) => [name, file]))
  await putJson('model.safetensors.index.json', { weight_map: { ...Object.fromEntries(map), ...change } })
}

describe('there and back', () => {
  test.each(['llama', 'qwen2'] as const)('%s: every bit', async (architecture) => {
    const config = { ...CONFIG, architecture, tiedEmbeddings: architecture === 'qwen2' }
    const checkpoint = { ...CHECKPOINT, config, parameters: initialDecoder(config, 3) }
    await writeCheckpoint(folder, checkpoint)
    const read = await readCheckpoint(folder)
    expect(read).toEqual(checkpoint)
    expect(Object.keys(read.parameters)).toEqual(Object.keys(checkpoint.parameters))
    expect((await readdir(folder)).toSorted()).toEqual([
      'chat_template.jinja',
      'config.json',
      'generation_config.json',
      'model.safetensors',
      'tokenizer.json',
      'tokenizer_config.json',
    ])
  })

  test('without a tokenizer, and with its template in tokenizer_config.json', async () => {
    const { tokenizer: _, ...bare } = CHECKPOINT
    await writeCheckpoint(join(folder, 'bare'), bare)
    expect(await readCheckpoint(join(folder, 'bare'))).toEqual(bare)
    const config = { chat_template: 'T' }
    await writeCheckpoint(folder, { ...bare, tokenizer: { json: TOKENIZER.json, config } })
    expect((await readCheckpoint(folder)).tokenizer).toEqual({ json: TOKENIZER.json, config, chatTemplate: 'T' })
  })

  test('bfloat16 on the disk', async () => {
    await writeCheckpoint(folder, CHECKPOINT, { format: 'BF16' })
    const { parameters } = await readCheckpoint(folder)
    for (const [name, { data }] of Object.entries(CHECKPOINT.parameters))
      data.forEach((value, index) => {
        expect(Math.abs((parameters[name]?.data[index] ?? NaN) - value)).toBeLessThanOrEqual(Math.abs(value) * 2 ** -8)
      })
    expect(JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'))).toMatchObject({ torch_dtype: 'bfloat16' })
  })

  test('weights in several files', async () => {
    await writeCheckpoint(folder, CHECKPOINT)
    await shard(CHECKPOINT.parameters)
    const read = await readCheckpoint(folder)
    expect(read).toEqual(CHECKPOINT)
    expect(Object.keys(read.parameters)).toEqual(Object.keys(CHECKPOINT.parameters))
  })

  test('buffers are ignored and a stored tied output layer is dropped', async () => {
    await writeCheckpoint(folder, CHECKPOINT)
    const embedding = CHECKPOINT.parameters['model.embed_tokens.weight']
    if (embedding === undefined) throw new Error('no embedding')
    const buffer = { shape: [1], data: Float32Array.of(1) }
    const put = async (output: typeof embedding): Promise<void> => {
      const stored = {
        ...CHECKPOINT.parameters,
        [OUTPUT]: output,
        'model.layers.0.self_attn.rotary_emb.inv_freq': buffer,
      }
      await writeFile(join(folder, 'model.safetensors'), writeSafetensors(stored))
    }
    await put(embedding)
    expect(await readCheckpoint(folder)).toEqual(CHECKPOINT)
    await put(buffer)
    await expect(readCheckpoint(folder)).rejects.toThrow(
      'lm_head.weight is [1], though the embeddings it is tied to are [6, 4]',
    )
  })
})

describe('what is wrong is said before weights are read', () => {
  beforeEach(async () => writeCheckpoint(folder, CHECKPOINT))

  test('memory', async () => {
    const count = Object.values(CHECKPOINT.parameters).reduce((sum, { data }) => sum + data.length, 0)
    await expect(readCheckpoint(folder, { memoryLimit: 4 * count - 1 })).rejects.toThrow(
      `needs ${((4 * count) / 1e9).toPrecision(3)} GB for its weights in 32 bits`,
    )
    expect(await readCheckpoint(folder, { memoryLimit: 4 * count })).toEqual(CHECKPOINT)
  })

  test('layers that no machine holds are counted, not listed', async () => {
    await changeJson('config.json', { num_hidden_layers: 1e9 })
    await expect(readCheckpoint(folder)).rejects.toThrow(/needs \d.* GB for its weights in 32 bits/)
  })

  test('memory of a large model, without its weights', async () => {
    await changeJson('config.json', { vocab_size: 49_152, hidden_size: 65_536 })
    await rm(join(folder, 'model.safetensors'))
    await expect(readCheckpoint(folder, { memoryLimit: 1e9 })).rejects.toThrow(
      /needs 1\d\.\d GB .*; 1\.00 GB are allowed/,
    )
  })

  test.each<[string, () => Promise<unknown>, string]>([
    ['no folder', async () => rm(folder, { recursive: true }), 'There is no config.json'],
    [
      'a context without end',
      async () => changeJson('config.json', { max_position_embeddings: 1e12 }),
      'config.json: the rotary positions of 1000000000000 tokens (max_position_embeddings)',
    ],
    ['no weights', async () => rm(join(folder, 'model.safetensors')), 'neither model.safetensors nor'],
    ['broken JSON', async () => writeFile(join(folder, 'config.json'), '{'), 'config.json is no JSON'],
    ['broken tokenizer', async () => writeFile(join(folder, 'tokenizer.json'), '{'), 'tokenizer.json is no JSON'],
    ['other sizes', async () => changeJson('config.json', { intermediate_size: 6 }), 'is [5, 4] and not [6, 4]'],
    ['a layer too few', async () => changeJson('config.json', { num_hidden_layers: 1 }), 'is not a part of it'],
    [
      'no output layer',
      async () => changeJson('config.json', { tie_word_embeddings: false }),
      'lm_head.weight is missing',
    ],
    [
      'a token outside',
      async () => changeJson('generation_config.json', { eos_token_id: 6 }),
      'token 6 is not in a vocabulary',
    ],
    [
      'an index out of the folder',
      async () => shard(CHECKPOINT.parameters, { x: '../x.safetensors' }),
      'must lie in a safetensors file of the folder',
    ],
    [
      'an index to nowhere',
      async () => shard(CHECKPOINT.parameters, { x: 'other.safetensors' }),
      'there is no such file',
    ],
    [
      'an index that is wrong',
      async () => shard(CHECKPOINT.parameters, { x: 'model-00001-of-00002.safetensors' }),
      'has no tensor x',
    ],
    ['a tensor in two files', async () => doubled(), 'in two files'],
    [
      'no index',
      async () => shard(CHECKPOINT.parameters).then(async () => putJson('model.safetensors.index.json', [])),
      'weight_map must be an object',
    ],
  ])('%s', async (_, damage, message) => {
    await damage()
    const error: unknown = await readCheckpoint(folder).catch((cause: unknown) => cause)
    expect(error).toMatchObject({ code: 'input_invalid' })
    expect(String(error)).toContain(message)
    expect(String(error)).toContain(folder)
  })

  async function doubled(): Promise<void> {
    await shard(CHECKPOINT.parameters)
    await copyFile(join(folder, 'model-00001-of-00002.safetensors'), join(folder, 'copy.safetensors'))
    const index = JSON.parse(await readFile(join(folder, 'model.safetensors.index.json'), 'utf8')) as {
      weight_map: object
    }
    await putJson('model.safetensors.index.json', { weight_map: { ...index.weight_map, x: 'copy.safetensors' } })
  }

  test('weights cut off anywhere', async () => {
    const path = join(folder, 'model.safetensors')
    const { length } = await readFile(path)
    await fc.assert(
      fc.asyncProperty(fc.nat(length - 1), async (size) => {
        await writeCheckpoint(folder, CHECKPOINT)
        await truncate(path, size)
        await expect(readCheckpoint(folder)).rejects.toThrow(/model\.safetensors: it is cut off: .* bytes are missing/)
      }),
      { numRuns: 30 },
    )
  })

  test('NaN among the weights names the tensor', async () => {
    const name = 'model.layers.1.mlp.up_proj.weight'
    const value = { shape: [5, 4], data: new Float32Array(20).fill(NaN, 3, 4) }
    const parameters = { ...CHECKPOINT.parameters, [name]: value }
    await writeFile(join(folder, 'model.safetensors'), writeSafetensors(parameters, { allowNonFinite: true }))
    await expect(readCheckpoint(folder)).rejects.toThrow(`${name} holds NaN at element 3`)
    expect((await readCheckpoint(folder, { allowNonFinite: true })).parameters[name]?.data[3]).toBeNaN()
  })
})

describe('writing over', () => {
  test('a write that fails leaves the former checkpoint and nothing else', async () => {
    await writeCheckpoint(folder, CHECKPOINT)
    const before = await readdir(folder)
    const bad = initialDecoder(CONFIG, 8)
    bad['model.norm.weight']?.data.fill(NaN)
    await expect(writeCheckpoint(folder, { ...CHECKPOINT, parameters: bad })).rejects.toThrow(
      'model.norm.weight holds NaN',
    )
    await expect(writeCheckpoint(folder, { ...CHECKPOINT, parameters: {} })).rejects.toThrow('is missing')
    // Fails after the weights were written beside: JSON has no such number.
    const tokenizer = { ...TOKENIZER, json: { big: 1n } }
    await expect(writeCheckpoint(folder, { ...CHECKPOINT, tokenizer })).rejects.toThrow('BigInt')
    expect(await readdir(folder)).toEqual(before)
    expect(await readCheckpoint(folder)).toEqual(CHECKPOINT)
    const next = { ...CHECKPOINT, parameters: initialDecoder(CONFIG, 8) }
    await writeCheckpoint(folder, next)
    expect(await readCheckpoint(folder)).toEqual(next)
  })

  test('files of another checkpoint would be mixed in', async () => {
    await writeCheckpoint(folder, CHECKPOINT)
    const { tokenizer: _, ...bare } = CHECKPOINT
    await expect(writeCheckpoint(folder, bare)).rejects.toThrow(
      'tokenizer.json and tokenizer_config.json and chat_template.jinja',
    )
    await shard(CHECKPOINT.parameters)
    await expect(writeCheckpoint(folder, CHECKPOINT)).rejects.toThrow(
      'holds model.safetensors.index.json of another checkpoint',
    )
  })
})

describe('adapters and GGUF', () => {
  const name = 'model.layers.1.self_attn.k_proj'
  const adapter: LoraAdapter = {
    rank: 1,
    alpha: 2,
    layers: {
      [name]: {
        a: { shape: [1, 4], data: Float32Array.of(1, 2, 3, 4) },
        b: { shape: [2, 1], data: Float32Array.of(0, 1) },
      },
    },
  }

  test('an adapter there and back, merged', async () => {
    await writeAdapter(folder, adapter, 'base')
    const read = await readAdapter(folder)
    expect(read).toEqual(adapter)
    const base = CHECKPOINT.parameters[`${name}.weight`]?.data
    const merged = mergeAdapter(CHECKPOINT.parameters, read)[`${name}.weight`]?.data
    expect([...(merged ?? [])]).toEqual(
      [0, 0, 0, 0, 2, 4, 6, 8].map((more, index) => Math.fround((base?.[index] ?? NaN) + more)),
    )
    await rm(join(folder, 'adapter_model.safetensors'))
    await expect(readAdapter(folder)).rejects.toThrow('adapter_model.safetensors cannot be read: there is no such file')
    await rm(join(folder, 'adapter_config.json'))
    await expect(readAdapter(folder)).rejects.toThrow('There is no adapter_config.json')
  })

  test('a GGUF file holds the tokenizer and the name', async () => {
    const path = join(folder, 'tiny.gguf')
    await writeGguf(path, CHECKPOINT)
    const bytes = await readFile(path)
    expect(bytes.subarray(0, 4).toString()).toBe('GGUF')
    expect(bytes.length % 32).toBe(0)
    for (const text of ['tiny', 'gpt-2', '[PAD5]', '</s>', '{{ messages }}', 'blk.1.ffn_down.weight'])
      expect(bytes.includes(text)).toBe(true)
    expect(await readdir(folder)).toEqual(['tiny.gguf'])
    const { tokenizer: _, ...bare } = CHECKPOINT
    await expect(writeGguf(path, bare)).rejects.toThrow('this checkpoint has none')
    expect((await readFile(path)).equals(bytes)).toBe(true)
    await writeGguf(path, CHECKPOINT, { pre: 'smollm', name: 'other' })
    expect((await readFile(path)).includes('smollm')).toBe(true)
  })
})
