/**
 * Whether a JSON value that nobody here knows could carry words to a reader. Numbers, booleans and nulls cannot; any string,
 * and any key of an object, can. What carries text is judged or not passed on.
 */

const MAX_DEPTH = 16

/** True when the value holds a string that is not empty, or an object with keys, at any depth. */
export function carriesText(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return value !== ''
  if (typeof value !== 'object' || value === null) return false
  if (depth > MAX_DEPTH) return true
  if (Array.isArray(value)) return value.some((item) => carriesText(item, depth + 1))
  return Object.keys(value).length > 0
}
