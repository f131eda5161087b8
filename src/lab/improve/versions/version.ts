/**
 * A version of a guard: its model files in a folder that is never changed, with a manifest of where it comes from and the hash of every
 * file. A version whose files are not those of its manifest is damaged, and is neither measured nor made current.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { loadEmbeddedClassifier } from '../../../engines/embedded/index.ts'
import { ParapetError } from '../../../spec/index.ts'
import { loadEmbeddedSubject } from '../../eval/subjects/embedded.ts'
import type { Subject } from '../../eval/subject.ts'
import { readChecked, type ImprovementFolder } from '../improvement-folder.ts'

export const MODEL_FILES = ['classifier.bin', 'classifier-lite.bin', 'deep.bin'] as const
/** Hashes of the texts it learnt from, one a line; absent where nobody knows them. */
export const HASHES_FILE = 'training-hashes.txt'
const MANIFEST = 'version.json'

/** How a version was trained: enough to train it again. */
export interface TrainedFrom {
  readonly kind: 'trained'
  /** Of base data, collected data, options and seed: the same gives the same version. */
  readonly fingerprint: string
  readonly data: { readonly id: string; readonly rows: number; readonly sha256: string }
  readonly base: readonly { readonly name: string; readonly rows: number; readonly sha256: string }[]
  readonly options: Readonly<Record<string, string | number | boolean | null>>
  readonly seed: number
}

/** `version.json`. */
export interface VersionManifest {
  readonly format: 1
  readonly id: string
  /** Current when it was made; null for the first. */
  readonly parent: string | null
  /** ISO 8601. */
  readonly madeAt: string
  readonly origin: TrainedFrom | { readonly kind: 'given'; readonly name: string }
  readonly models: Readonly<Record<string, { readonly sha256: string; readonly bytes: number }>>
  /** Files that are no models. */
  readonly files: Readonly<Record<string, string>>
}

const file = z.object({ name: z.string(), rows: z.int().nonnegative(), sha256: z.string() })
const manifestSchema: z.ZodType<VersionManifest> = z.object({
  format: z.literal(1),
  ...{ id: z.string(), parent: z.string().nullable(), madeAt: z.string() },
  origin: z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('trained'),
      fingerprint: z.string(),
      data: z.object({ id: z.string(), rows: z.int().nonnegative(), sha256: z.string() }),
      base: z.array(file),
      options: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
      seed: z.number(),
    }),
    z.object({ kind: z.literal('given'), name: z.string() }),
  ]),
  models: z.record(z.string(), z.object({ sha256: z.string(), bytes: z.int().nonnegative() })),
  files: z.record(z.string(), z.string()),
})

/** The bytes of a version before it is one. */
export interface VersionFiles {
  readonly models: Readonly<Record<string, Uint8Array>>
  readonly files: Readonly<Record<string, Uint8Array>>
}

/** Writes a version, whole or not at all. Hold the folder. */
export function writeVersion(
  folder: ImprovementFolder,
  { models, files }: VersionFiles,
  facts: Pick<VersionManifest, 'parent' | 'madeAt' | 'origin'>,
): VersionManifest {
  const id = folder.nextId('versions')
  const manifest: VersionManifest = {
    ...{ format: 1, id, ...facts },
    models: Object.fromEntries(
      Object.entries(models).map(([name, bytes]) => [name, { sha256: sha256(bytes), bytes: bytes.length }]),
    ),
    files: Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, sha256(bytes)])),
  }
  folder.writeFolder(folder.versions(id), (draft) => {
    for (const [name, bytes] of Object.entries({ ...models, ...files })) writeFileSync(join(draft, name), bytes)
    writeFileSync(join(draft, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`)
  })
  return manifest
}

/** The model files of a folder that `parapet lab train` wrote, or of `models/`. Throws `configuration` where there is none. */
export function readModels(path: string): VersionFiles {
  const read = (names: readonly string[]): Readonly<Record<string, Uint8Array>> =>
    Object.fromEntries(
      names.flatMap((name) => (existsSync(join(path, name)) ? [[name, readFileSync(join(path, name))]] : [])),
    )
  const models = read(MODEL_FILES)
  if (models['classifier.bin'] === undefined)
    throw new ParapetError(
      'configuration',
      `${path} holds no classifier.bin. Give a folder that parapet lab train wrote.`,
    )
  const hashes = join(path, 'run', HASHES_FILE)
  return {
    models,
    files: { ...read(['training.json']), ...(existsSync(hashes) ? { [HASHES_FILE]: readFileSync(hashes) } : {}) },
  }
}

/** The manifest of a version whose files are all what it says. Throws `configuration` or `input_invalid`. */
export function readVersion(folder: ImprovementFolder, id: string): VersionManifest {
  const path = folder.versions(id)
  if (!folder.ids('versions').includes(id)) {
    const known = folder.ids('versions').join(', ')
    throw new ParapetError('configuration', `There is no version ${id} in ${folder.path}. It has ${known || 'none'}.`)
  }
  const manifest = readChecked(join(path, MANIFEST), manifestSchema)
  const wanted = [
    ...Object.entries(manifest.models).map(([name, model]) => [name, model.sha256] as const),
    ...Object.entries(manifest.files),
  ]
  for (const [name, hash] of wanted)
    if (!existsSync(join(path, name)) || sha256(readFileSync(join(path, name))) !== hash)
      throw damaged(id, `${name} is missing or not the file that was written`)
  if (manifest.id !== id || manifest.models['classifier.bin'] === undefined)
    throw damaged(id, 'its manifest is of another')
  return manifest
}

function damaged(id: string, problem: string): ParapetError {
  return new ParapetError(
    'input_invalid',
    `Version ${id} is damaged: ${problem}. It cannot be current; restore it from a backup, or train again.`,
  )
}

/** A version that can be measured and made current: its files are whole, and it judges. */
export async function openVersion(
  folder: ImprovementFolder,
  id: string,
): Promise<{ readonly manifest: VersionManifest; readonly subject: Subject }> {
  const manifest = readVersion(folder, id)
  const path = folder.versions(id)
  const hashes = join(path, HASHES_FILE)
  const deep = manifest.models['deep.bin'] === undefined ? {} : { deepPath: join(path, 'deep.bin') }
  try {
    const engine = await loadEmbeddedClassifier(join(path, 'classifier.bin'), { deep: 'auto', ...deep })
    if (typeof engine.classify({ prompt: 'a', response: 'b' }).prompt_harm !== 'number')
      throw damaged(id, 'it gives no scores')
    return {
      manifest,
      subject: await loadEmbeddedSubject(join(path, 'classifier.bin'), {
        ...{ name: id, ...deep },
        ...(existsSync(hashes)
          ? {
              trainingHashes: new Set(
                readFileSync(hashes, 'utf8')
                  .split('\n')
                  .filter((line) => line !== ''),
              ),
            }
          : {}),
      }),
    }
  } catch (error) {
    if (ParapetError.isInstance(error) && error.code === 'engine_unavailable') throw damaged(id, error.message)
    throw error
  }
}

/** A line of the list of versions. */
export interface ListedVersion {
  readonly id: string
  readonly manifest: VersionManifest | null
  /** Why it is damaged; null where it is whole. */
  readonly problem: string | null
}

export function listVersions(folder: ImprovementFolder): readonly ListedVersion[] {
  return folder.ids('versions').map((id) => {
    try {
      return { id, manifest: readVersion(folder, id), problem: null }
    } catch (error) {
      return { id, manifest: null, problem: error instanceof Error ? error.message : String(error) }
    }
  })
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
