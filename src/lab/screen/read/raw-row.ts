/** A row before it is understood: its bytes and where it stands. */

export interface RawRow {
  /** On which it begins, from 1. */
  readonly line: number
  /** Null where there are none to look at: `problem` says why. */
  readonly bytes: Uint8Array | null
  readonly problem?: string
}

/** Longest row that is kept in memory, in bytes. */
export const MAX_ROW_BYTES: number = 32 * 1024 * 1024

export const TOO_LONG: string = `The row is longer than ${MAX_ROW_BYTES / 1024 / 1024} MiB. Split it.`
