/**
 * Rows that have nearly the words of a bad one: of a row of the set that another check flagged, or of a known harmful row. Likeness is not
 * handed on: a row that is flagged for being alike makes no other row bad.
 */
import { bandKeys, likeness, unpackSignature } from '../checks/min-hash.ts'

export class BadRows {
  readonly #signatures: Uint32Array[] = []
  readonly #bands = new Map<string, number[]>()

  /** Adds a row by its packed signature. */
  add(packed: string): void {
    const signature = unpackSignature(packed)
    const place = this.#signatures.push(signature) - 1
    for (const key of bandKeys(signature)) {
      const places = this.#bands.get(key)
      if (places === undefined) this.#bands.set(key, [place])
      // Thousands of copies of one row need no further company.
      else if (places.length < 64) places.push(place)
    }
  }

  /** The greatest likeness to any of them, 0…1; 0 where none shares a band. */
  closest(packed: string): number {
    if (this.#signatures.length === 0) return 0
    const signature = unpackSignature(packed)
    const places = new Set(bandKeys(signature).flatMap((key) => this.#bands.get(key) ?? []))
    return [...places].reduce(
      (most, place) => Math.max(most, likeness(signature, this.#signatures[place] as Uint32Array)),
      0,
    )
  }
}
