/**
 * Which policy file a command uses: `--policy`, else `PARAPET_POLICY`, else `parapet.yaml` or `parapet.yml` here or above, else
 * none (the built-in policy).
 *
 * Going up ends at the root of the repository or at the home folder, whichever comes first; outside both only the working
 * directory counts, so that a file somebody left in a shared folder such as /tmp decides nothing.
 */
import { existsSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve, isAbsolute } from 'node:path'
import { ParapetError } from '../spec/errors.ts'

export interface FoundPolicy {
  readonly path: string
  readonly origin: '--policy' | 'PARAPET_POLICY' | 'found'
}

export interface PolicyPlace {
  readonly cwd: string
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
}

export const POLICY_FILES: readonly string[] = ['parapet.yaml', 'parapet.yml']

/** The policy file, or null for the built-in policy. Throws when a file that was asked for is not there. */
export function findPolicy(place: PolicyPlace, option: string | undefined): FoundPolicy | null {
  if (option !== undefined) return named(place, option, '--policy')
  const variable = place.env['PARAPET_POLICY'] ?? ''
  if (variable !== '') return named(place, variable, 'PARAPET_POLICY')
  for (const folder of foldersUp(place)) {
    for (const name of POLICY_FILES) {
      const path = join(folder, name)
      if (isFile(path)) return { path, origin: 'found' }
    }
  }
  return null
}

function named(place: PolicyPlace, given: string, origin: '--policy' | 'PARAPET_POLICY'): FoundPolicy {
  const path = resolve(place.cwd, given)
  if (isFile(path)) return { path, origin }
  throw new ParapetError(
    'policy_not_found',
    `there is no policy file at ${given} (${origin}). Correct the path, or write one with: parapet init ${given}`,
  )
}

function foldersUp({ cwd, home }: PolicyPlace): readonly string[] {
  const folders: string[] = []
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    folders.push(folder)
    if (existsSync(join(folder, '.git'))) return folders
    if (folder === home) return folders
    if (dirname(folder) === folder) return isBelow(home, cwd) ? folders : folders.slice(0, 1)
  }
}

function isBelow(parent: string, child: string): boolean {
  const way = relative(parent, child)
  return !way.startsWith('..') && !isAbsolute(way)
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}
