/** Works on several things with so many at once. One that fails stops no other. */

/** Passages of one text asked about at once; more would leave nothing of an engine to others. */
export const AT_ONCE = 6

/** What became of each item, in order. */
export async function settleAll<Item, Value>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Value>,
): Promise<readonly PromiseSettledResult<Value>[]> {
  const results: PromiseSettledResult<Value>[] = []
  const left = items.entries()
  const worker = async (): Promise<void> => {
    for (const [index, item] of left) {
      results[index] = await work(item).then(
        (value) => ({ status: 'fulfilled', value }) as const,
        (reason: unknown) => ({ status: 'rejected', reason }) as const,
      )
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return results
}
