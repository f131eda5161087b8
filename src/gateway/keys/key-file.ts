/**
 * The file that holds the API keys of a deployment, as hashes. A key itself is shown once, when it is made, and kept nowhere.
 */
import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { firstIssue } from '../../contract/index.ts'
import { ParapetError } from '../../spec/index.ts'
import type { KeyDefinition } from './key-ring.ts'

/** A key in the file. */
export interface StoredKey extends KeyDefinition {
  readonly sha256: string
  /** ISO 8601. */
  readonly created: string
}

const name = z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N}._-]{0,62}$/u)
const storedKey = z.strictObject({
  name,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  created: z.iso.datetime(),
  role: z.enum(['caller', 'operator']).exactOptional(),
  application: z.string().min(1).max(256).exactOptional(),
  user: z.string().min(1).max(256).exactOptional(),
  requestsPerMinute: z.number().positive().max(10_000_000).exactOptional(),
  concurrency: z.int().positive().max(100_000).exactOptional(),
  upstream: z.string().min(1).max(63).exactOptional(),
})
const keyFile = z.strictObject({ parapet: z.literal(1), keys: z.array(storedKey).max(100_000) })

/** Reads a key file. Throws `configuration` and says which entry is wrong. */
export function parseKeyFile(text: string, file: string): readonly StoredKey[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new ParapetError('configuration', `${file} is not JSON; restore it, or make new keys.`, { cause })
  }
  const checked = keyFile.safeParse(value)
  if (!checked.success) throw new ParapetError('configuration', `${file}: ${firstIssue(checked.error).message}`)
  const names = checked.data.keys.map((key) => key.name)
  const twice = names.find((item, index) => names.indexOf(item) !== index)
  if (twice !== undefined) throw new ParapetError('configuration', `${file} has two keys named ${twice}; remove one.`)
  return checked.data.keys
}

export function formatKeyFile(keys: readonly StoredKey[]): string {
  return `${JSON.stringify({ parapet: 1, keys }, null, 2)}\n`
}

/** Makes a key of 256 random bits and its entry. Throws `configuration` when the entry is not valid. */
export function makeKey(
  definition: Omit<KeyDefinition, 'key' | 'sha256'>,
  now: number,
): { key: string; entry: StoredKey } {
  const key = `pk_${randomBytes(32).toString('base64url')}`
  const entry = {
    ...definition,
    sha256: createHash('sha256').update(key).digest('hex'),
    created: new Date(now).toISOString(),
  }
  const checked = storedKey.safeParse(entry)
  if (!checked.success) throw new ParapetError('configuration', firstIssue(checked.error).message)
  return { key, entry: checked.data }
}
