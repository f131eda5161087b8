/**
 * Plants a sentence anywhere in a JSON value: in place of a string, a number or a switch, at the end of a string, as a key, or as the
 * value of a new key.
 */
import fc from 'fast-check'

/** Holds the word that the guards of `support.ts` take out, between others: no id and no name has blanks. */
export const MARKER = 'and then MASKME aloud'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
type Plant = (root: Json) => Json

/** The value with the marker in one of its places. */
export function planted<T>(value: T): fc.Arbitrary<T> {
  const plants = placesOf(value as Json)
  return fc.nat(plants.length - 1).map((index) => plants[index]?.(structuredClone(value) as Json) as T)
}

/** A way of planting for every place. */
function placesOf(value: Json, path: readonly (string | number)[] = []): Plant[] {
  const at =
    (change: (before: Json) => Json): Plant =>
    (root) =>
      changed(root, path, change)
  const here: Plant[] = path.length === 0 ? [] : [at(() => MARKER)]
  if (typeof value === 'string') here.push(at((before) => `${String(before)} ${MARKER}`))
  if (Array.isArray(value)) {
    here.push(at((before) => [...(before as Json[]), MARKER]))
    return [...here, ...value.flatMap((item, index) => placesOf(item, [...path, index]))]
  }
  if (typeof value !== 'object' || value === null) return here
  here.push(
    at((before) => ({ ...(before as object), [MARKER]: 1 })),
    at((before) => ({ ...(before as object), novel: MARKER })),
    at((before) => ({ ...(before as object), novel: { deep: [{ er: MARKER }] } })),
    at((before) => ({ ...(before as object), [`${MARKER}!`]: { deep: MARKER } })),
  )
  return [...here, ...Object.entries(value).flatMap(([key, item]) => placesOf(item, [...path, key]))]
}

function changed(root: Json, path: readonly (string | number)[], change: (before: Json) => Json): Json {
  const [key, ...rest] = path
  if (key === undefined) return change(root)
  const holder = root as Record<string | number, Json>
  holder[key] = changed(holder[key] ?? null, rest, change)
  return root
}
