/**
 * Whether a JSON value holds nothing but ids, names, counts, switches and opaque tokens, at any depth. Such values are passed on
 * unjudged: no sentence fits through, and guards would take many of them for secrets.
 */
import { looksLikeId } from './looks-like-id.ts'

const MAX_DEPTH = 16
/** Signatures and the like. */
const OPAQUE = /^[A-Za-z0-9+/_=-]{16,}$/

export function isMetadata(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return value === '' || looksLikeId(value) || OPAQUE.test(value)
  if (typeof value !== 'object' || value === null) return true
  if (depth > MAX_DEPTH) return false
  if (Array.isArray(value)) return value.every((item) => isMetadata(item, depth + 1))
  return Object.entries(value).every(([key, item]) => looksLikeId(key) && isMetadata(item, depth + 1))
}
