/** Files that are whole or not there: written beside their place, synced, and renamed. */
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs'

/** Writes a whole file or none, also when the machine stops in between. */
export function writeAtomically(path: string, bytes: Uint8Array): void {
  const beside = `${path}.partial`
  const file = openSync(beside, 'w')
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(beside, path)
}
