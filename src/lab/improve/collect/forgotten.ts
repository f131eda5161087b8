/**
 * Users whose rows may not be kept: a list of keyed hashes. Forgetting takes their rows out of the data sets that are there, and collecting
 * and training leave them out, whatever old export is given.
 *
 * What a model has learnt from a row stays in it, and so does the hash of its text beside the model: train again after somebody is forgotten.
 */
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { RUN, type ImprovementFolder } from '../improvement-folder.ts'
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

/** What was taken out. */
export interface Scrubbed {
  readonly rows: number
  /** Ids of the data sets that had such rows. */
  readonly dataSets: readonly string[]
}

/**
 * Takes rows of forgotten users out of every data set, and unfinished trainings, which may hold them; a row that came from others too stays,
 * without them. Hold the folder.
 */
export function scrubDataSets(folder: ImprovementFolder, at: string): Scrubbed {
  const forgotten = forgottenUsers(folder)
  const dataSets: string[] = []
  if (forgotten.size === 0) return { rows: 0, dataSets }
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
    dataSets.push(id)
    writeDataSet(folder, id, kept, { ...facts, scrubbed: [...facts.scrubbed, { at, rows: gone }] })
  }
  if (dataSets.length > 0) removeRuns(folder)
  return { rows: scrubbed, dataSets }
}

function removeRuns(folder: ImprovementFolder): void {
  const path = folder.versions()
  for (const name of existsSync(path) ? readdirSync(path) : [])
    if (name.startsWith(RUN)) rmSync(join(path, name), { recursive: true })
}
