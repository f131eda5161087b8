/**
 * A list of text hashes small enough to ship: the first nine hexadecimal digits of each, sorted, as differences.
 *
 * Layout: `PHSH`, format version (u32), count (u32), then for each hash its difference from the one before as a little-endian base-128
 * number. Little-endian. A text that is not in the list matches with probability count / 2^36: 2 in a million for 140,000 hashes.
 */
import { ParapetError } from '../../spec/index.ts'

/** What can tell whether a text's hash is known: a set, or a shortened list. */
export type KnownHashes = Pick<ReadonlySet<string>, 'has' | 'size'>

const MAGIC = 0x48534850
const VERSION = 1
const PREFIX = 12
/** Hexadecimal digits that are kept: 36 bits. */
const DIGITS = 9

/** The list of hashes by `textHash`, in any order. */
export function writeHashList(hashes: Iterable<string>): Uint8Array<ArrayBuffer> {
  const numbers = [...new Set([...hashes].map(shortened))].toSorted((left, right) => left - right)
  const bytes: number[] = []
  let before = 0
  for (const number of numbers) {
    let rest = number - before
    for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
    bytes.push(rest)
    before = number
  }
  const file = new Uint8Array(PREFIX + bytes.length)
  const view = new DataView(file.buffer)
  view.setUint32(0, MAGIC, true)
  view.setUint32(4, VERSION, true)
  view.setUint32(8, numbers.length, true)
  file.set(bytes, PREFIX)
  return file
}

/** Reads a list. Throws `input_invalid` when it is damaged; `name` is for that message. */
export function readHashList(bytes: Uint8Array, name: string): KnownHashes {
  const damaged = (why: string): ParapetError =>
    new ParapetError('input_invalid', `${name} is no whole list of hashes: ${why}. Install the package again.`)
  if (bytes.length < PREFIX) throw damaged('it is too short')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(0, true) !== MAGIC || view.getUint32(4, true) !== VERSION)
    throw damaged('its beginning is another')
  const known = new Set<number>()
  let [number, rest, factor] = [0, 0, 1]
  for (const byte of bytes.subarray(PREFIX)) {
    rest += (byte & 127) * factor
    factor *= 128
    if (byte >= 128) continue
    known.add((number += rest))
    ;[rest, factor] = [0, 1]
  }
  // Said so that no number at all, which endless continuation bytes come to, is refused too.
  if (factor !== 1 || known.size !== view.getUint32(8, true) || !(number < 16 ** DIGITS))
    throw damaged('it does not hold as many hashes as it says')
  return { size: known.size, has: (hash) => known.has(shortened(hash)) }
}

/** Reads a text of whole hashes, one a line. Throws `input_invalid` when it is damaged or cut off; `name` is for that message. */
export function readHashLines(text: string, name: string): KnownHashes {
  const lines = text.split('\n')
  const last = lines.pop()
  const wrong = lines.findIndex((line) => !/^[0-9a-f]{16}$/.test(line))
  if (last !== '' || wrong >= 0 || lines.length === 0)
    throw new ParapetError(
      'input_invalid',
      `${name} is no whole list of hashes: line ${wrong >= 0 ? wrong + 1 : lines.length + 1} is not one of 16 hexadecimal digits. Train again, or take the file away; what was learnt from is then not known.`,
    )
  return new Set(lines)
}

function shortened(hash: string): number {
  return Number.parseInt(hash.slice(0, DIGITS), 16)
}
