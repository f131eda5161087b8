/** Ids that callers choose (users, conversations) in a bounded length, so that one of a megabyte costs a record no more than others. */
import { createHash } from 'node:crypto'

/** UTF-16 units. With every one of them escaped an index entry still fits. */
const LONGEST = 300
const KEPT = 64

/** The id itself, or when it is too long its beginning and a hash of all of it. The short form of a short form is itself. */
export function shortId(id: string): string {
  if (id.length <= LONGEST) return id
  return `${id.slice(0, KEPT)}…${createHash('sha256').update(id, 'utf16le').digest('hex')}`
}
