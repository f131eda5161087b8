/**
 * Texts as sequences that fit into a model: one where the whole text does, else windows that overlap, so that nothing of a text goes
 * unread and what stands at the edge of one window stands inside the next.
 *
 * Counts are tokens. The tokenizer is not asked here.
 */
import type { FramePiece } from '../../nn/tokenizer/sequence-frame.ts'

/** One sequence as the model reads it. */
export interface Sequence {
  readonly ids: readonly number[]
  /** Kind of segment of each token. */
  readonly types: readonly number[]
}

/**
 * Windows of `size` over `length`, at multiples of `size - overlap`; the last one ends with the text. Every stretch of at most
 * `overlap` + 1 tokens lies inside one of them.
 */
export function tokenWindows(
  length: number,
  size: number,
  overlap: number,
): readonly (readonly [start: number, end: number])[] {
  if (length <= size) return [[0, length]]
  const step = size - overlap
  const windows: (readonly [number, number])[] = []
  for (let start = 0; start + size < length; start += step) windows.push([start, start + size])
  windows.push([length - size, length])
  return windows
}

/** Control tokens of a frame. */
export function frameSize(frame: readonly FramePiece[]): number {
  return frame.filter((piece) => 'token' in piece).length
}

/** A frame filled. */
export function framed(
  frame: readonly FramePiece[],
  texts: { readonly first: readonly number[]; readonly second?: readonly number[] },
): Sequence {
  const ids: number[] = []
  const types: number[] = []
  for (const piece of frame) {
    const tokens = 'token' in piece ? [piece.token] : (texts[piece.text] ?? [])
    for (const id of tokens) {
      ids.push(id)
      types.push(piece.type)
    }
  }
  return { ids, types }
}

/** Tokens of a context that stay beside a text: half of the room, or all that the text leaves. */
export function contextRoom(room: number, text: number): number {
  return Math.max(Math.floor(room / 2), room - text)
}
