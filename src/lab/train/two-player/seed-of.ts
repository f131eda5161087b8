/** A number for a random generator out of whatever names a draw: the same names give the same draw, on every machine and after a restart. */
import { createHash } from 'node:crypto'

export function seedOf(...names: readonly (string | number)[]): number {
  return createHash('sha256').update(names.join('\0')).digest().readUInt32LE(0)
}
