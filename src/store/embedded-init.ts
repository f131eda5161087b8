/**
 * A process of its own that makes a new embedded database and ends: making one takes 700 MB for three seconds, which no process that
 * goes on could give back.
 *
 * The database is made beside its place and moved there when it is whole and on disk, so that a process that dies half-way leaves
 * nothing that looks like a database.
 */
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { openPglite, syncPath } from './embedded-settings.ts'

async function make(folder: string): Promise<void> {
  const draft = `${folder}.new`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft, { mode: 0o700 })
  const database = await openPglite(draft)
  await database.close()
  for (const entry of readdirSync(draft, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() || entry.isDirectory()) syncPath(join(entry.parentPath, entry.name))
  }
  syncPath(draft)
  renameSync(draft, folder)
  syncPath(dirname(folder))
}

const [, , folder] = process.argv
if (folder === undefined) throw new TypeError('the folder of the new database is missing')
await make(folder).catch((cause: unknown) => {
  process.stderr.write(cause instanceof Error ? cause.message : 'unknown failure')
  process.exitCode = 1
})
// PGlite leaves handles open.
process.exit()
