/** Engines that run in the process, from files of the package: the classifier in two tiers, and the demo language model. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { ClassifierEngine, LanguageModelEngine } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { createEmbeddedClassifier } from './classifier.ts'
import type { DeepTier } from './deep-tier.ts'
import { createDeepTier } from './deep-tier.ts'
import { createDemoModel } from './demo-model.ts'

export { createDeepTier, createDemoModel, createEmbeddedClassifier }
export type { DeepTier, DeepTierOptions } from './deep-tier.ts'

/** Files of the package. Source and build lie equally deep below its root. */
export const MODEL_FILES: Readonly<Record<'classifier' | 'deep' | 'demo', URL>> = {
  classifier: new URL('../../../models/classifier.bin', import.meta.url),
  deep: new URL('../../../models/deep.bin', import.meta.url),
  demo: new URL('../../../models/demo-lm.bin', import.meta.url),
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

/** Loads the shipped demo language model, or the one at `path`. */
export async function loadDemoModel(path?: string): Promise<LanguageModelEngine> {
  return createDemoModel(await read(path ?? MODEL_FILES.demo), path)
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
