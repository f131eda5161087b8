/**
 * Physical lines of a byte stream, one at a time, in bounded memory.
 *
 * A line ends at a line feed; a carriage return before it and a byte order mark at the start of the stream do not belong to
 * it. A last line without a line feed is a line. Nothing is decoded here: a line may be anything, binary included.
 */
import { createHash, type Hash } from 'node:crypto'

/** Longest line that is kept, in bytes. */
export const MAX_LINE_BYTES: number = 64 * 1024 * 1024

export interface PhysicalLine {
  /** The bytes without line end; null when the line is longer than the limit. */
  readonly bytes: Uint8Array | null
  /** SHA-256 of the line as read. Empty when not asked for. */
  readonly digest: string
}

export interface LineOptions {
  readonly limit?: number
  /** Also hash every line, to recognise it when a run is resumed. */
  readonly digests?: boolean
}

/** Splits a byte stream into lines. Closing the generator closes the source. */
export async function* readLines(
  source: AsyncIterable<Uint8Array | string>,
  options: LineOptions = {},
): AsyncGenerator<PhysicalLine, void, void> {
  const assembly = new LineAssembly(options.limit ?? MAX_LINE_BYTES, options.digests ?? false)
  for await (const piece of source) {
    const chunk =
      typeof piece === 'string' ? Buffer.from(piece) : Buffer.from(piece.buffer, piece.byteOffset, piece.length)
    let from = 0
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      assembly.add(chunk.subarray(from, at))
      yield assembly.take()
      from = at + 1
    }
    if (from < chunk.length) assembly.add(chunk.subarray(from))
  }
  if (assembly.hasRest()) yield assembly.take()
}

/** Number of physical lines. */
export async function countLines(source: AsyncIterable<Uint8Array | string>): Promise<number> {
  let count = 0
  const lines = readLines(source)
  for (let next = await lines.next(); next.done !== true; next = await lines.next()) count += 1
  return count
}

/** The pieces of the line being read. */
class LineAssembly {
  readonly #limit: number
  readonly #digests: boolean
  #pieces: Buffer[] = []
  #length = 0
  #first = true
  /** Running hash of a line that is too long to keep. */
  #overflow: Hash | null = null

  constructor(limit: number, digests: boolean) {
    this.#limit = limit
    this.#digests = digests
  }

  add(piece: Buffer): void {
    this.#length += piece.length
    if (this.#overflow !== null) {
      this.#overflow.update(piece)
      return
    }
    this.#pieces.push(piece)
    // Room for a byte order mark and a carriage return, which do not count.
    if (this.#length <= this.#limit + 4) return
    this.#overflow = createHash('sha256')
    for (const kept of this.#pieces) this.#overflow.update(kept)
    this.#pieces = []
  }

  hasRest(): boolean {
    if (this.#length === 0) return false
    return !(this.#first && this.#length === 3 && isMarked(Buffer.concat(this.#pieces)))
  }

  take(): PhysicalLine {
    const line = this.#overflow === null ? this.#whole() : { bytes: null, digest: this.#overflow.digest('hex') }
    this.#pieces = []
    this.#length = 0
    this.#overflow = null
    this.#first = false
    return line
  }

  #whole(): PhysicalLine {
    // A copy even of a single piece: a view would keep its whole chunk alive.
    let bytes = Buffer.concat(this.#pieces)
    const digest = this.#digests ? createHash('sha256').update(bytes).digest('hex') : ''
    if (this.#first && isMarked(bytes)) bytes = bytes.subarray(3)
    if (bytes.at(-1) === 13) bytes = bytes.subarray(0, -1)
    return { bytes: bytes.length > this.#limit ? null : bytes, digest }
  }
}

function isMarked(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
}
