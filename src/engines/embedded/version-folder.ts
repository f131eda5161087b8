/**
 * The folder of `parapet improve` as far as whatever serves reads it: which version of a guard is current, and its model files as a
 * classifier, each checked by the hash with which it became current.
 *
 * It changes nothing in the folder, and knows nothing of how a version came about.
 */
import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClassifierEngine } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { createEmbeddedClassifier } from './classifier.ts'
import { createDeepTier } from './deep-tier.ts'

/** A small file that is replaced as a whole, so that it is read old or new and never half. */
const POINTER = 'current.json'
const MODELS = ['classifier.bin', 'classifier-lite.bin', 'deep.bin'] as const

/** Which version is current. */
export interface CurrentVersion {
  /** Such as `v3`. */
  readonly version: string
  /** When it became current, ISO 8601; null where the file does not say. */
  readonly since: string | null
  /** SHA-256 by file, in hexadecimal. */
  readonly models: Readonly<Record<string, string>>
}

/** Reads the pointer. Throws `engine_unavailable` where it is missing or not of its form. */
export async function readCurrentVersion(folder: string): Promise<CurrentVersion> {
  const path = join(folder, POINTER)
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new ParapetError(
      'engine_unavailable',
      `${path} cannot be read, so no version of a guard is current there. Give the folder of parapet improve, or make one: parapet improve start.`,
      { cause },
    )
  })
  const current = parsePointer(text)
  if (current === null)
    throw new ParapetError('engine_unavailable', `${path} is damaged or not of this release. Restore it from a backup.`)
  return current
}

function parsePointer(text: string): CurrentVersion | null {
  const { format, version, models, changes } = fieldsOf(parseJson(text))
  if (format !== 1 || typeof version !== 'string' || !/^v[1-9]\d*$/.test(version)) return null
  const hashes: Record<string, string> = {}
  for (const name of MODELS) {
    const { sha256 } = fieldsOf(fieldsOf(models)[name])
    if (typeof sha256 === 'string') hashes[name] = sha256
  }
  if (hashes['classifier.bin'] === undefined) return null
  const { at } = fieldsOf(Array.isArray(changes) ? changes.at(-1) : null)
  return { version, since: typeof at === 'string' ? at : null, models: hashes }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

/**
 * The classifier of a version: `auto` and `off` as for the shipped one, under `required` a version without a deep tier is an error too.
 *
 * @throws ParapetError `engine_unavailable` for a file that is missing or not the one that became current
 */
export async function loadVersion(
  folder: string,
  { version, models }: CurrentVersion,
  deep: 'auto' | 'off' | 'required' = 'auto',
): Promise<ClassifierEngine> {
  const read = (name: string): Promise<Uint8Array> => readModel(folder, version, name, models[name])
  const fast = await read('classifier.bin')
  if (deep === 'required' && models['deep.bin'] === undefined)
    throw new ParapetError(
      'engine_unavailable',
      `Version ${version} of ${folder} has no deep tier, which the policy requires. Train one with --tier both, or write deep: auto.`,
    )
  if (deep === 'off' || models['deep.bin'] === undefined) return createEmbeddedClassifier(fast, version)
  const tier = createDeepTier(await read('deep.bin'), {
    ...{ name: version, withoutRuntime: deep === 'required' ? 'error' : 'fast' },
  })
  if (deep === 'required') await tier.open()
  return createEmbeddedClassifier(fast, version, tier)
}

/** Throws `engine_unavailable` where a model file is missing or not the one that became current. For a version that is loaded already. */
export async function checkVersion(folder: string, { version, models }: CurrentVersion): Promise<void> {
  for (const [name, hash] of Object.entries(models)) await readModel(folder, version, name, hash)
}

async function readModel(folder: string, version: string, name: string, hash: string | undefined): Promise<Uint8Array> {
  const path = join(folder, 'versions', version, name)
  const bytes = await readFile(path).catch(() => null)
  if (bytes === null || createHash('sha256').update(bytes).digest('hex') !== hash)
    throw new ParapetError(
      'engine_unavailable',
      `${path} is missing or not the file that became current. Restore it from a backup, or go back to a whole version: parapet improve rollback.`,
    )
  return bytes
}

/**
 * What changes when another version becomes current, or when files of the current one are put right: the pointer's content with size and
 * time of its models. Never throws; what is missing is part of it.
 */
export async function markOfVersion(folder: string): Promise<string> {
  const text = await readFile(join(folder, POINTER), 'utf8').catch(() => '')
  const version = parsePointer(text)?.version
  if (version === undefined) return text
  const files = MODELS.map(async (name) => {
    const facts = await stat(join(folder, 'versions', version, name)).catch(() => null)
    return facts === null ? `${name} -` : `${name} ${facts.size} ${facts.mtimeMs}`
  })
  return [text, ...(await Promise.all(files))].join('\n')
}
