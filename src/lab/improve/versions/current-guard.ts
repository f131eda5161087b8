/**
 * The current version as the classifier of a server: loaded with its hashes checked, and told when another becomes current.
 *
 * A server takes a new version by making its pipeline anew: verdicts that are cached, and answers that are half judged, belong to the
 * guard they began with.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createDeepTier, createEmbeddedClassifier } from '../../../engines/embedded/index.ts'
import { ParapetError, type ClassifierEngine } from '../../../spec/index.ts'
import { ImprovementFolder } from '../improvement-folder.ts'
import { readPointer } from './pointer.ts'

export interface CurrentGuard {
  /** Such as `v3`. */
  readonly version: string
  /** For `createParapet(policy, { classifier })`. */
  readonly classifier: ClassifierEngine
}

const POLL = 1000

/** Loads the current version. Throws `engine_unavailable` where its files are not those that were promoted. */
export function openCurrentGuard(path: string): CurrentGuard {
  const folder = ImprovementFolder.open(path)
  const { version, models } = readPointer(folder)
  const read = (name: string): Uint8Array | null => {
    const model = models[name]
    if (model === undefined) return null
    const file = join(folder.versions(version), name)
    const bytes = readIfThere(file)
    if (bytes === null || createHash('sha256').update(bytes).digest('hex') !== model.sha256)
      throw new ParapetError(
        'engine_unavailable',
        `${file} is not the file that became current. Restore it from a backup, or roll back to another version.`,
      )
    return bytes
  }
  const [fast, deep] = [read('classifier.bin'), read('deep.bin')]
  if (fast === null) throw new ParapetError('engine_unavailable', `Version ${version} has no classifier.bin.`)
  const tier = deep === null ? undefined : createDeepTier(deep, { name: version, withoutRuntime: 'fast' })
  return { version, classifier: createEmbeddedClassifier(fast, version, tier) }
}

function readIfThere(path: string): Uint8Array | null {
  try {
    return new Uint8Array(readFileSync(path))
  } catch {
    return null
  }
}

/** Calls back with the id of each version that becomes current, until what it gives is called. A damaged pointer changes nothing. */
export function watchCurrentGuard(path: string, onChange: (version: string) => void, every: number = POLL): () => void {
  const folder = ImprovementFolder.open(path)
  let { version } = readPointer(folder)
  const timer = setInterval(() => {
    const next = currentIn(folder)
    if (next === null || next === version) return
    version = next
    onChange(next)
  }, every)
  timer.unref()
  return () => clearInterval(timer)
}

function currentIn(folder: ImprovementFolder): string | null {
  try {
    return readPointer(folder).version
  } catch {
    return null
  }
}
