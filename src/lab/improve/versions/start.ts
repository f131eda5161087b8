/** Begins: a folder whose first version is a guard that is there already. */
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MODEL_FILES as SHIPPED } from '../../../engines/embedded/index.ts'
import { ImprovementFolder } from '../improvement-folder.ts'
import { movePointer } from './pointer.ts'
import { openVersion, readModels, writeVersion, type VersionManifest } from './version.ts'

export interface StartOptions {
  readonly folder: string
  /** Folder that `parapet lab train` wrote; the shipped guard if absent. */
  readonly guard?: string
  readonly holdOut?: number
  readonly at: string
}

/** Makes the folder, and the guard its version `v1`. Throws `configuration` where there is one already. */
export async function startImproving({ folder: path, guard, holdOut, at }: StartOptions): Promise<VersionManifest> {
  const files = readModels(guard ?? dirname(fileURLToPath(SHIPPED.classifier)))
  if (!existsSync(dirname(path))) mkdirSync(dirname(path), { recursive: true })
  const folder = ImprovementFolder.create(path, holdOut)
  const release = folder.hold()
  try {
    // Of a beginning that was cut off: nothing of it was ever current.
    rmSync(folder.versions(), { recursive: true, force: true })
    const origin = { kind: 'given', name: guard === undefined ? 'shipped' : 'given' } as const
    const manifest = writeVersion(folder, files, { parent: null, madeAt: at, origin })
    await openVersion(folder, manifest.id)
    movePointer(folder, manifest, { at, kind: 'started', reason: 'the guard to begin with' })
    return manifest
  } finally {
    release()
  }
}
