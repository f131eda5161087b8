/** A sentence encoder so small that a test trains it: a few English words and the letters are its pieces. */
import { USE_LITE, initialParameters, type EncoderConfig } from '../../../src/nn/encoder/config.ts'
import type { ParameterValues } from '../../../src/nn/tensor/parameters.ts'

/** Every English word the encoder knows, and the invented foreign word for the same. */
export const DICTIONARY: ReadonlyMap<string, string> = new Map([
  ['water', 'blorf'],
  ['steal', 'grumk'],
  ['roses', 'dalvi'],
  ['cake', 'mekku'],
  ['morning', 'tosani'],
  ['sister', 'wupel'],
  ['garden', 'hibro'],
  ['sweet', 'zantu'],
  ['summer', 'fenoq'],
  ['night', 'jyral'],
])
export const ENGLISH_WORDS: readonly string[] = [...DICTIONARY.keys()]

/** Pieces without the foreign words; the first is reserved. */
export const TINY_PIECES: readonly (readonly [piece: string, score: number])[] = [
  ['<unk>', 0],
  ['▁', -3],
  ...ENGLISH_WORDS.map((word): [string, number] => [`▁${word}`, -4]),
  ...[...'abcdefghijklmnopqrstuvwxyz'].map((letter): [string, number] => [letter, -6]),
]

export function tinyConfig(vocabularySize: number): EncoderConfig {
  return {
    ...USE_LITE,
    ...{ vocabularySize, embeddingWidth: 8, layers: [{ width: 8, heads: 2, feedForward: 12 }] },
    // Words must weigh more than their places, or all texts look alike.
    ...{ embeddingScale: 60, maxLength: 64, projection: 8, unitLength: false },
  }
}

export function tinyPretrained(): {
  readonly parameters: ParameterValues
  readonly pieces: typeof TINY_PIECES
  readonly reserved: number
} {
  return { parameters: initialParameters(tinyConfig(TINY_PIECES.length), 3), pieces: TINY_PIECES, reserved: 1 }
}

/** English sentences of three words beside what they are called in the invented language. */
export function invented(count: number): readonly { readonly english: string; readonly text: string }[] {
  return Array.from({ length: count }, (_, index) => {
    const words = [index, 3 * index + 1 + Math.floor(index / 10), 7 * index + Math.floor(index / 30)].map(
      (place) => ENGLISH_WORDS[place % ENGLISH_WORDS.length] ?? '',
    )
    return { english: words.join(' '), text: words.map((word) => DICTIONARY.get(word) ?? '').join(' ') }
  })
}

export function cosine(left: ArrayLike<number>, right: ArrayLike<number>): number {
  const product = (one: ArrayLike<number>, other: ArrayLike<number>): number =>
    Array.from(one).reduce((sum, value, index) => sum + value * (other[index] ?? 0), 0)
  return product(left, right) / Math.sqrt(product(left, left) * product(right, right))
}
