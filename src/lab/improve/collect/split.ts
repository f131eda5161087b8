/**
 * On which side of the hold-out a text stands: by its own hash, so that it is the same in every collection, on every machine, whatever
 * else is collected. A prompt and the answers to it stand on one side.
 */
import { createHash } from 'node:crypto'
import { normalizeForHash } from '../../eval/contamination.ts'

export type Part = 'rows' | 'held-out'

/** @param holdOut share of texts that are held out, 0…0.5 */
export function partOf(
  { prompt, response }: { readonly prompt: string; readonly response: string | null },
  holdOut: number,
): Part {
  const text = prompt.trim() === '' ? (response ?? '') : prompt
  const digest = createHash('sha256')
    .update(`hold-out\n${normalizeForHash(text)}`)
    .digest()
  return digest.readUInt32BE(0) / 2 ** 32 < holdOut ? 'held-out' : 'rows'
}
