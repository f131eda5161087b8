/**
 * Padding for events that hide their size. The model server's own is not passed on, because nobody can tell it from words; ours is
 * drawn once and cut to the same length.
 */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const POOL_SIZE = 4096
const LONGEST = 1024

const pool = [...crypto.getRandomValues(new Uint8Array(POOL_SIZE))].map((byte) => ALPHABET[byte % 64]).join('')

/** @param length characters; at most 1,024 are given */
export function padding(length: number): string {
  const size = Math.min(length, LONGEST)
  const start = Math.floor(Math.random() * (POOL_SIZE - size))
  return pool.slice(start, start + size)
}
