/**
 * What the shipped models learnt from: the hashes of `models/training-hashes.bin`, held against the manifest of the package.
 *
 * A damaged list would call every set clean, so it is refused. A list that is not there leaves the answer "not known".
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { MODEL_FILES } from '../../../engines/embedded/index.ts'
import { ParapetError } from '../../../spec/index.ts'
import { readHashList, type KnownHashes } from '../hash-list.ts'

/** Name of the list, in the folder of the models and in their manifest. */
export const HASHES_FILE = 'training-hashes.bin'

/**
 * Hashes of the training texts of the shipped models, or of those in another folder; null where the list was left out.
 *
 * @throws ParapetError `engine_unavailable` where the list cannot be read or is not the one that the manifest names.
 */
export async function shippedTrainingHashes(
  folder: URL = new URL('./', MODEL_FILES.classifier),
): Promise<KnownHashes | null> {
  const file = new URL(HASHES_FILE, folder)
  const refused = (why: string, cause?: unknown): ParapetError =>
    new ParapetError(
      'engine_unavailable',
      `${fileURLToPath(file)} ${why}, so nobody can say what the models learnt from. Install the package again.`,
      cause === undefined ? {} : { cause },
    )
  let bytes: Uint8Array
  try {
    bytes = await readFile(file)
  } catch (error) {
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return null
    throw refused(`cannot be read (${code})`, error)
  }
  const expected = await manifestHash(new URL('manifest.json', folder))
  if (expected === undefined) throw refused(`has no entry in manifest.json beside it`)
  if (createHash('sha256').update(bytes).digest('hex') !== expected)
    throw refused('is damaged: it does not have the hash it was shipped with')
  return readHashList(bytes, fileURLToPath(file))
}

/** SHA-256 of the list by the manifest; undefined where there is none. */
async function manifestHash(manifest: URL): Promise<unknown> {
  try {
    const { models } = JSON.parse(await readFile(manifest, 'utf8')) as {
      readonly models?: Readonly<Record<string, { readonly sha256?: unknown }>>
    }
    return models?.[HASHES_FILE]?.sha256
  } catch {
    return undefined
  }
}
