/** A short hash of a policy's content, the same for any order of keys. Names a version; it is no security measure. */
import { hashText } from '../text/index.ts'

/** Hash of any JSON-like value, 16 hexadecimal digits; `undefined` members do not count. */
export function contentVersion(value: unknown): string {
  return hashText(canonical(value)).slice(0, 16)
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
    return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`
  }
  return JSON.stringify(value) ?? 'null'
}
