/**
 * Map from offsets of a normalised text to offsets of its original.
 *
 * Kept as runs of clusters of one shape (so many units became so many), which makes it small for ordinary text and at most
 * proportional to the text for hostile input. Looking up takes logarithmic time.
 */

/** Fields of a run: first unit in the original, first unit in the normalised text, units before, units after (per cluster). */
const FIELDS = 4
/** Room at first: as much as engines keep within the array object itself. */
const FIRST_RUNS = 4

export interface OffsetMap {
  /** The smallest range of the original that produced this range. */
  toOriginal(start: number, end: number): readonly [start: number, end: number]
}

/** Collects clusters in order and becomes the map. */
export class OffsetMapBuilder implements OffsetMap {
  #runs: Uint32Array = new Uint32Array(FIRST_RUNS * FIELDS)
  #count = 0
  #original = 0
  #normalised = 0
  #before = 0
  #after = 0

  /** Adds `count` units that stay where they are. */
  keep(count: number): void {
    this.#open(1, 1)
    this.#original += count
    this.#normalised += count
  }

  /** Adds one cluster of `before` units that became `after` units. */
  add(before: number, after: number): void {
    this.#open(before, after)
    this.#original += before
    this.#normalised += after
  }

  toOriginal(start: number, end: number): readonly [start: number, end: number] {
    const from = this.#locate(start, false)
    return end <= start ? [from, from] : [from, this.#locate(end - 1, true)]
  }

  #open(before: number, after: number): void {
    if (before === this.#before && after === this.#after) return
    this.#before = before
    this.#after = after
    const at = this.#count * FIELDS
    if (at === this.#runs.length) {
      const larger = new Uint32Array(this.#runs.length * 2)
      larger.set(this.#runs)
      this.#runs = larger
    }
    this.#runs[at] = this.#original
    this.#runs[at + 1] = this.#normalised
    this.#runs[at + 2] = before
    this.#runs[at + 3] = after
    this.#count += 1
  }

  /** Start (or end) in the original of the cluster that holds unit `offset` of the normalised text. */
  #locate(offset: number, wantEnd: boolean): number {
    if (offset >= this.#normalised) return this.#original
    let low = 0
    let high = this.#count - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if ((this.#runs[middle * FIELDS + 1] as number) <= offset) low = middle
      else high = middle - 1
    }
    const at = low * FIELDS
    const before = this.#runs[at + 2] as number
    const after = this.#runs[at + 3] as number
    const index = Math.floor((offset - (this.#runs[at + 1] as number)) / after)
    return (this.#runs[at] as number) + before * (wantEnd ? index + 1 : index)
  }
}
