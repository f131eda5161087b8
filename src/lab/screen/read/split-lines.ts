/**
 * JSON Lines as rows of bytes, in bounded memory. A carriage return before a line feed does not belong to a line; blank lines are no rows;
 * a last line without a line feed is one. Nothing is decoded here.
 */
import { MAX_ROW_BYTES, type RawRow, TOO_LONG } from './raw-row.ts'

export async function* splitLines(
  source: AsyncIterable<Uint8Array>,
  limit: number = MAX_ROW_BYTES,
): AsyncGenerator<RawRow> {
  let pieces: Uint8Array[] = []
  let length = 0
  let line = 1
  const take = (): RawRow | null => {
    const row = length > limit ? { line, bytes: null, problem: TOO_LONG } : wholeRow(pieces, line)
    pieces = []
    length = 0
    return row
  }
  const add = (piece: Uint8Array): void => {
    length += piece.length
    if (length <= limit) pieces.push(piece)
    else pieces = []
  }
  for await (const chunk of source) {
    let from = 0
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      add(chunk.subarray(from, at))
      const row = take()
      if (row !== null) yield row
      line += 1
      from = at + 1
    }
    if (from < chunk.length) add(chunk.subarray(from))
  }
  const row = length > 0 ? take() : null
  if (row !== null) yield row
}

function wholeRow(pieces: readonly Uint8Array[], line: number): RawRow | null {
  const [first] = pieces
  const bytes = pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces)
  let end = bytes.length
  if (bytes[end - 1] === 13) end -= 1
  for (let at = 0; at < end; at += 1) {
    const byte = bytes[at]
    if (byte !== 32 && byte !== 9 && byte !== 13) return { line, bytes: bytes.subarray(0, end) }
  }
  return null
}
