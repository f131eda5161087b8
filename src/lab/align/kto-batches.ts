/**
 * Batches for KTO with the mismatched responses its reference point needs: each prompt is paired with the response of another row
 * of the same batch. The order is drawn before the pairing, because a shuffle afterwards would break it.
 */
import { ParapetError } from '../../spec/errors.ts'
import { createRandom } from '../../nn/random.ts'
import type { Candidate } from './build-pairs.ts'
import { type LabelledTurn, promptKey, shuffled } from './pairs.ts'

/** All lists have `batchSize` entries. */
export interface KtoBatch {
  readonly turns: readonly LabelledTurn[]
  /** Prompt of row i with the response of row i + shift, cyclic. */
  readonly mismatched: readonly Candidate[]
  /** Weights of the turns; 0 in rows that only fill the last batch. */
  readonly weights: readonly number[]
  /** 1 as in the paper, unless another shift pairs fewer prompts with an answer to the same prompt. */
  readonly shift: number
}

export interface KtoBatchOptions {
  /** At least 2. */
  readonly batchSize: number
  /** Order of the turns; as given if absent. Use another one for each pass over the data. */
  readonly seed?: number
}

/**
 * All turns once. The last batch is filled up with turns from the front at weight 0, so that every batch has the size the graph was
 * built for. Throws `configuration` for a batch of one and `input_invalid` for fewer than two turns.
 */
export function ktoBatches(turns: readonly LabelledTurn[], { batchSize, seed }: KtoBatchOptions): readonly KtoBatch[] {
  if (!Number.isInteger(batchSize) || batchSize < 2)
    throw new ParapetError(
      'configuration',
      `KTO needs batches of at least 2 turns, not ${batchSize}: alone a row's mismatch is its match.`,
    )
  if (turns.length < 2)
    throw new ParapetError('input_invalid', `KTO needs at least 2 labelled turns; there are ${turns.length}.`)
  const order = seed === undefined ? turns : shuffled(turns, createRandom(seed))
  return Array.from({ length: Math.ceil(order.length / batchSize) }, (_, batch) => {
    const places = Array.from({ length: batchSize }, (__, row) => batch * batchSize + row)
    const rows = places.map((place) => order[place % order.length] as LabelledTurn)
    const shift = bestShift(rows)
    return {
      turns: rows,
      mismatched: rows.map(({ prompt }, row) => ({
        prompt,
        response: rows[(row + shift) % batchSize]?.response ?? '',
      })),
      weights: rows.map(({ weight = 1 }, row) => ((places[row] ?? 0) < order.length ? weight : 0)),
      shift,
    }
  })
}

/** The smallest shift with the fewest rows that meet an answer to their own prompt: several samples of a prompt may be neighbours. */
function bestShift(rows: readonly LabelledTurn[]): number {
  const keys = rows.map(({ prompt }) => promptKey(prompt))
  const collisions = (shift: number): number =>
    keys.filter((key, row) => key === keys[(row + shift) % keys.length]).length
  let best = 1
  let fewest = collisions(1)
  for (let shift = 2; shift < rows.length && fewest > 0; shift += 1) {
    const met = collisions(shift)
    if (met < fewest) [best, fewest] = [shift, met]
  }
  return best
}
