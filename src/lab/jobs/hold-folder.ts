/**
 * One run at a time in a folder: two would ask everything twice and cut each other's rows. A file names the process that runs; one left by
 * a process that was killed is taken over. It protects against mistakes on one machine, not against processes of other machines.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ParapetError } from '../../spec/index.ts'

export const HELD = 'running.pid'

/** Held by this process: after a restart in a container another process may have had the same number. */
const own = new Set<string>()

/** Gives what lets go of the folder. Throws `configuration` while another run holds it. */
export function holdFolder(folder: string): () => void {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (cause) {
    throw new ParapetError('configuration', `The folder ${folder} cannot be made or used. Give another.`, { cause })
  }
  const path = resolve(join(folder, HELD))
  if (!claim(path)) {
    if (isHeld(path))
      throw new ParapetError(
        'configuration',
        `Another run works in ${folder}. Wait for it, or give a new folder; if there is none, delete ${HELD} there.`,
      )
    rmSync(path, { force: true })
    if (!claim(path)) throw new ParapetError('configuration', `Another run has just begun in ${folder}.`)
  }
  own.add(path)
  return () => {
    own.delete(path)
    rmSync(path, { force: true })
  }
}

function claim(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

function isHeld(path: string): boolean {
  const pid = Number(readFileSync(path, 'utf8'))
  if (pid === process.pid) return own.has(path)
  if (!Number.isSafeInteger(pid) || pid < 1) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: there, and somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
