/**
 * MinHash of a row's word triples (Broder 1997) and how alike two rows are by it. Rows of fewer than three words are hashed whole. What is
 * done with alike rows is decided over the whole set (`set/near-duplicates.ts`).
 */

/** Numbers of a signature: the estimate of the Jaccard similarity has a standard error of at most 0.09. */
export const SIGNATURE = 32
/** Bands of four rows: rows that are alike by 0.9 meet in one of eight bands with probability 0.999, by 0.5 with 0.4. */
export const BANDS = 8
const ROWS = SIGNATURE / BANDS
const WORDS = 3
const LONGEST = 20_000

const MULTIPLIERS = Uint32Array.from({ length: SIGNATURE }, (_, index) => (Math.imul(index + 1, 0x9e3779b1) | 1) >>> 0)
const SHIFTS = Uint32Array.from({ length: SIGNATURE }, (_, index) => Math.imul(index + 17, 0x85ebca6b) >>> 0)

export function minHash(text: string): Uint32Array {
  const signature = new Uint32Array(SIGNATURE).fill(0xffffffff)
  const [first, second, words] = [0, 0, 0]
  let [a, b, count] = [first, second, words]
  let hash = 0
  let length = 0
  const end = Math.min(text.length, LONGEST)
  const word = (): void => {
    count += 1
    if (count >= WORDS) add(signature, mixed(Math.imul(a, 31) ^ Math.imul(b, 0x01000193) ^ hash))
    a = b
    b = hash
  }
  for (let at = 0; at <= end; at += 1) {
    const unit = at === end ? 32 : text.charCodeAt(at)
    const inside = (unit >= 48 && unit <= 57) || (unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90) || unit > 127
    if (inside) {
      hash = Math.imul((length === 0 ? 0x811c9dc5 : hash) ^ (unit >= 65 && unit <= 90 ? unit + 32 : unit), 0x01000193)
      length += 1
    } else if (length > 0) {
      word()
      length = 0
    }
  }
  if (count < WORDS) add(signature, mixed(Math.imul(a, 31) ^ b))
  return signature
}

/** Share of equal numbers: an estimate of the Jaccard similarity of the word triples. */
export function likeness(left: Uint32Array, right: Uint32Array): number {
  let equal = 0
  for (let at = 0; at < SIGNATURE; at += 1) if (left[at] === right[at]) equal += 1
  return equal / SIGNATURE
}

/** One key for each band: alike rows share one of them. */
export function bandKeys(signature: Uint32Array): readonly string[] {
  return Array.from(
    { length: BANDS },
    (_, band) => `${band}:${signature.subarray(band * ROWS, (band + 1) * ROWS).join()}`,
  )
}

export function packSignature(signature: Uint32Array): string {
  return Buffer.from(signature.buffer, signature.byteOffset, signature.byteLength).toString('base64')
}

export function unpackSignature(text: string): Uint32Array {
  const bytes = Buffer.from(text, 'base64')
  return Uint32Array.from({ length: SIGNATURE }, (_, index) => bytes.readUInt32LE(index * 4))
}

function add(signature: Uint32Array, hash: number): void {
  for (let at = 0; at < SIGNATURE; at += 1) {
    const value = mixed(Math.imul(hash ^ (SHIFTS[at] as number), MULTIPLIERS[at] as number))
    if (value < (signature[at] as number)) signature[at] = value
  }
}

function mixed(hash: number): number {
  const half = Math.imul(hash ^ (hash >>> 16), 0x2c1b3c6d)
  return (half ^ (half >>> 13)) >>> 0
}
