/**
 * Writes the protocol-buffers wire format (https://protobuf.dev/programming-guides/encoding), as much of it as ONNX files need:
 * varints, 32-bit floats, strings, bytes and nested messages. It reads nothing and knows no schema.
 *
 * Large byte fields are kept by reference until `finish`, so weights are copied once, into the final array.
 */
import { ParapetError } from '../../spec/errors.ts'

const VARINT = 0
const LENGTH_DELIMITED = 2
const FIXED_32 = 5
/** Byte fields from this size on are kept by reference. */
const BORROW_FROM = 1024
/** Protocol buffers, and so ONNX files without external data, end at 2 GiB. */
const MAX_MESSAGE = 2 ** 31 - 1

export class ProtobufWriter {
  readonly #finished: Uint8Array[] = []
  #finishedLength = 0
  #open: Uint8Array = new Uint8Array(64)
  #openLength = 0

  /** Bytes written so far. */
  get length(): number {
    return this.#finishedLength + this.#openLength
  }

  /** An integer field; negative numbers take ten bytes, as the format wants for `int64`. */
  integer(field: number, value: number | bigint): this {
    this.#tag(field, VARINT)
    this.#varint(value)
    return this
  }

  /** A 32-bit float field. */
  float(field: number, value: number): this {
    this.#tag(field, FIXED_32)
    this.#reserve(4)
    new DataView(this.#open.buffer).setFloat32(this.#openLength, value, true)
    this.#openLength += 4
    return this
  }

  string(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value))
  }

  /** A byte field. Do not change a large `value` before `finish`. */
  bytes(field: number, value: Uint8Array): this {
    this.#tag(field, LENGTH_DELIMITED)
    this.#varint(value.length)
    if (value.length >= BORROW_FROM) this.#adopt(value)
    else {
      this.#reserve(value.length)
      this.#open.set(value, this.#openLength)
      this.#openLength += value.length
    }
    return this
  }

  /** A nested message. The child must not be written to afterwards. */
  message(field: number, child: ProtobufWriter): this {
    this.#tag(field, LENGTH_DELIMITED)
    this.#varint(child.length)
    if (child.length < BORROW_FROM) {
      this.#reserve(child.length)
      for (const part of child.#parts()) {
        this.#open.set(part, this.#openLength)
        this.#openLength += part.length
      }
    } else for (const part of child.#parts()) this.#adopt(part)
    return this
  }

  /** The whole message in one array. */
  finish(): Uint8Array {
    if (this.length > MAX_MESSAGE)
      throw new ParapetError('input_too_large', `An ONNX file ends at 2 GiB, this one has ${this.length} bytes.`)
    const result = new Uint8Array(this.length)
    let at = 0
    for (const part of this.#parts()) {
      result.set(part, at)
      at += part.length
    }
    return result
  }

  #parts(): readonly Uint8Array[] {
    return [...this.#finished, this.#open.subarray(0, this.#openLength)]
  }

  #adopt(part: Uint8Array): void {
    if (this.#openLength > 0) {
      this.#finished.push(this.#open.subarray(0, this.#openLength))
      this.#finishedLength += this.#openLength
      this.#open = new Uint8Array(64)
      this.#openLength = 0
    }
    this.#finished.push(part)
    this.#finishedLength += part.length
  }

  #tag(field: number, wireType: number): void {
    this.#varint((field << 3) | wireType)
  }

  #varint(value: number | bigint): void {
    this.#reserve(10)
    let rest = BigInt.asUintN(64, BigInt(value))
    while (rest > 127n) {
      this.#open[this.#openLength++] = Number(rest & 127n) | 128
      rest >>= 7n
    }
    this.#open[this.#openLength++] = Number(rest)
  }

  #reserve(count: number): void {
    if (this.#openLength + count <= this.#open.length) return
    const larger = new Uint8Array(Math.max(this.#open.length * 2, this.#openLength + count))
    larger.set(this.#open.subarray(0, this.#openLength))
    this.#open = larger
  }
}
