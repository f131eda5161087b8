/** safetensors: files made by hand, there and back, and every way a file can be damaged. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ParameterValues } from '../tensor/parameters.ts'
import {
  type ByteSource,
  type FloatFormat,
  type ReadTensorOptions,
  bytesSource,
  openSafetensors,
  readFloatTensor,
  safetensorsPieces,
  writeSafetensors,
} from './index.ts'

/** A file of this header and these bytes. */
function file(header: string, ...data: readonly number[]): Uint8Array {
  const text = new TextEncoder().encode(header)
  const bytes = new Uint8Array(8 + text.length + data.length)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true)
  bytes.set(text, 8)
  bytes.set(data, 8 + text.length)
  return bytes
}

function entry(dtype: string, shape: readonly number[], start: number, end: number): string {
  return JSON.stringify({ dtype, shape, data_offsets: [start, end] })
}

async function readAll(bytes: Uint8Array, options: ReadTensorOptions = {}): Promise<ParameterValues> {
  const opened = await openSafetensors(bytesSource(bytes), 'model.safetensors')
  const values: Record<string, Awaited<ReturnType<typeof readFloatTensor>>> = {}
  for (const name of opened.tensors.keys()) values[name] = await readFloatTensor(opened, name, options)
  return values
}

const finite = fc.float({ noNaN: true, noDefaultInfinity: true })
const parameters = fc
  .dictionary(
    fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' }).filter((name) => name !== '__metadata__'),
    fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }).chain((shape) => {
      const length = shape.reduce((product, size) => product * size, 1)
      return fc
        .array(finite, { minLength: length, maxLength: length })
        .map((numbers) => ({ shape, data: Float32Array.from(numbers) }))
    }),
    { maxKeys: 4 },
  )
  .map((record): ParameterValues => ({ ...record }))

describe('reading', () => {
  test('three kinds of numbers, a scalar and an empty tensor, in a file made by hand', async () => {
    const header = `{"__metadata__":{"format":"pt"},"w":${entry('F32', [2], 0, 8)},"h":${entry('F16', [2, 1], 8, 12)},"b":${entry('BF16', [3], 12, 18)},"s":${entry('F32', [], 18, 22)},"e":${entry('F32', [0, 5], 18, 18)},"i":${entry('I8', [1], 22, 23)}}  `
    const bytes = file(
      header,
      ...[0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc1],
      ...[0, 0x3c, 1, 0],
      ...[0x80, 0x3f, 0x49, 0xc0, 0, 0x80],
      ...[0, 0, 0, 0x3f],
      7,
    )
    const opened = await openSafetensors(bytesSource(bytes), 'x')
    expect(opened.metadata).toEqual({ format: 'pt' })
    expect([...opened.tensors.keys()].toSorted()).toEqual(['b', 'e', 'h', 'i', 's', 'w'])
    const read = async (name: string): Promise<unknown> => {
      const { shape, data } = await readFloatTensor(opened, name)
      return [shape, ...data]
    }
    expect(await read('w')).toEqual([[2], 1, -10])
    expect(await read('h')).toEqual([[2, 1], 1, 2 ** -24])
    expect(await read('b')).toEqual([[3], 1, -3.140625, -0])
    expect(await read('s')).toEqual([[], 0.5])
    expect(await read('e')).toEqual([[0, 5]])
    await expect(read('i')).rejects.toThrow('x: i is stored as I8; only F32, F16 and BF16 are read.')
    await expect(read('q')).rejects.toThrow('x: it has no tensor q.')
  })

  test.each([
    ['F32', [0, 0, 0xc0, 0x7f], NaN],
    ['F32', [0, 0, 0x80, 0xff], -Infinity],
    ['F16', [0, 0x7c], Infinity],
    ['F16', [1, 0x7c], NaN],
    ['BF16', [0x80, 0x7f], Infinity],
    ['BF16', [0xc0, 0xff], NaN],
  ])('%s %j is an error unless allowed', async (dtype, data, value) => {
    const bytes = file(`{"model.w":${entry(dtype, [1], 0, data.length)}}`, ...data)
    await expect(readAll(bytes)).rejects.toThrow(`model.safetensors: model.w holds ${value} at element 0.`)
    expect((await readAll(bytes, { allowNonFinite: true }))['model.w']?.data[0]).toBe(value)
  })

  test('the header and each tensor alone, in pieces of a few megabytes', async () => {
    const count = 2_500_000
    const data = Float32Array.from({ length: count }, (_, index) => index)
    const bytes = writeSafetensors({
      first: { shape: [3], data: data.subarray(0, 3) },
      large: { shape: [count], data },
    })
    const reads: [number, number][] = []
    const source: ByteSource = {
      size: bytes.length,
      read: async (offset, length) => {
        reads.push([offset, length])
        return bytes.subarray(offset, offset + length)
      },
    }
    const opened = await openSafetensors(source, 'x')
    expect(reads.length).toBe(2)
    reads.length = 0
    const read = (await readFloatTensor(opened, 'large')).data
    expect(read.length).toBe(count)
    expect(read.findIndex((value, index) => value !== index)).toBe(-1)
    expect(reads.reduce((sum, [, length]) => sum + length, 0)).toBe(4 * count)
    expect(Math.max(...reads.map(([, length]) => length))).toBeLessThanOrEqual(1 << 22)
  })

  test('a source that ends early is an error', async () => {
    const bytes = writeSafetensors({ w: { shape: [4], data: new Float32Array(4) } })
    const source: ByteSource = {
      size: bytes.length,
      read: (offset, length) => bytes.slice(offset, offset + length - (length === 16 ? 3 : 0)),
    }
    await expect(readFloatTensor(await openSafetensors(source, 'x'), 'w')).rejects.toThrow('3 bytes are missing')
  })
})

describe('writing', () => {
  test('known bytes', () => {
    const bytes = writeSafetensors({ w: { shape: [1], data: Float32Array.of(1) } })
    const header = '{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    expect(bytes[0]).toBe(Math.ceil(header.length / 8) * 8)
    expect(new TextDecoder().decode(bytes.subarray(8, -4)).trimEnd()).toBe(header)
    expect([...bytes.subarray(-4)]).toEqual([0, 0, 0x80, 0x3f])
    expect((bytes.length - 4) % 8).toBe(0)
  })

  test('what is written is read', async () => {
    await fc.assert(
      fc.asyncProperty(parameters, async (values) => {
        const read = await readAll(writeSafetensors(values))
        expect(Object.keys(read).toSorted()).toEqual(Object.keys(values).toSorted())
        for (const [name, value] of Object.entries(values)) expect(read[name]).toEqual(value)
      }),
    )
  })

  test.each([
    ['F16', 11],
    ['BF16', 8],
  ] as const)('%s keeps %i bits of a number', async (format: FloatFormat, bits) => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.float({ min: -60_000, max: 60_000, noNaN: true })), async (numbers) => {
        const data = Float32Array.from(numbers)
        const read = (await readAll(writeSafetensors({ w: { shape: [data.length], data } }, { format })))['w']?.data
        data.forEach((value, index) => {
          // The smallest binary16 numbers are 2^-24 apart.
          const room = Math.max(Math.abs(value) * 2 ** -bits, 2 ** -25)
          expect(Math.abs((read?.[index] ?? NaN) - value)).toBeLessThanOrEqual(room)
        })
      }),
    )
  })

  test('numbers that would be lost are refused before the first piece', () => {
    const one = (value: number): ParameterValues => ({
      good: { shape: [1], data: Float32Array.of(1) },
      bad: { shape: [1], data: Float32Array.of(value) },
    })
    expect(() => safetensorsPieces(one(NaN)).next()).toThrow('bad holds NaN at element 0 and is not written.')
    expect(() => safetensorsPieces(one(-Infinity)).next()).toThrow('bad holds -Infinity')
    expect(() => safetensorsPieces(one(70_000), { format: 'F16' }).next()).toThrow('bad holds 70000, too large for F16')
    expect(writeSafetensors(one(NaN), { allowNonFinite: true }).length).toBeGreaterThan(0)
    expect(() => writeSafetensors({ w: { shape: [2], data: new Float32Array(3) } })).toThrow(
      'do not fill the shape [2]',
    )
  })
})

describe('damage', () => {
  test('a file cut off at any byte is an error that says how many bytes are missing', async () => {
    await fc.assert(
      fc.asyncProperty(parameters, fc.nat(), async (values, seed) => {
        const bytes = writeSafetensors(values)
        const cut = bytes.subarray(0, seed % bytes.length)
        const error: unknown = await readAll(cut).catch((cause: unknown) => cause)
        const text = String(error)
        const missing = Number(/it is cut off: (?:at least )?(\d+) bytes are missing/.exec(text)?.[1])
        expect(error).toMatchObject({ code: 'input_invalid' })
        expect(missing).toBeGreaterThan(0)
        expect(missing).toBeLessThanOrEqual(bytes.length - cut.length)
        if (!text.includes('at least')) expect(missing).toBe(bytes.length - cut.length)
      }),
      { numRuns: 300 },
    )
  })

  test('a changed byte of the header is an error, or the file is still a whole one', async () => {
    const bytes = writeSafetensors({
      w: { shape: [2, 3], data: new Float32Array(6) },
      v: { shape: [2], data: new Float32Array(2) },
    })
    const header = bytes.length - 32
    await fc.assert(
      fc.asyncProperty(fc.nat(header - 1), fc.nat(255), async (at, value) => {
        const changed = bytes.with(at, value)
        const read = await readAll(changed).catch((cause: unknown) => cause)
        if (read instanceof Error) expect(read).toMatchObject({ code: 'input_invalid' })
        for (const { shape, data } of read instanceof Error ? [] : Object.values(read as ParameterValues)) {
          expect(data.length).toBe(shape.reduce((product, size) => product * size, 1))
          expect(data.length).toBeLessThanOrEqual(16)
        }
      }),
      { numRuns: 500 },
    )
  })

  const four = [0, 0, 0, 0] as const
  test.each<[string, Uint8Array, string]>([
    ['a long header', Uint8Array.of(1, 0xe1, 0xf5, 5, 0, 0, 0, 0), 'the limit is 100 MB'],
    ['a header of 2^63 bytes', Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x80), 'the limit is 100 MB'],
    ['another file', file('[]'), 'does not begin with {'],
    ['no JSON', file('{"a"'), 'its header is no JSON'],
    ['no UTF-8', file('{}').with(8, 0x7b).with(9, 0xff), 'its header is no JSON'],
    ['a hole', file(`{"a":${entry('F32', [1], 4, 8)}}`, ...four, ...four), '4 bytes before a belong to no tensor'],
    [
      'an overlap',
      file(`{"a":${entry('U8', [3], 0, 3)},"b":${entry('U8', [2], 2, 4)}}`, ...four),
      'the bytes of b overlap',
    ],
    ['bytes at the end', file(`{"a":${entry('F32', [1], 0, 4)}}`, ...four, 0), '1 bytes at its end'],
    ['a wrong size', file(`{"a":${entry('F32', [2], 0, 4)}}`, ...four), '4 bytes do not fit F32 [2]'],
    ['a size past 2^53', file(`{"a":${entry('F32', [2 ** 30, 2 ** 30], 0, 4)}}`, ...four), 'is too large'],
    [
      'a negative size',
      file(`{"a":${entry('F32', [-1, -1], 0, 4)}}`, ...four),
      'shape must be a list of whole numbers',
    ],
    ['a broken size', file(`{"a":${entry('F32', [0.5, 2], 0, 4)}}`, ...four), 'shape must be a list of whole numbers'],
    ['offsets turned round', file(`{"a":${entry('F32', [1], 4, 0)}}`, ...four), 'end before they start'],
    ['three offsets', file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}', ...four), 'two whole numbers'],
    ['an unknown dtype', file(`{"a":${entry('toString', [1], 0, 4)}}`, ...four), 'unknown dtype "toString"'],
    ['no entry', file('{"a":3}'), 'it must be an object, not 3'],
    ['metadata that are no texts', file('{"__metadata__":{"step":3}}'), '__metadata__.step must be a text'],
    [
      'a name twice',
      file(`{"a":${entry('U8', [0], 0, 0)},"\\u0061":${entry('U8', [4], 0, 4)}}`, ...four),
      'names "a" twice',
    ],
    [
      'a field twice',
      file('{"a":{"dtype":"U8","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', ...four),
      'names "dtype" twice',
    ],
  ])('%s', async (_, bytes, message) => {
    const error: unknown = await openSafetensors(bytesSource(bytes), 'model.safetensors').catch(
      (cause: unknown) => cause,
    )
    expect(error).toMatchObject({ code: 'input_invalid' })
    expect(String(error)).toContain(message)
    expect(String(error)).toContain('model.safetensors: ')
  })
})
