/**
 * Tables of reversible pseudonyms, one per conversation. Implementations encrypt at rest and forget after the expiry.
 */
import type { Caller } from './exchange.ts'

export interface PseudonymVault {
  /** The pseudonym of this value in this conversation; the same value always gets the same one. */
  pseudonym(kind: string, value: string, caller: Caller): string
  /** The value behind a pseudonym, or null when unknown or expired. */
  reveal(pseudonym: string, caller: Caller): string | null
}
