/**
 * HTML that is safe by construction: a tagged template that escapes every value which is not markup itself.
 *
 * Only `html` makes markup, so a name from a file can never become a tag or end an attribute. It is no template language.
 */

/** Escaped HTML or SVG. */
export interface Markup {
  readonly markup: string
}

type Value = Markup | string | number | null | readonly (Markup | string | null)[]

/** Builds markup; strings and numbers are escaped, lists are joined, null is nothing. Attribute values must stand in double quotes. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return { markup: parts.reduce((text, part, index) => text + toText(values[index - 1] ?? null) + part) }
}

/** Text as it may stand between tags and inside double or single quotes. */
export function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

function toText(value: Value): string {
  if (value === null) return ''
  if (typeof value === 'string') return escapeText(value)
  if (typeof value === 'number') return String(value)
  if (isMarkup(value)) return value.markup
  return value.map(toText).join('')
}

function isMarkup(value: Exclude<Value, string | number | null>): value is Markup {
  return !Array.isArray(value)
}

/** Markup or nothing. */
export function when(condition: boolean, make: () => Markup): Markup | null {
  return condition ? make() : null
}
