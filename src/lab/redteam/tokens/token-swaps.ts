/**
 * The candidates of one GCG step (Zou et al. 2023, "Universal and transferable adversarial attacks on aligned language models", algorithm 1): for each
 * changing place the tokens by which the loss falls most to first order, and distinct pairs of place and rank drawn from them.
 */
export interface TokenSwap {
  readonly place: number
  readonly token: number
}

/**
 * For each of `places` at most `topK` tokens with the lowest slope, lowest first; neither forbidden ones nor the one that stands there.
 * `slopes` is [length, classes].
 */
export function promisingTokens(
  slopes: Float32Array,
  classes: number,
  { ids, places }: { readonly ids: ArrayLike<number>; readonly places: readonly number[] },
  forbidden: Uint8Array,
  topK: number,
): readonly (readonly number[])[] {
  return places.map((place) => {
    const row = slopes.subarray(place * classes, (place + 1) * classes)
    const allowed = [...row.keys()].filter((id) => forbidden[id] === 0 && id !== ids[place])
    return allowed.toSorted((one, other) => (row[one] ?? 0) - (row[other] ?? 0) || one - other).slice(0, topK)
  })
}

/** All distinct (place, rank) pairs as swaps, in random order; the caller takes as many as it wants. */
export function* drawSwaps(
  places: readonly number[],
  promising: readonly (readonly number[])[],
  random: () => number,
): Generator<TokenSwap, void, undefined> {
  const pairs = promising.flatMap((tokens, index) =>
    tokens.map((token): TokenSwap => ({ place: places[index] ?? 0, token })),
  )
  for (let left = pairs.length; left > 0; left -= 1) {
    const chosen = Math.floor(random() * left)
    const [swap] = pairs.splice(chosen, 1)
    if (swap !== undefined) yield swap
  }
}
