/**
 * On which side of the hold-out a row stands: by its user, so that nobody's way of writing is learnt and measured, and nobody's
 * conversation; without a user by the text itself, a prompt with the answers to it. Both are the same in every collection, on every machine,
 * whatever else is collected.
 */
import { createHash } from 'node:crypto'
import { normalizeForHash } from '../../eval/contamination.ts'

export type Part = 'rows' | 'held-out'

/** @param holdOut share of texts that are held out, 0…1 */
export function partOf(
  { prompt, response }: { readonly prompt: string; readonly response: string | null },
  holdOut: number,
): Part {
  return drawn(normalizeForHash(prompt.trim() === '' ? (response ?? '') : prompt), holdOut)
}

/** @param holdOut share of users whose rows are held out, 0…1 */
export function partOfUser(user: string, holdOut: number): Part {
  return drawn(`user\n${user}`, holdOut)
}

function drawn(what: string, holdOut: number): Part {
  const digest = createHash('sha256').update(`hold-out\n${what}`).digest()
  return digest.readUInt32BE(0) / 2 ** 32 < holdOut ? 'held-out' : 'rows'
}
