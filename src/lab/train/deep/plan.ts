/**
 * Which examples are learnt in which order, and in which batches. Everything is decided before the first step, from the seed alone,
 * so that a run can stop and go on anywhere.
 */
import { createRandom } from '../../../nn/random.ts'
import { ParapetError } from '../../../spec/errors.ts'

/** Size of a training graph: so many tokens a text, so many texts a step. */
export interface Bucket {
  readonly length: number
  readonly batch: number
}

/** About 2,560 tokens a step at every length. */
export const BUCKETS: readonly Bucket[] = [
  { length: 16, batch: 160 },
  { length: 32, batch: 80 },
  { length: 64, batch: 40 },
  { length: 128, batch: 20 },
]

/** A group of this size has as large a share as it has examples. */
const GROUP_SIZE = 1500
/** No example of a small group is drawn more than so many times as often as its number says. */
const MOST_REPEATS = 3

/**
 * How much a group of `size` examples counts beside others: grows with the square root, so that large files do not drown small
 * ones, and at most threefold, so that few examples are not learnt by heart.
 */
export function groupShare(size: number): number {
  return Math.min(GROUP_SIZE * Math.sqrt(size / GROUP_SIZE), MOST_REPEATS * size)
}

/** Places of the members of each group, groups in the order they first appear. */
export function byGroup(groups: readonly string[]): ReadonlyMap<string, readonly number[]> {
  const members = new Map<string, number[]>()
  groups.forEach((group, index) => {
    const list = members.get(group)
    if (list === undefined) members.set(group, [index])
    else list.push(index)
  })
  return members
}

export interface OrderOptions {
  /** Examples to draw, repeats counted; rounding may move it by one a group. */
  readonly rows: number
  readonly seed: number
  /** Factor of a group's share; 1 for all if absent. */
  readonly factor?: (group: string) => number
}

/** Places of examples in the order they are learnt, given the group of each. */
export function planOrder(groups: readonly string[], { rows, seed, factor = () => 1 }: OrderOptions): Int32Array {
  const random = createRandom(seed)
  const shares = [...byGroup(groups)].map(([group, members]) => ({
    members,
    share: groupShare(members.length) * factor(group),
  }))
  const scale = rows / shares.reduce((sum, { share }) => sum + share, 0)
  const order: number[] = []
  for (const { members, share } of shares) {
    const wanted = Math.round(share * scale)
    // Whole rounds, each shuffled anew: no example comes twice before all have come once.
    for (let drawn = 0; drawn < wanted; drawn += members.length)
      for (const place of shuffled(members, random).slice(0, wanted - drawn)) order.push(place)
  }
  return Int32Array.from(shuffled(order, random))
}

export interface PlannedBatch {
  readonly bucket: Bucket
  /** Places of examples; fewer than `bucket.batch` only in the last batches. */
  readonly rows: Int32Array
}

/**
 * Sorts examples by length into the smallest bucket they fit, each of which gives a batch when it is full. What is left at the end
 * makes the last, smaller batches. Throws for an example longer than every bucket.
 */
export function planBatches(
  order: Int32Array,
  lengthOf: (place: number) => number,
  buckets: readonly Bucket[] = BUCKETS,
): readonly PlannedBatch[] {
  const sorted = buckets.toSorted((one, other) => one.length - other.length)
  const queues = sorted.map((bucket) => ({ bucket, waiting: [] as number[] }))
  const batches: PlannedBatch[] = []
  const flush = (queue: { readonly bucket: Bucket; waiting: number[] }): void => {
    batches.push({ bucket: queue.bucket, rows: Int32Array.from(queue.waiting) })
    queue.waiting = []
  }
  for (const place of order) {
    const length = lengthOf(place)
    const queue = queues.find(({ bucket }) => length <= bucket.length)
    if (queue === undefined)
      throw new ParapetError('configuration', `No bucket holds a text of ${length} tokens: cut it or add a bucket.`)
    queue.waiting.push(place)
    if (queue.waiting.length === queue.bucket.batch) flush(queue)
  }
  for (const queue of queues) if (queue.waiting.length > 0) flush(queue)
  return batches
}

function shuffled(list: readonly number[], random: () => number): number[] {
  const result = [...list]
  for (let index = result.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1))
    const moved = result[index] as number
    result[index] = result[other] as number
    result[other] = moved
  }
  return result
}
