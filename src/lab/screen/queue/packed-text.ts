/**
 * Bytes as short text that any database takes, and back. A database packs large texts itself, less well and with its own processor, of which all
 * workers share one.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib'

/** Twice what a chunk can be. */
const LONGEST = 128 * 1024 * 1024

export function pack(bytes: Uint8Array): string {
  return deflateRawSync(bytes, { level: 1 }).toString('base64')
}

/** Null for a text that is not of `pack`. */
export function unpack(text: string): Buffer | null {
  try {
    return inflateRawSync(Buffer.from(text, 'base64'), { maxOutputLength: LONGEST })
  } catch {
    return null
  }
}
