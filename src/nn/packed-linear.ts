/**
 * Linear models over the same hashed features, side by side in one table: a feature costs one cache line for all of them, and four
 * outputs are added at a time (each weight is a byte, two of them in the halves of a 32-bit lane).
 *
 * Sums are exact whole numbers, whatever the order. Scales, biases and calibration are the caller's matter.
 */
import type { HashedLinear } from './hashed-linear.ts'

/** Added to each weight so that it is a byte without a sign; taken off the sums again. */
const OFFSET = 128
/** Two bytes of a lane with room to grow. */
const BYTES = 0x00ff00ff
/** So many bytes fit into half a lane before they are moved to the sums. */
const BATCH = 256
/** Lanes added in one go: what fits into registers. */
const LANES = 5

export class PackedLinear {
  /** Outputs of all models, in order. */
  readonly width: number
  /** 32-bit lanes of a row. */
  readonly #lanes: number
  readonly #table: Int32Array
  readonly #bytes: Uint8Array

  /** @param models all with the same number of buckets */
  constructor(models: readonly HashedLinear[]) {
    this.width = models.reduce((sum, { outputs }) => sum + outputs.length, 0)
    this.#lanes = Math.ceil(this.width / 4)
    const rows = 2 ** (models[0]?.bits ?? 0)
    this.#table = new Int32Array(rows * this.#lanes)
    this.#bytes = new Uint8Array(this.#table.buffer)
    let column = 0
    for (const { outputs, weights } of models) {
      for (let output = 0; output < outputs.length; output++, column++)
        this.#fill(column, output, outputs.length, weights)
    }
  }

  /** Weight of a bucket for one output, −128…127. */
  weight(bucket: number, column: number): number {
    return (this.#bytes[this.#place(bucket, column)] ?? OFFSET) - OFFSET
  }

  /**
   * Sums of the weights of `buckets[0, count)`, written into `sums`.
   *
   * @param sums `4 * ceil(width / 4)` numbers or more
   * @param first first output wanted; those of its lane are summed too
   */
  sum(buckets: Int32Array, count: number, sums: Float64Array, first = 0): void {
    sums.fill(0 - OFFSET * count)
    let lane = first >> 2
    for (; lane + LANES <= this.#lanes; lane += LANES) this.#sumLanes(lane, buckets, count, sums)
    for (; lane < this.#lanes; lane++) this.#sumLane(lane, buckets, count, sums)
  }

  #fill(column: number, output: number, width: number, weights: Int8Array): void {
    for (let bucket = 0, from = output; from < weights.length; bucket++, from += width) {
      this.#bytes[this.#place(bucket, column)] = (weights[from] ?? 0) + OFFSET
    }
  }

  /** Bytes of a lane are found by arithmetic on the lane, so their place depends on the machine's order of bytes. */
  #place(bucket: number, column: number): number {
    const inLane = LITTLE_ENDIAN ? column & 3 : 3 - (column & 3)
    return (bucket * this.#lanes + (column >> 2)) * 4 + inLane
  }

  #sumLane(lane: number, buckets: Int32Array, count: number, sums: Float64Array): void {
    const table = this.#table
    const lanes = this.#lanes
    for (let from = 0; from < count; from += BATCH) {
      const to = Math.min(count, from + BATCH)
      let even = 0
      let odd = 0
      for (let index = from; index < to; index++) {
        const four = table[Math.imul(buckets[index] as number, lanes) + lane] as number
        even = (even + (four & BYTES)) | 0
        odd = (odd + ((four >>> 8) & BYTES)) | 0
      }
      addTo(sums, lane, even, odd)
    }
  }

  /** The same for five lanes at once. Written out: this loop is most of what the classifier costs. */
  #sumLanes(lane: number, buckets: Int32Array, count: number, sums: Float64Array): void {
    const table = this.#table
    const lanes = this.#lanes
    for (let from = 0; from < count; from += BATCH) {
      const to = Math.min(count, from + BATCH)
      let even0 = 0
      let odd0 = 0
      let even1 = 0
      let odd1 = 0
      let even2 = 0
      let odd2 = 0
      let even3 = 0
      let odd3 = 0
      let even4 = 0
      let odd4 = 0
      for (let index = from; index < to; index++) {
        const row = Math.imul(buckets[index] as number, lanes) + lane
        const four0 = table[row] as number
        const four1 = table[row + 1] as number
        const four2 = table[row + 2] as number
        const four3 = table[row + 3] as number
        const four4 = table[row + 4] as number
        even0 = (even0 + (four0 & BYTES)) | 0
        odd0 = (odd0 + ((four0 >>> 8) & BYTES)) | 0
        even1 = (even1 + (four1 & BYTES)) | 0
        odd1 = (odd1 + ((four1 >>> 8) & BYTES)) | 0
        even2 = (even2 + (four2 & BYTES)) | 0
        odd2 = (odd2 + ((four2 >>> 8) & BYTES)) | 0
        even3 = (even3 + (four3 & BYTES)) | 0
        odd3 = (odd3 + ((four3 >>> 8) & BYTES)) | 0
        even4 = (even4 + (four4 & BYTES)) | 0
        odd4 = (odd4 + ((four4 >>> 8) & BYTES)) | 0
      }
      addTo(sums, lane, even0, odd0)
      addTo(sums, lane + 1, even1, odd1)
      addTo(sums, lane + 2, even2, odd2)
      addTo(sums, lane + 3, even3, odd3)
      addTo(sums, lane + 4, even4, odd4)
    }
  }
}

const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1

function addTo(sums: Float64Array, lane: number, even: number, odd: number): void {
  const at = lane * 4
  sums[at] = (sums[at] as number) + (even & 0xffff)
  sums[at + 1] = (sums[at + 1] as number) + (odd & 0xffff)
  sums[at + 2] = (sums[at + 2] as number) + (even >>> 16)
  sums[at + 3] = (sums[at + 3] as number) + (odd >>> 16)
}
