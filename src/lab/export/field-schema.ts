/** Options of a trainer by name and type, and what is wrong with a file of them. It knows no trainer and no meaning of an option. */

/** `list` and `map` may hold anything; a `real` may be written whole. */
export type FieldType = 'text' | 'whole' | 'real' | 'flag' | 'list' | 'map'

export type FieldSchema = Readonly<Record<string, FieldType>>

/** A schema from names by type, each a text of names with spaces between. */
export function fields(names: Partial<Readonly<Record<FieldType, string>>>): FieldSchema {
  return Object.fromEntries(
    Object.entries(names).flatMap(([type, list]) =>
      list
        .split(/\s+/)
        .filter((name) => name !== '')
        .map((name) => [name, type as FieldType]),
    ),
  )
}

/** One line a fault: a name that is not known, a value of another type, a needed name that is missing. */
export function fieldFaults(
  file: string,
  value: unknown,
  schema: FieldSchema,
  needed: readonly string[] = [],
): readonly string[] {
  if (!isMapping(value)) return [`${file}: it is no mapping of names to values.`]
  const faults = Object.entries(value).flatMap(([name, held]) => {
    const type = Object.hasOwn(schema, name) ? schema[name] : undefined
    if (type === undefined) return [`${file}: ${name} is no known option.`]
    return hasType(held, type) ? [] : [`${file}: ${name} must be of type ${type}, not ${JSON.stringify(held)}.`]
  })
  const missing = needed.filter((name) => !Object.hasOwn(value, name))
  return [...faults, ...missing.map((name) => `${file}: ${name} is missing.`)]
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether the names are exactly these. */
export function hasExactly(value: unknown, names: readonly string[]): value is Readonly<Record<string, unknown>> {
  return isMapping(value) && Object.keys(value).toSorted().join() === names.toSorted().join()
}

function hasType(value: unknown, type: FieldType): boolean {
  switch (type) {
    case 'text':
      return typeof value === 'string'
    case 'whole':
      return Number.isInteger(value)
    case 'real':
      return typeof value === 'number' && Number.isFinite(value)
    case 'flag':
      return typeof value === 'boolean'
    case 'list':
      return Array.isArray(value)
    case 'map':
      return isMapping(value)
  }
}
