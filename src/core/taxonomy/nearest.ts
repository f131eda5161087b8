/**
 * The nearest known name to a mistyped one, for "did you mean". Optimal string alignment distance (a swap of neighbours counts
 * once), cut off early; meant for short names.
 */

const MAX_LENGTH = 64

/** Edits between two names: insertions, deletions, replacements, swaps of neighbours. */
function distance(left: string, right: string): number {
  let older: number[] = []
  let old: number[] = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1]
      let best = Math.min(
        (old[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (old[column - 1] ?? 0) + (same ? 0 : 1),
      )
      if (row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]) {
        best = Math.min(best, (older[column - 2] ?? 0) + 1)
      }
      current.push(best)
    }
    older = old
    old = current
  }
  return old[right.length] ?? 0
}

/** The candidate closest to `name`, or undefined when none is close enough to be what was meant. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length > MAX_LENGTH) return undefined
  const wanted = name.toLowerCase()
  let best: string | undefined
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1
  for (const candidate of candidates) {
    if (candidate.length > MAX_LENGTH || Math.abs(candidate.length - wanted.length) >= least) continue
    const edits = distance(wanted, candidate.toLowerCase())
    if (edits < least) {
      least = edits
      best = candidate
    }
  }
  return best
}
