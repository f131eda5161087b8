/** Values of a framework whose form is not known yet: what can be said of them without trusting them. */

export type Fields = Readonly<Record<string, unknown>>

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value when it is a string, else nothing. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
