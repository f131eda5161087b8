/**
 * The elements of one JSON array as rows of bytes, in bounded memory: it counts brackets outside of strings and parses nothing. What is
 * between two commas is an element, whatever it is; what is wrong with it is found when it is parsed.
 */
import { MAX_ROW_BYTES, type RawRow, TOO_LONG } from './raw-row.ts'

const [QUOTE, BACKSLASH, COMMA, FEED] = [34, 92, 44, 10] as const
const OPENING: ReadonlySet<number> = new Set([91, 123])
const CLOSING: ReadonlySet<number> = new Set([93, 125])
const BLANK: ReadonlySet<number> = new Set([32, 9, 13, 10])

export async function* splitArray(
  source: AsyncIterable<Uint8Array>,
  limit: number = MAX_ROW_BYTES,
): AsyncGenerator<RawRow> {
  const scan = new ArrayScan(limit)
  for await (const chunk of source) yield* scan.read(chunk)
  const rest = scan.rest()
  if (rest !== null) yield rest
}

class ArrayScan {
  readonly #limit: number
  #pieces: Uint8Array[] = []
  #length = 0
  #line = 1
  #elementLine = 0
  /** 0 before the array, 1 between its brackets, more inside an element. */
  #depth = 0
  #ended = false
  #told = false
  #inString = false
  #escaped = false

  constructor(limit: number) {
    this.#limit = limit
  }

  *read(chunk: Uint8Array): Generator<RawRow> {
    let from = -1
    const keep = (to: number): void => {
      if (from >= 0) this.#add(chunk.subarray(from, to))
      from = -1
    }
    if (this.#elementLine > 0) from = 0
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] as number
      if (byte === FEED) this.#line += 1
      if (this.#ended) {
        if (BLANK.has(byte) || this.#told) continue
        this.#told = true
        yield this.#problem('There is text after the end of the array, which no check sees. Give one array a file.')
        continue
      }
      if (this.#inString) {
        this.#inString = this.#escaped || byte !== QUOTE
        this.#escaped = !this.#escaped && byte === BACKSLASH
        continue
      }
      if (this.#depth === 0) {
        if (OPENING.has(byte)) this.#depth = 1
        continue
      }
      if (this.#depth === 1 && (byte === COMMA || byte === 93)) {
        keep(at)
        const row = this.#take()
        if (row !== null) yield row
        this.#ended = byte !== COMMA
        continue
      }
      if (this.#elementLine === 0) {
        if (BLANK.has(byte)) continue
        this.#elementLine = this.#line
        from = at
      }
      if (byte === QUOTE) this.#inString = true
      else if (OPENING.has(byte)) this.#depth += 1
      else if (CLOSING.has(byte) && this.#depth > 1) this.#depth -= 1
    }
    keep(chunk.length)
  }

  rest(): RawRow | null {
    return this.#ended ? null : this.#problem('The array does not end: the file is cut off.')
  }

  #problem(problem: string): RawRow {
    return { line: this.#elementLine > 0 ? this.#elementLine : this.#line, bytes: null, problem }
  }

  #add(piece: Uint8Array): void {
    this.#length += piece.length
    if (this.#length <= this.#limit) this.#pieces.push(piece)
    else this.#pieces = []
  }

  #take(): RawRow | null {
    if (this.#elementLine === 0) return null
    const line = this.#elementLine
    const row =
      this.#length > this.#limit
        ? { line, bytes: null, problem: TOO_LONG }
        : { line, bytes: trimmed(Buffer.concat(this.#pieces)) }
    this.#pieces = []
    this.#length = 0
    this.#elementLine = 0
    return row
  }
}

/** Without the blanks between the element and the comma after it. */
function trimmed(bytes: Uint8Array): Uint8Array {
  let end = bytes.length
  while (end > 0 && BLANK.has(bytes[end - 1] as number)) end -= 1
  return bytes.subarray(0, end)
}
