/** Draws from a list. */
export function pick<Item>(from: readonly Item[], random: () => number): Item {
  const item = from[Math.floor(random() * from.length)]
  if (item === undefined) throw new RangeError('There is nothing to pick from.')
  return item
}
