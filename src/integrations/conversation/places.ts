/**
 * Where a text stands in a framework's own value, and how another text is put there: by the path of keys that leads to it, copying
 * only what lies on the way. The value that came in is never changed.
 */

/** Keys and indices from the root of a value to the place. */
export type Path = readonly (string | number)[]

/** Put at a place, takes the key away. */
export const REMOVED: unique symbol = Symbol('removed')

/** The value with something else at one place. */
export function withValueAt<T>(root: T, path: Path, value: unknown): T {
  return replaced(root, path, 0, value) as T
}

function replaced(node: unknown, path: Path, depth: number, value: unknown): unknown {
  const key = path[depth]
  if (key === undefined) return value
  if (typeof node !== 'object' || node === null) return node
  const next = replaced((node as Readonly<Record<string | number, unknown>>)[key], path, depth + 1, value)
  if (Array.isArray(node)) return node.map((item: unknown, index) => (index === key ? next : item))
  if (next !== REMOVED) return { ...node, [key]: next }
  return Object.fromEntries(Object.entries(node).filter(([name]) => name !== key))
}
