/** The deep tier's file: it comes back as it went in, and nothing else gets through. And what a text becomes. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ParapetError } from '../../spec/errors.ts'
import { readModelFile, writeModelFile } from '../model-file.ts'
import { UnigramTokenizer } from '../tokenizer/unigram.ts'
import { type GuardEncoderData, encodeGuardText, readGuardEncoder, writeGuardEncoder } from './guard-encoder.ts'

const DATA: GuardEncoderData = {
  id: 'toy-1',
  heads: { text: ['prompt_harm', 'S1'], response: ['refusal'] },
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
    prompt_harm: { '*': { deep: 1.5, fast: 0.5, bias: -0.25 }, de: { deep: 0.5, fast: 0, bias: 1 } },
    S1: { '*': { deep: 0, fast: 1, bias: 0 } },
    refusal: { '*': { deep: 1, fast: 0, bias: 0 } },
  },
  band: { prompt_harm: [0.125, 0.75], refusal: [0, 1] },
  coverage: { prompt_harm: { en: 'trained', de: 'transferred' }, S1: {}, refusal: { en: 'untested' } },
  sha256: { encoder: 'ab' },
  encoder: Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1, 0),
  text: Uint8Array.of(1, 2, 3),
  response: Uint8Array.of(4, 5),
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

  test('reads the same from the middle of a larger buffer, as a file system hands it over', () => {
    const { pieces } = readGuardEncoder(Buffer.concat([Buffer.alloc(3), FILE]).subarray(3), 'toy.bin')
    expect(pieces).toEqual(DATA.pieces)
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

  const refusal = (entry: unknown): Readonly<Record<string, unknown>> => ({
    calibration: { ...DATA.calibration, refusal: { '*': entry } },
  })
  test.each([
    ['another kind', { kind: 'embedded' }],
    ['no id', { id: null }],
    ['an empty id', { id: '' }],
    ['one list of heads', { heads: ['prompt_harm', 'S1', 'refusal'] }],
    ['a model without heads', { heads: { ...DATA.heads, response: [] } }],
    ['a head twice', { heads: { ...DATA.heads, text: ['S1', 'S1'] } }],
    ['a head in both models', { heads: { ...DATA.heads, text: ['prompt_harm', 'S1', 'refusal'] } }],
    ['a head without a name', { heads: { ...DATA.heads, text: ['prompt_harm', 'S1', ''] } }],
    ['no tokens', { maxTokens: 0 }],
    ['half a token', { maxTokens: 48.5 }],
    ['more reserved than pieces', { reserved: 99 }],
    ['no calibration of a head', { calibration: { refusal: DATA.calibration['refusal'] } }],
    ['no calibration of other languages', { calibration: { ...DATA.calibration, refusal: {} } }],
    ['a deep tier turned around', refusal({ deep: -1, fast: 2, bias: 0 })],
    ['a fast tier turned around', refusal({ deep: 2, fast: -1, bias: 0 })],
    ['a head that hears neither', refusal({ deep: 0, fast: 0, bias: 0 })],
    ['a calibration without a bias', refusal({ deep: 1, fast: 0 })],
    ['a calibration of text', refusal({ deep: '1', fast: 0, bias: 0 })],
    ['no bands', { band: null }],
    ['a band from above to below', { band: { refusal: [0.5, 0.25] } }],
    ['a band below 0', { band: { refusal: [-0.1, 0.5] } }],
    ['a band above 1', { band: { refusal: [0.5, 1.1] } }],
    ['a band with one end', { band: { refusal: [0.5] } }],
    ['a band of no head', { band: { splendour: [0, 1] } }],
    ['no coverage of a head', { coverage: { refusal: {} } }],
    ['a coverage of its own', { coverage: { ...DATA.coverage, refusal: { en: 'splendid' } } }],
    ['digests of numbers', { sha256: { encoder: 1 } }],
  ])('%s is refused although the checksum is right', (_, change) => {
    expect(failure(withHeader({}))).toBeUndefined()
    expect(failure(withHeader(change))).toBe('engine_unavailable')
  })

  test.each(['pieces', 'scores', 'encoder', 'text', 'response'])('without its %s it is refused', (part) => {
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
    expect(() => writeGuardEncoder({ ...DATA, band: { other: [0, 1] } })).toThrow('a band is of no head')
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
  const written = (text: string, most = 48): string =>
    [...encodeGuardText(tokenizer, text, most)].map((id) => tokenizer.piece(id)).join('')

  test('white space of all kinds is one space, and none at the ends', () => {
    expect(written(' \n a\t\n\n b ')).toBe('▁a▁b')
  })

  test('a long text keeps its first and its last half', () => {
    const text = `begin${'x'.repeat(5000)}end`
    expect(written(text, 49)).toMatch(/^▁beginx+end$/)
    expect(encodeGuardText(tokenizer, text, 49)).toHaveLength(49)
    expect(written('abcdef', 4)).toBe('▁aef')
  })

  test('a text without a token is one unknown token', () => {
    expect(written(' \n')).toBe('<unk>')
    expect(written('')).toBe('<unk>')
  })

  test('any text fits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 1, max: 60 }), (text, most) => {
        const ids = encodeGuardText(tokenizer, text, most)
        expect(ids.length).toBeGreaterThan(0)
        expect(ids.length).toBeLessThanOrEqual(most)
      }),
    )
    expect(() => encodeGuardText(tokenizer, 'a', 0)).toThrow('room for a token')
  })
})
