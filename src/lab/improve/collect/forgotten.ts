/**
 * Users whose rows may not be kept: a list of keyed hashes. Collecting leaves them out and takes them out of the data sets made before.
 *
 * What a model has learnt from a row stays in it: train again after somebody is forgotten.
 */
import { existsSync, readFileSync } from 'node:fs'
import type { ImprovementFolder } from '../improvement-folder.ts'
import { writeAtomically } from '../../train/write-atomically.ts'
import { readDataSet, readPlacedRows, writeDataSet } from './data-set.ts'

/** Adds users to the list; says how many are new. Hold the folder. */
export function forgetUsers(folder: ImprovementFolder, users: readonly string[]): number {
  const known = forgottenUsers(folder)
  const added = new Set(users.map((user) => folder.hashOf('user', user)).filter((hash) => !known.has(hash)))
  const all = [...known, ...added].toSorted()
  writeAtomically(folder.forgotten, Buffer.from(all.map((hash) => `${hash}\n`).join('')))
  return added.size
}

/** Their hashes. */
export function forgottenUsers(folder: ImprovementFolder): ReadonlySet<string> {
  if (!existsSync(folder.forgotten)) return new Set()
  return new Set(
    readFileSync(folder.forgotten, 'utf8')
      .split('\n')
      .filter((line) => line !== ''),
  )
}

/**
 * Takes rows of forgotten users out of every data set; a row that came from others too stays, without them. Says how many rows went.
 * Hold the folder.
 */
export function scrubDataSets(folder: ImprovementFolder, at: string): number {
  const forgotten = forgottenUsers(folder)
  if (forgotten.size === 0) return 0
  let scrubbed = 0
  for (const id of folder.ids('data')) {
    const rows = readPlacedRows(folder, id)
    const isForgotten = (user: string | null): boolean => user !== null && forgotten.has(user)
    if (!rows.some(({ origins }) => origins.some(({ user }) => isForgotten(user)))) continue
    const kept = rows.flatMap((row) => {
      const origins = row.origins.filter(({ user }) => !isForgotten(user))
      return origins.length === 0 ? [] : [{ ...row, origins }]
    })
    const {
      format: _,
      id: __,
      holdOut: ___,
      rows: ____,
      slices: _____,
      sha256: ______,
      ...facts
    } = readDataSet(folder, id)
    const gone = rows.length - kept.length
    scrubbed += gone
    writeDataSet(folder, id, kept, { ...facts, scrubbed: [...facts.scrubbed, { at, rows: gone }] })
  }
  return scrubbed
}
