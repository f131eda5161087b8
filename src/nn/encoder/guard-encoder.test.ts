/** The deep tier's file: it comes back as it went in, and nothing else gets through. And what a text becomes. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ParapetError } from '../../spec/errors.ts'
import { readModelFile, writeModelFile } from '../model-file.ts'
import { UnigramTokenizer } from '../tokenizer/unigram.ts'
import {
  GUARD_SEGMENTS,
  type GuardEncoderData,
  type GuardText,
  encodeGuardInput,
  readGuardEncoder,
  writeGuardEncoder,
} from './guard-encoder.ts'

const DATA: GuardEncoderData = {
  id: 'toy-1',
  heads: ['prompt_harm', 'refusal'],
  maxTokens: 48,
  pieces: [
    ['<unk>', 0],
    ['\uFEFF', -1.5],
    ['▁the', -2.25],
    ['né', -3],
    ['한', -4.125],
    ['\u{1F40C}', -5],
    ['', -6],
  ],
  reserved: 1,
  calibration: {
    prompt_harm: { '*': { scale: 1.5, bias: -0.25 }, de: { scale: 0.5, bias: 1 } },
    refusal: { '*': { scale: 1, bias: 0 } },
  },
  coverage: { prompt_harm: { en: 'trained', de: 'transferred' }, refusal: { en: 'untested' } },
  sha256: { onnx: 'ab' },
  onnx: Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1, 0),
}
const FILE = writeGuardEncoder(DATA)

/** The code of what reading throws; nothing if it succeeds. */
function failure(bytes: Uint8Array): string | undefined {
  try {
    readGuardEncoder(bytes, 'toy.bin')
    return undefined
  } catch (error) {
    return error instanceof ParapetError ? error.code : `not a ParapetError: ${String(error)}`
  }
}

/** The file with another header and a true checksum. */
function withHeader(change: Readonly<Record<string, unknown>>, drop: readonly string[] = []): Uint8Array {
  const { header, blocks } = readModelFile(FILE, 'toy.bin')
  return writeModelFile({ ...header, ...change }, new Map([...blocks].filter(([name]) => !drop.includes(name))))
}

describe('the file', () => {
  test('comes back as it was written, the same bytes each time', () => {
    expect(readGuardEncoder(FILE, 'toy.bin')).toEqual(DATA)
    expect(writeGuardEncoder(DATA)).toEqual(FILE)
    const { sha256: _, ...bare } = DATA
    expect(readGuardEncoder(writeGuardEncoder(bare), 'toy.bin')).toEqual(bare)
  })

  test('cut anywhere it is refused', () => {
    for (let length = 0; length < FILE.length; length += 1)
      expect(failure(FILE.subarray(0, length))).toBe('engine_unavailable')
  })

  test('with any whole word changed it is refused', () => {
    fc.assert(
      fc.property(fc.nat(FILE.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = FILE.slice()
        bytes[at] = (bytes[at] ?? 0) ^ change
        expect(failure(bytes)).toBe('engine_unavailable')
      }),
    )
  })

  test('any bytes at all are refused in the same way', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => failure(bytes) === 'engine_unavailable'))
  })

  test.each([
    ['another kind', { kind: 'embedded' }],
    ['other segments', { segments: ['prompt'] }],
    ['no id', { id: null }],
    ['no heads', { heads: [] }],
    ['a head twice', { heads: ['refusal', 'refusal'] }],
    ['too few tokens', { maxTokens: 40 }],
    ['half a token', { maxTokens: 48.5 }],
    ['more reserved than pieces', { reserved: 99 }],
    ['no calibration of a head', { calibration: { refusal: {} } }],
    ['a head turned around', { calibration: { ...DATA.calibration, refusal: { '*': { scale: -1, bias: 0 } } } }],
    ['a calibration of text', { calibration: { ...DATA.calibration, refusal: { '*': { scale: '1', bias: 0 } } } }],
    ['a coverage of its own', { coverage: { ...DATA.coverage, refusal: { en: 'splendid' } } }],
    ['digests of numbers', { sha256: { onnx: 1 } }],
  ])('%s is refused although the checksum is right', (_, change) => {
    expect(failure(withHeader({}))).toBeUndefined()
    expect(failure(withHeader(change))).toBe('engine_unavailable')
  })

  test.each(['pieces', 'scores', 'onnx'])('without its %s it is refused', (part) => {
    expect(failure(withHeader({}, [part]))).toBe('engine_unavailable')
  })

  test('blocks that are no list are refused', () => {
    const text = new TextEncoder()
    const [from, to] = [text.encode('"blocks":['), text.encode('"blocks":{')]
    const bytes = FILE.slice()
    const at = Buffer.from(bytes.buffer).indexOf(Buffer.from(from))
    bytes.set(to, at)
    expect(failure(bytes)).toBe('engine_unavailable')
  })

  test('a model that could not be read is not written', () => {
    expect(() => writeGuardEncoder({ ...DATA, heads: [] })).toThrow('its heads are not a list')
    expect(() => writeGuardEncoder({ ...DATA, pieces: [['a\0b', 0]] })).toThrow('U+0000')
    expect(() => writeGuardEncoder({ ...DATA, pieces: [['<unk>', Number.NaN]] })).toThrow('a score is not a number')
  })
})

describe('the input', () => {
  const letters = 'abcdefghijklmnopqrstuvwxyz'
  const tokenizer = new UnigramTokenizer({
    pieces: [['<unk>', 0], ['▁', -1], ...[...letters].map((letter): [string, number] => [letter, -2])],
    reserved: 1,
  })
  const segment = (name: (typeof GUARD_SEGMENTS)[number]): number => GUARD_SEGMENTS.indexOf(name)
  const encoded = (text: GuardText, most = 48): { readonly written: string; readonly segments: readonly number[] } => {
    const { ids, segments } = encodeGuardInput(tokenizer, text, most)
    expect(segments).toHaveLength(ids.length)
    return { written: [...ids].map((id) => tokenizer.piece(id)).join(''), segments: [...segments] }
  }

  test('segments are numbered as the file says', () => {
    expect(GUARD_SEGMENTS).toEqual(['prompt', 'response', 'context', 'document'])
    expect(encoded({ kind: 'prompt', text: 'ab' })).toEqual({ written: '▁ab', segments: [0, 0, 0] })
    expect(encoded({ kind: 'document', text: 'ab' }).segments).toEqual([3, 3, 3])
    expect(encoded({ kind: 'response', text: 'ab', context: 'c' })).toEqual({
      written: '▁ab▁c',
      segments: [1, 1, 1, 2, 2],
    })
  })

  test('white space of all kinds is one space, and none at the ends', () => {
    expect(encoded({ kind: 'prompt', text: ' \n a\t\n\n b ' }).written).toBe('▁a▁b')
  })

  test('a long text keeps its first and its last half', () => {
    const text = `begin${'x'.repeat(5000)}end`
    const { written, segments } = encoded({ kind: 'prompt', text }, 49)
    expect(segments).toHaveLength(49)
    expect(written).toMatch(/^▁beginx+end$/)
    expect(written).toHaveLength(49)
  })

  test('a response leaves room for 40 tokens of its prompt, used or not', () => {
    const long = 'y'.repeat(100)
    const both = encoded({ kind: 'response', text: long, context: long }, 60)
    expect(both.segments.filter((each) => each === segment('response'))).toHaveLength(20)
    expect(both.segments.filter((each) => each === segment('context'))).toHaveLength(40)
    expect(encoded({ kind: 'response', text: long }, 60).segments).toHaveLength(20)
  })

  test('a text without a token is one unknown token of its kind', () => {
    expect(encoded({ kind: 'document', text: ' \n' })).toEqual({ written: '<unk>', segments: [3] })
    expect(encoded({ kind: 'response', text: '', context: 'a' })).toEqual({ written: '▁a', segments: [2, 2] })
  })

  test('any text fits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ maxLength: 300 }), (text, context) => {
        const { ids, segments } = encodeGuardInput(tokenizer, { kind: 'response', text, context }, 50)
        expect(ids.length).toBeGreaterThan(0)
        expect(ids.length).toBeLessThanOrEqual(50)
        expect(segments.length).toBe(ids.length)
      }),
    )
    expect(() => encodeGuardInput(tokenizer, { kind: 'prompt', text: 'a' }, 40)).toThrow('more than 40 tokens')
  })
})
