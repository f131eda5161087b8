/**
 * Unigram tokenizer (Kudo 2018, "Subword regularization", §3.2): of all ways to write a text as pieces it takes the one whose
 * scores (log-probabilities) add up to most, found by the Viterbi algorithm over a trie in time linear in the text.
 *
 * It is made from a list of pieces, as SentencePiece models hold them. Training such a list, sampling segmentations and the
 * character map of SentencePiece's own normaliser are left out; Unicode NFKC stands in for the last.
 */
import { ParapetError } from '../../spec/errors.ts'

/** Stands for a space, as in SentencePiece. */
const SPACE = '\u2581'
/** What SentencePiece takes from the lowest score for an unknown character, so that any known way wins. */
const UNKNOWN_PENALTY = 10

export interface UnigramOptions {
  /** Pieces with their scores; the place in the list is the id. */
  readonly pieces: readonly (readonly [piece: string, score: number])[]
  /** So many pieces at the front never match text (unknown, start, end, …); 0 if absent. */
  readonly reserved?: number
  /** Id of characters that no piece covers; 0 if absent. Neighbours of this id become one. */
  readonly unknownId?: number
  /** Write uncovered characters as their UTF-8 bytes, for which pieces `<0x00>`…`<0xFF>` exist. */
  readonly byteFallback?: boolean
  /** Unicode NFKC before anything else; true if absent. */
  readonly normalise?: boolean
  /** Lower-case the text; false if absent. */
  readonly lowerCase?: boolean
  /** Put a space in front, so that a first word looks like the others; true if absent. */
  readonly dummyPrefix?: boolean
}

/** Nodes of the trie in one table: an open-addressing hash from (node, UTF-16 unit) to node. */
interface Trie {
  readonly keys: Float64Array
  readonly targets: Int32Array
  /** Piece that ends at a node, or -1. */
  readonly pieceAt: Int32Array
}

export class UnigramTokenizer {
  readonly #pieces: readonly string[]
  readonly #scores: Float64Array
  readonly #trie: Trie
  readonly #unknownId: number
  readonly #unknownScore: number
  /** Ids of `<0x00>`…`<0xFF>`; empty without byte fallback. */
  readonly #bytes: readonly number[]
  readonly #options: UnigramOptions

  constructor(options: UnigramOptions) {
    const { pieces, reserved = 0, unknownId = 0, byteFallback = false } = options
    if (pieces[unknownId] === undefined)
      throw new ParapetError('input_invalid', `The unknown id ${unknownId} is not one of the ${pieces.length} pieces.`)
    this.#options = options
    this.#pieces = pieces.map(([piece]) => piece)
    this.#scores = Float64Array.from(pieces, ([, score]) => score)
    this.#unknownId = unknownId
    this.#bytes = byteFallback ? byteIds(this.#pieces) : []
    const special = new Set(this.#bytes)
    const matching = this.#pieces.map((piece, id) => (id < reserved || special.has(id) ? '' : piece))
    this.#trie = trieOf(matching)
    const lowest = pieces.reduce((least, [, score], id) => (matching[id] === '' ? least : Math.min(least, score)), 0)
    this.#unknownScore = lowest - UNKNOWN_PENALTY
  }

  get vocabularySize(): number {
    return this.#pieces.length
  }

  /** The piece with this id. */
  piece(id: number): string | undefined {
    return this.#pieces[id]
  }

  /** Ids of the best segmentation; none for an empty text. */
  encode(text: string): Int32Array {
    const prepared = this.prepare(text)
    const { pieceEnding, lengthEnding } = this.#viterbi(prepared)
    const ids: number[] = []
    for (let end = prepared.length; end > 0;) {
      const length = lengthEnding[end] as number
      const id = pieceEnding[end] as number
      if (id >= 0) ids.push(id)
      else if (this.#bytes.length > 0) {
        const bytes = new TextEncoder().encode(prepared.slice(end - length, end))
        for (const byte of bytes.toReversed()) ids.push(this.#bytes[byte] as number)
      } else if (ids.at(-1) !== this.#unknownId) ids.push(this.#unknownId)
      end -= length
    }
    return Int32Array.from(ids.toReversed())
  }

  /** The text that is cut into pieces: normalised, with `▁` for spaces. */
  prepare(text: string): string {
    const { normalise = true, lowerCase = false, dummyPrefix = true } = this.#options
    const normal = normalise ? text.normalize('NFKC') : text
    const cased = lowerCase ? normal.toLowerCase() : normal
    return cased === '' ? '' : (dummyPrefix ? SPACE : '') + cased.replaceAll(' ', SPACE)
  }

  /** For each end the last piece (-1 for an unknown character) and its length on the best way there. */
  #viterbi(text: string): { readonly pieceEnding: Int32Array; readonly lengthEnding: Int32Array } {
    const { keys, targets, pieceAt } = this.#trie
    const best = new Float64Array(text.length + 1).fill(-Infinity)
    const pieceEnding = new Int32Array(text.length + 1)
    const lengthEnding = new Int32Array(text.length + 1)
    best[0] = 0
    const offer = (start: number, end: number, score: number, piece: number): void => {
      const sum = (best[start] as number) + score
      // Of equal ways the one with the shorter last piece, as other implementations decide.
      if (sum < (best[end] as number)) return
      best[end] = sum
      pieceEnding[end] = piece
      lengthEnding[end] = end - start
    }
    for (let start = 0; start < text.length;) {
      const size = (text.codePointAt(start) as number) > 0xffff ? 2 : 1
      let node = 0
      let covered = false
      for (let end = start; end < text.length; end += 1) {
        node = child(keys, targets, node, text.charCodeAt(end))
        if (node < 0) break
        const piece = pieceAt[node] as number
        if (piece < 0) continue
        if (end + 1 - start === size) covered = true
        offer(start, end + 1, this.#scores[piece] as number, piece)
      }
      if (!covered) offer(start, start + size, this.#unknownScore, -1)
      start += size
    }
    return { pieceEnding, lengthEnding }
  }
}

function byteIds(pieces: readonly string[]): readonly number[] {
  const ids = new Map(pieces.map((piece, id) => [piece, id]))
  return Array.from({ length: 256 }, (_, byte) => {
    const name = `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`
    return ids.get(name) ?? missing(name)
  })
}

function missing(name: string): never {
  throw new ParapetError('input_invalid', `Byte fallback needs the piece ${name}, which is not in the list.`)
}

/** Empty strings stand for pieces that never match. Of equal pieces the last one counts. */
function trieOf(pieces: readonly string[]): Trie {
  const most = pieces.reduce((sum, piece) => sum + piece.length, 1)
  const size = 2 ** Math.ceil(Math.log2(2 * most))
  const keys = new Float64Array(size).fill(-1)
  const targets = new Int32Array(size)
  const pieceAt = new Int32Array(most + 1).fill(-1)
  let nodes = 1
  pieces.forEach((piece, id) => {
    if (piece === '') return
    let node = 0
    for (let index = 0; index < piece.length; index += 1) {
      const unit = piece.charCodeAt(index)
      const slot = slotOf(keys, node, unit)
      if (keys[slot] === -1) {
        keys[slot] = node * 65536 + unit
        targets[slot] = nodes
        nodes += 1
      }
      node = targets[slot] as number
    }
    pieceAt[node] = id
  })
  return { keys, targets, pieceAt }
}

function child(keys: Float64Array, targets: Int32Array, node: number, unit: number): number {
  const slot = slotOf(keys, node, unit)
  return keys[slot] === -1 ? -1 : (targets[slot] as number)
}

/** The slot that holds (node, unit), or the free one where it would stand. */
function slotOf(keys: Float64Array, node: number, unit: number): number {
  const key = node * 65536 + unit
  const mask = keys.length - 1
  let slot = (Math.imul(node, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b)) >>> 7
  for (slot &= mask; keys[slot] !== -1 && keys[slot] !== key; slot = (slot + 1) & mask);
  return slot
}
