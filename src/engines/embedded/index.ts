/** Engines that run in the process, from files of the package: the classifier in two tiers, and a small chat model. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { ClassifierEngine, LanguageModelEngine } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { createChatModel } from './chat-model.ts'
import { createEmbeddedClassifier } from './classifier.ts'
import type { DeepTier } from './deep-tier.ts'
import { createDeepTier } from './deep-tier.ts'

export { createChatModel, createDeepTier, createEmbeddedClassifier }
export type { DeepTier, DeepTierOptions } from './deep-tier.ts'
export {
  createTopicEngine,
  loadTopicEngine,
  TOPIC_FILE,
  TOPIC_LABELS,
  type TopicEngineOptions,
} from './topic-engine.ts'
export { checkVersion, loadVersion, markOfVersion, readCurrentVersion, type CurrentVersion } from './version-folder.ts'

/** Files of the package. Source and build lie equally deep below its root. */
export const MODEL_FILES: Readonly<Record<'classifier' | 'deep' | 'chat', URL>> = {
  classifier: new URL('../../../models/classifier.bin', import.meta.url),
  deep: new URL('../../../models/deep.bin', import.meta.url),
  chat: new URL('../../../models/chat.bin', import.meta.url),
}

export interface EmbeddedClassifierOptions {
  /**
   * Whether the deep tier decides where the fast one is unsure. `auto`: where its file and onnxruntime are there, which is found out
   * on first need. `required`: it is loaded now, and what is missing is an error. Default `auto`; a file that is there but damaged is
   * an error in both.
   */
  readonly deep?: 'auto' | 'off' | 'required'
  /** Another file of the deep tier than the shipped one. It fits the one fast tier that it was calibrated with. */
  readonly deepPath?: string
  /** `all` asks the deep tier about every text: for measuring. Default `file`. */
  readonly band?: 'file' | 'all'
}

/**
 * Loads the shipped classifier, or the one at `path`. One at a path of its own has no deep tier under `auto`, unless `deepPath` names
 * it.
 *
 * @throws ParapetError `engine_unavailable` where a file that is needed is missing or damaged.
 */
export async function loadEmbeddedClassifier(
  path?: string,
  options: EmbeddedClassifierOptions = {},
): Promise<ClassifierEngine> {
  const fast = await read(path ?? MODEL_FILES.classifier)
  const { deep = 'auto', deepPath } = options
  const alone = deep === 'off' || (deep === 'auto' && path !== undefined && deepPath === undefined)
  return createEmbeddedClassifier(fast, path, alone ? undefined : ((await loadDeepTier(options)) ?? undefined))
}

/** The shipped deep tier, or the one at `deepPath`; null where there is no file and none is required. */
export async function loadDeepTier(options: EmbeddedClassifierOptions = {}): Promise<DeepTier | null> {
  const { deep = 'auto', deepPath = fileURLToPath(MODEL_FILES.deep), band = 'file' } = options
  const bytes = deep === 'required' ? await read(deepPath) : await readIfThere(deepPath)
  if (bytes === null) return null
  const withoutRuntime = deep === 'required' ? 'error' : 'fast'
  const tier = createDeepTier(bytes, { name: deepPath, band, withoutRuntime })
  if (deep === 'required') await tier.open()
  return tier
}

/**
 * Loads the shipped chat model, or the one at `path`.
 *
 * @throws ParapetError `engine_unavailable` where the file is missing or damaged.
 */
export async function loadChatModel(path?: string): Promise<LanguageModelEngine> {
  return createChatModel(await read(path ?? MODEL_FILES.chat), path)
}

async function readIfThere(path: string): Promise<Uint8Array | null> {
  try {
    return await read(path)
  } catch (error) {
    const { cause } = error as ParapetError
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null
    throw error
  }
}

async function read(path: string | URL): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (cause) {
    const place = typeof path === 'string' ? path : fileURLToPath(path)
    throw new ParapetError(
      'engine_unavailable',
      `The model file ${place} cannot be read. Install the package again, or give the path of a model.`,
      { cause },
    )
  }
}
