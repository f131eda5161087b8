/** Sharing texts out to the parts of a split, so that two writings of one thing are never in two parts. */
import { meaningfulWords } from '../../../nn/topic-scope.ts'
import { type Part, PARTS } from '../sample.ts'
import { placeOf } from './draw.ts'

/** As two writings of one thing are compared. */
export function normalised(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

/** Equal for texts of the same words, whatever their order, marks, small English words and endings: near-duplicates. */
export function wordsKey(text: string): string {
  const words = [...meaningfulWords(text.normalize('NFKC'))].toSorted().join(' ')
  return words === '' ? normalised(text) || text.trim() : words
}

/** Where training and calibration end, from 0 to 1 of a list. */
export type Ends = readonly [train: number, calibrate: number]
export const USUAL: Ends = [0.6, 0.8]
/** Nothing to train on: for what must be new to the model. */
export const UNTAUGHT: Ends = [0, 0.5]

/**
 * A list by part, in an order that depends on the seed and the texts alone; near-duplicates count once. A list of five reaches each part.
 */
export function shareOut<T>(
  items: readonly T[],
  options: { readonly seed: number; readonly text: (item: T) => string; readonly ends?: Ends },
): Readonly<Record<Part, readonly T[]>> {
  const { seed, text, ends = USUAL } = options
  const different = new Map<string, T>()
  for (const item of items) {
    const key = wordsKey(text(item))
    if (!different.has(key)) different.set(key, item)
  }
  const order = [...different]
    .map(([key, item]) => ({ key, item, place: placeOf(key, seed) }))
    .toSorted((one, other) => one.place - other.place)
    .map(({ item }) => item)
  const [train, calibrate] = ends.map((share) =>
    share === 0 ? 0 : Math.max(1, Math.round(share * order.length)),
  ) as unknown as Ends
  return Object.fromEntries(
    PARTS.map((part, at) => [part, order.slice([0, train, calibrate][at], [train, calibrate, order.length][at])]),
  ) as unknown as Readonly<Record<Part, readonly T[]>>
}

/** The part of a text alone, for lists that are too long or too loose to be shared out by order. */
export function partOf(text: string, seed: number, [train, calibrate]: Ends = USUAL): Part {
  const place = placeOf(wordsKey(text), seed)
  return place < train ? 'train' : place < calibrate ? 'calibrate' : 'test'
}
