/** Sequences in batches of one size and one padded length each, because every pair of sizes is a graph of its own. */
import { paddedLength } from '../tokens/padded-length.ts'

/** Fixed sizes of one run. */
export interface CandidateBucket {
  readonly batch: number
  /** In tokens. */
  readonly length: number
}

export interface CandidateBatch<Sequence> {
  readonly bucket: CandidateBucket
  /** In the order given; fewer than `bucket.batch` in the last. */
  readonly rows: readonly Sequence[]
  /** [batch, length], 0 where nothing stands. */
  readonly ids: BigInt64Array
}

/** All batches have the length of the longest sequence. */
export function batchesOf<Sequence extends { readonly ids: ArrayLike<number> }>(
  sequences: readonly Sequence[],
  batch: number,
  maxLength: number,
): readonly CandidateBatch<Sequence>[] {
  const longest = sequences.reduce((most, { ids }) => Math.max(most, ids.length), 1)
  const bucket = { batch, length: paddedLength(longest, maxLength) }
  return Array.from({ length: Math.ceil(sequences.length / batch) }, (_, index) => {
    const rows = sequences.slice(index * batch, (index + 1) * batch)
    const ids = new BigInt64Array(batch * bucket.length)
    rows.forEach((row, slot) => {
      for (let at = 0; at < row.ids.length; at += 1) ids[slot * bucket.length + at] = BigInt(row.ids[at] ?? 0)
    })
    return { bucket, rows, ids }
  })
}
