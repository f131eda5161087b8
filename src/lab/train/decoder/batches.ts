/**
 * Which sequences make up each step: sequences of about equal length together, a fixed shape for each length so that one graph serves
 * many steps, everything decided by a seed.
 *
 * A plan covers one pass (epoch); a run asks for the passes it needs.
 */
import { createRandom } from '../../../nn/random.ts'
import { ParapetError } from '../../../spec/errors.ts'

/** Fixed sizes of one step. */
export interface TokenBucket {
  readonly batch: number
  /** In tokens. */
  readonly length: number
  /** Room for positions whose next token is learnt, where far fewer are than there are positions; absent: for all of them. */
  readonly learnt?: number
}

export interface PlannedBatch {
  readonly bucket: TokenBucket
  /** Places in the list of sequences; fewer than `bucket.batch` in the last batch of a length. */
  readonly rows: readonly number[]
}

export interface BatchPlanOptions {
  /** Length of each sequence, in tokens. */
  readonly lengths: readonly number[]
  /** How many tokens of each sequence are learnt. */
  readonly learnt: readonly number[]
  /** Tokens of one step, padding included. */
  readonly tokensPerStep: number
  /** Lengths that sequences are padded to, rising; the last one bounds them. */
  readonly bucketLengths: readonly number[]
  readonly seed: number
}

/** Batches of one pass in random order. Every sequence is in exactly one of them. */
export function planPass(options: BatchPlanOptions, pass: number): readonly PlannedBatch[] {
  const { lengths, learnt, tokensPerStep, bucketLengths, seed } = options
  const random = createRandom(seed * 1_000_003 + pass)
  const members = new Map<number, number[]>(bucketLengths.map((length) => [length, []]))
  for (const [row, length] of lengths.entries()) {
    const padded = bucketLengths.find((candidate) => candidate >= length)
    if (padded === undefined)
      throw new ParapetError(
        'internal',
        `Sequence ${row} has ${length} tokens; the longest bucket has ${bucketLengths.at(-1)}.`,
      )
    members.get(padded)?.push(row)
  }
  const batches = [...members].flatMap(([length, rows]) => {
    shuffle(rows, random)
    const batch = Math.max(1, Math.floor(tokensPerStep / length))
    return Array.from({ length: Math.ceil(rows.length / batch) }, (_, index) => {
      const together = rows.slice(index * batch, (index + 1) * batch)
      const count = together.reduce((sum, row) => sum + (learnt[row] ?? 0), 0)
      return { bucket: { batch, length, ...roomFor(count, batch * length) }, rows: together }
    })
  })
  shuffle(batches, random)
  return batches
}

/** Eighths of all positions: few sizes, because each is a graph of its own. From seven eighths on, choosing costs what it saves. */
export function roomFor(count: number, positions: number): Pick<TokenBucket, 'learnt'> {
  const eighths = Math.max(1, Math.ceil((8 * count) / positions))
  return eighths >= 7 ? {} : { learnt: Math.ceil((eighths * positions) / 8) }
}

/** Puts a list in random order, in place (Fisher & Yates). */
export function shuffle(list: unknown[], random: () => number): void {
  for (let at = list.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1))
    ;[list[at], list[other]] = [list[other], list[at]]
  }
}
