/**
 * AdamW for tables of which a batch touches few rows. Gradients arrive for gathered rows; those of the same row are summed, and only
 * touched rows are updated.
 *
 * A row catches up when it is next touched: its moments and its weight decay are then exactly those dense AdamW would have (moments
 * shrink by β₁ᵏ and β₂ᵏ, decay multiplies up). Left out is one thing only: the movement that dense AdamW's momentum still makes
 * during steps in which the row has no gradient. With a row touched in every step nothing is left out.
 */
import { ParapetError } from '../../spec/errors.ts'
import { type AdamWSettings, type Moments, type UpdateStep, adamWUpdate, squaredNorm } from './adamw.ts'

/** Sums gradients of gathered rows, by row. */
export class RowGradients {
  readonly #width: number
  readonly #firstRow: number
  /** For each row of the table its place in `sums`, plus one; 0 if untouched. */
  readonly #slots: Int32Array
  #rows: Int32Array = new Int32Array(256)
  #sums: Float32Array
  #count = 0

  /** @param firstRow rows before it are frozen: their gradients are dropped. */
  constructor(tableRows: number, width: number, firstRow = 0) {
    this.#width = width
    this.#firstRow = firstRow
    this.#slots = new Int32Array(tableRows)
    this.#sums = new Float32Array(256 * width)
  }

  /** Touched rows, in the order they were first met. */
  get rows(): Int32Array {
    return this.#rows.subarray(0, this.#count)
  }

  /** Summed gradients [rows, width]. */
  get sums(): Float32Array {
    return this.#sums.subarray(0, this.#count * this.#width)
  }

  /** Adds gradients [ids.length, width] of the rows `ids`. A negative id is padding, whose gradient must be 0: it is passed over. */
  add(ids: BigInt64Array, gradients: Float32Array): void {
    const width = this.#width
    for (let index = 0; index < ids.length; index += 1) {
      const row = Number(ids[index])
      if (row < this.#firstRow) continue
      const to = this.#slotOf(row) * width
      const from = index * width
      const sums = this.#sums
      for (let column = 0; column < width; column += 1)
        sums[to + column] = (sums[to + column] as number) + (gradients[from + column] as number)
    }
  }

  squaredNorm(): number {
    return squaredNorm(this.#sums, this.#count * this.#width)
  }

  clear(): void {
    for (const row of this.rows) this.#slots[row] = 0
    this.#sums.fill(0, 0, this.#count * this.#width)
    this.#count = 0
  }

  #slotOf(row: number): number {
    const known = this.#slots[row]
    if (known === undefined)
      throw new ParapetError('input_invalid', `Row ${row} is outside the table of ${this.#slots.length} rows.`)
    if (known > 0) return known - 1
    if (this.#count === this.#rows.length) this.#grow()
    this.#rows[this.#count] = row
    this.#count += 1
    this.#slots[row] = this.#count
    return this.#count - 1
  }

  #grow(): void {
    const rows = new Int32Array(this.#rows.length * 2)
    rows.set(this.#rows)
    this.#rows = rows
    const sums = new Float32Array(this.#sums.length * 2)
    sums.set(this.#sums)
    this.#sums = sums
  }
}

/** What a table keeps between steps so that its rows can catch up. */
export interface LazyRows {
  /** Step at which each row was last updated; 0 for never. */
  readonly touched: Int32Array
  /** Logarithm of all weight decay up to that step. */
  readonly decayed: Float64Array
}

/**
 * Updates the touched rows of `table`. `totalDecay` is the logarithm of all weight decay up to the step before this one.
 */
export function sparseAdamWUpdate(
  table: Float32Array,
  gradients: RowGradients,
  moments: Moments,
  lazy: LazyRows,
  settings: AdamWSettings,
  step: UpdateStep,
  totalDecay: number,
): void {
  const { rows, sums } = gradients
  const width = rows.length === 0 ? 0 : sums.length / rows.length
  const decayAfter = totalDecay + Math.log(1 - step.learningRate * step.weightDecay)
  rows.forEach((row, index) => {
    const from = row * width
    const to = from + width
    const missed = step.step - 1 - (lazy.touched[row] ?? 0)
    if (missed > 0) {
      scaleRow(moments.first, from, to, settings.beta1 ** missed)
      scaleRow(moments.second, from, to, settings.beta2 ** missed)
      scaleRow(table, from, to, Math.exp(totalDecay - (lazy.decayed[row] ?? 0)))
    }
    adamWUpdate(table, sums, moments, settings, step, { from, to, gradientFrom: index * width })
    lazy.touched[row] = step.step
    lazy.decayed[row] = decayAfter
  })
}

/** Multiplies the elements `[from, to)`. */
export function scaleRow(values: Float32Array, from: number, to: number, factor: number): void {
  for (let at = from; at < to; at += 1) values[at] = (values[at] as number) * factor
}
