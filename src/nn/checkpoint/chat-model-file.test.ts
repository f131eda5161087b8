/** The file of a chat model: it comes back as it went in, whatever the decoder, and nothing else gets through. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { tinyChatModel } from '../../../test/support/nn/tiny-chat-model.ts'
import { ParapetError } from '../../spec/errors.ts'
import type { DecoderConfig } from '../decoder/config.ts'
import { dequantiseDecoder, quantiseDecoder } from '../decoder/plain-decoder.ts'
import { readModelFile, writeModelFile } from '../model-file.ts'
import { type ChatModelData, readChatModel, writeChatModel } from './chat-model-file.ts'

function dataOf(change: Partial<DecoderConfig> = {}, quantised = true): ChatModelData {
  const { config, parameters, tokenizer } = tinyChatModel(3, change)
  return { id: 'toy-1', config, parameters: quantised ? quantiseDecoder(parameters) : parameters, tokenizer }
}

const DATA = dataOf()
const FILE = writeChatModel(DATA)

/** The file with another header and other blocks, and a true checksum. */
function forged(
  header: Readonly<Record<string, unknown>>,
  blocks: Readonly<Record<string, Uint8Array | undefined>> = {},
): Uint8Array {
  const file = readModelFile(FILE, 'toy')
  const changed = new Map(file.blocks)
  for (const [name, block] of Object.entries(blocks))
    if (block === undefined) changed.delete(name)
    else changed.set(name, block)
  return writeModelFile({ ...file.header, ...header }, changed)
}

function withConfig(change: Readonly<Record<string, unknown>>): Uint8Array {
  return forged({ config: { ...(readModelFile(FILE, 'toy').header['config'] as object), ...change } })
}

describe('there and back', () => {
  test('property: every number and setting, in both forms, from any offset of a buffer', () => {
    const shape = fc.record({
      architecture: fc.constantFrom('llama' as const, 'qwen2' as const),
      layers: fc.integer({ min: 1, max: 3 }),
      tiedEmbeddings: fc.boolean(),
      ropeTheta: fc.constantFrom(100, 10_000),
      feedForward: fc.integer({ min: 1, max: 9 }),
    })
    fc.assert(
      fc.property(shape, fc.boolean(), fc.nat(8), (change, quantised, offset) => {
        const data = dataOf(change, quantised)
        const bytes = writeChatModel(data)
        const shifted = new Uint8Array(bytes.length + offset)
        shifted.set(bytes, offset)
        const { checksum, ...read } = readChatModel(shifted.subarray(offset), 'toy')
        expect(read).toEqual(data)
        expect(checksum).toMatch(/^[0-9a-f]{8}$/)
        expect(Buffer.compare(writeChatModel(read), bytes)).toBe(0)
      }),
      { seed: 20261126, numRuns: 12 },
    )
  })

  test('int8 takes less than half even here, and stands for numbers at most half a step away', () => {
    const exact = dataOf({}, false)
    const tokenizer = JSON.stringify(DATA.tokenizer).length
    expect((FILE.length - tokenizer) / (writeChatModel(exact).length - tokenizer)).toBeLessThan(0.45)
    const near = dequantiseDecoder(readChatModel(FILE, 'toy').parameters)
    for (const [name, value] of Object.entries(exact.parameters)) {
      const [rows = 1, columns = 1] = value.shape.length === 2 ? value.shape : [1, value.data.length]
      for (let row = 0; row < rows; row += 1) {
        const [from, to] = [row * columns, (row + 1) * columns]
        const step = Math.max(...value.data.subarray(from, to).map(Math.abs)) / 127
        for (let at = from; at < to; at += 1)
          expect(Math.abs((near[name]?.data[at] ?? Number.NaN) - (value.data[at] ?? 0))).toBeLessThanOrEqual(
            0.5 * step * (1 + 1e-4),
          )
      }
    }
  })

  test('what cannot be read again is not written', () => {
    const { config } = DATA
    expect(() => writeChatModel({ ...DATA, id: '' })).toThrow('has no id')
    expect(() => writeChatModel({ ...DATA, config: { ...config, layers: 3 } })).toThrow('model.layers.2')
    const dead = dataOf({}, false)
    const norm = dead.parameters['model.norm.weight'] ?? expect.fail()
    norm.data[2] = Number.NaN
    expect(() => writeChatModel(dead)).toThrow(/model\.norm\.weight holds what is no number.*diverged/)
  })
})

describe('damage', () => {
  const half = FILE.subarray(0, FILE.length / 2)
  const bit = FILE.map((byte, index) => (index === FILE.length - 100 ? byte ^ 4 : byte))
  const block = (name: string): Uint8Array => readModelFile(FILE, 'toy').blocks.get(name) ?? expect.fail(name)
  const gate = 'model.layers.1.mlp.gate_proj.weight'

  test.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(), /too short/],
    ['half of it', half, /checksum is wrong/],
    ['a bit', bit, /checksum is wrong/],
    ['a file of something else', new TextEncoder().encode('{"model": "none of ours"}'), /not a Parapet model/],
    ['a later container', FILE.map((byte, index) => (index === 4 ? 9 : byte)), /version 9, this Parapet reads 1/],
    ['a later form', forged({ formatVersion: 2 }), /version 2, this Parapet reads 1/],
    ['another kind', forged({ kind: 'guard-encoder' }), /of another kind/],
    ['no id', forged({ id: 7 }), /no id/],
    ['no configuration', forged({ config: null }), /its configuration: it must be a JSON object/],
    ['an unknown architecture', withConfig({ architectures: ['Mamba'] }), /Mamba.*not supported/],
    ['a size that is none', withConfig({ hidden_size: -16 }), /whole number above 0/],
    ['layers beyond number', withConfig({ num_hidden_layers: 1e15 }), /layers are missing/],
    ['an endless context', withConfig({ max_position_embeddings: 1e12 }), /context is longer/],
    ['an endless vocabulary', withConfig({ vocab_size: 1e12 }), /has not the size/],
    ['a tensor missing', forged({}, { [gate]: undefined }), /gate_proj\.weight is missing/],
    ['a tensor cut', forged({}, { [gate]: block(gate).subarray(1) }), /gate_proj\.weight has not the size/],
    ['scales lost', forged({}, { [`scales of ${gate}`]: undefined }), /gate_proj\.weight has not the size/],
    ['scales of a vector', forged({}, { 'scales of model.norm.weight': block('model.norm.weight') }), /no matrix/],
    ['dead scales', forged({}, { [`scales of ${gate}`]: new Uint8Array(96).fill(0xff) }), /holds what is no number/],
    ['no tokenizer', forged({}, { tokenizer: undefined }), /has no tokenizer/],
    ['a broken tokenizer', forged({}, { tokenizer: Uint8Array.of(123) }), /tokenizer cannot be read/],
  ])('%s is refused with what to do', (_what, bytes, why) => {
    const read = (): unknown => readChatModel(bytes, 'x.bin')
    expect(read).toThrow(why)
    expect(read).toThrow(/^The model file x\.bin cannot be used: .*Install the package again/)
    expect(read).toThrow(expect.objectContaining({ code: 'engine_unavailable' }))
  })

  test('property: bytes changed anywhere never give a model, nor an error of another kind', () => {
    fc.assert(
      fc.property(fc.nat(FILE.length - 1), fc.integer({ min: 1, max: 255 }), (place, change) => {
        const read = (): unknown =>
          readChatModel(
            FILE.map((byte, index) => (index === place ? byte ^ change : byte)),
            'x.bin',
          )
        expect(read).toThrow(ParapetError)
      }),
      { seed: 20261126, numRuns: 60 },
    )
  })

  test('property: any header with a true checksum is answered by a ParapetError or a model', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('blocks', 'config', 'id', 'kind', 'formatVersion'), (value, key) => {
        const bytes = forged({ [key]: value })
        try {
          expect(readChatModel(bytes, 'x.bin').id).not.toBe('')
        } catch (error) {
          expect(ParapetError.isInstance(error)).toBe(true)
        }
      }),
      { seed: 20261126, numRuns: 200 },
    )
  })
})
