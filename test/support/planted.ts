/** Plants a marker in a value, in every string and under every name that could carry words, one place at a time. */

export const SENTENCE = 'a planted marker here'
export const MARK = /planted marker/

/** A value with the marker in one place. */
export interface Planted {
  readonly path: string
  readonly value: unknown
}

/** Names of variants, which select a kind and say nothing. */
const VARIANTS = new Set(['type', 'role', 'format', 'state', 'sourceType'])

export function plantings(value: unknown, path = ''): readonly Planted[] {
  if (typeof value === 'string') {
    // Media are not read as texts.
    if (value.startsWith('data:') || value.startsWith('https:')) return []
    return [{ path, value: value.startsWith('{"') ? `{"q":"${SENTENCE}"}` : SENTENCE }]
  }
  if (typeof value !== 'object' || value === null || value instanceof Date) return []
  return Object.entries(value).flatMap(([key, item]) => {
    if (VARIANTS.has(key)) return []
    return plantings(item, `${path}.${key}`).map((inner) => ({
      path: inner.path,
      value: Array.isArray(value)
        ? value.map((old: unknown, index) => (String(index) === key ? inner.value : old))
        : { ...value, [key]: inner.value },
    }))
  })
}

/** Everything a value says. */
export function says(value: unknown, seen: Set<unknown> = new Set()): string {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null || seen.has(value)) return ''
  seen.add(value)
  const error = value instanceof Error ? [value.message, value.cause] : []
  return [...Object.entries(value).flat(), ...error].map((item) => says(item, seen)).join('\n')
}
