/** The bytes of a model, read back by a decoder that shares nothing with the writer, and by onnxruntime. */
import { describe, expect, test } from 'vitest'
import { runtime } from '../../../test/support/nn/run-graph.ts'
import { type DataType, OnnxGraph, type TensorData } from './graph.ts'
import { ProtobufWriter } from './protobuf-writer.ts'

/** A field: its number, and a whole number, raw 32 bits or bytes. */
type Field = readonly [number: number, value: bigint | Uint8Array]

function decode(bytes: Uint8Array): readonly Field[] {
  const fields: Field[] = []
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = BigInt(bytes[at++] ?? expect.fail('the message ends inside a number'))
      value |= (byte & 127n) << shift
      if (byte < 128n) return value
    }
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    if ((tag & 7) === 0) fields.push([tag >> 3, varint()])
    else {
      const length = (tag & 7) === 5 ? 4 : Number(varint())
      fields.push([tag >> 3, bytes.slice(at, (at += length))])
    }
  }
  expect(at).toBe(bytes.length)
  return fields
}

function all(fields: readonly Field[], number: number): readonly Uint8Array[] {
  return fields.flatMap(([field, value]) => (field === number && typeof value !== 'bigint' ? [value] : []))
}
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)

describe('protocol buffers', () => {
  test('known bytes of the encoding guide', () => {
    expect([...new ProtobufWriter().integer(1, 150).finish()]).toEqual([0x08, 0x96, 0x01])
    expect([...new ProtobufWriter().string(2, 'testing').finish()]).toEqual([
      0x12,
      7,
      ...new TextEncoder().encode('testing'),
    ])
    const nested = new ProtobufWriter().message(3, new ProtobufWriter().integer(1, 150))
    expect([...nested.finish()]).toEqual([0x1a, 0x03, 0x08, 0x96, 0x01])
  })

  test('negative and large numbers, floats, and fields behind nested large bytes', () => {
    const large = Uint8Array.from({ length: 5000 }, (_, index) => index % 251)
    const child = new ProtobufWriter()
      .integer(1, -1)
      .bytes(2, large)
      .integer(3, 2n ** 62n)
    const [[, inner] = expect.fail(), [, float] = expect.fail()] = decode(
      new ProtobufWriter().message(7, child).float(8, -1.5).finish(),
    )
    expect(decode(inner as Uint8Array)).toEqual([
      [1, 2n ** 64n - 1n],
      [2, large],
      [3, 2n ** 62n],
    ])
    expect([...(float as Uint8Array)]).toEqual([...new Uint8Array(Float32Array.of(-1.5).buffer)])
  })
})

function example(): OnnxGraph {
  const graph = new OnnxGraph()
  const x = graph.input('x', 'float32', ['batch', 3])
  const [doubled = ''] = graph.node('Mul', [x, graph.scalar(2)])
  const [product = ''] = graph.node('FusedMatMul', [doubled, x], {
    attributes: { transA: 1, alpha: { float: 0.5 } },
    domain: 'com.microsoft',
  })
  graph.node('ReduceSum', [product, graph.integers([1])], { attributes: { keepdims: 0 }, outputs: ['y'] })
  graph.output('y', 'float32', [3])
  return graph
}

describe('ONNX', () => {
  test('the same calls give the same bytes, and the parts are where the format wants them', () => {
    const bytes = example().build()
    expect(example().build()).toEqual(bytes)
    const model = decode(bytes)
    expect(model[0]).toEqual([1, 8n])
    expect(
      all(model, 8).map((set) => [text(all(decode(set), 1)[0]), decode(set).find(([field]) => field === 2)?.[1]]),
    ).toEqual([
      ['', 18n],
      ['com.microsoft', 1n],
    ])
    const graph = decode(all(model, 7)[0] ?? expect.fail())
    expect(all(graph, 1).map((node) => text(all(decode(node), 4)[0]))).toEqual(['Mul', 'FusedMatMul', 'ReduceSum'])
    expect(all(graph, 11).map((input) => text(all(decode(input), 1)[0]))).toEqual(['x'])
    expect(all(graph, 12).map((output) => text(all(decode(output), 1)[0]))).toEqual(['y'])
    expect(all(graph, 5)).toHaveLength(2)
  })

  test('onnxruntime runs it, with a named dimension of any size', async () => {
    const ort = await runtime()
    const session = await ort.session(example().build())
    const { y } = await session.run({ x: ort.tensor('float32', Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]) })
    // xᵀx = [[17,22,27],[22,29,36],[27,36,45]]
    expect(y?.data).toEqual(Float32Array.of(66, 87, 108))
    await session.release()
  })

  const values: readonly (readonly [DataType, TensorData])[] = [
    ['float32', Float32Array.of(-1.5, 0, 3)],
    ['uint8', Uint8Array.of(0, 7, 255)],
    ['int8', Int8Array.of(-128, 0, 127)],
    ['int32', Int32Array.of(-5, 0, 2 ** 31 - 1)],
    ['int64', BigInt64Array.of(-5n, 0n, 2n ** 62n)],
    ['bool', Uint8Array.of(1, 0, 1)],
  ]
  test.each(values)('a %s constant comes back as it was', async (dataType, data) => {
    const graph = new OnnxGraph()
    graph.node('Identity', [graph.initializer(dataType, [3], data)], { outputs: ['y'] })
    graph.output('y', dataType, [3])
    const session = await (await runtime()).session(graph.build())
    const { y } = await session.run({})
    expect(y?.type).toBe(dataType)
    expect(y?.data).toEqual(data)
    await session.release()
  })

  test('mistakes are named', () => {
    const graph = new OnnxGraph()
    graph.input('x', 'float32', [2])
    expect(() => graph.input('x', 'float32', [2])).toThrow('defines x twice')
    expect(() => graph.node('Neg', ['y'])).toThrow('Neg reads y')
    expect(() => graph.initializer('float32', [2, 2], new Float32Array(3))).toThrow('[2,2] needs 4 elements, not 3')
  })
})
