/** Engines that run in the process, from files of the package: the classifier and the demo language model. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { ClassifierEngine, LanguageModelEngine } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { createEmbeddedClassifier } from './classifier.ts'
import { createDemoModel } from './demo-model.ts'

export { createDemoModel, createEmbeddedClassifier }

/** Files of the package. Source and build lie equally deep below its root. */
export const MODEL_FILES: Readonly<Record<'classifier' | 'demo', URL>> = {
  classifier: new URL('../../../models/classifier.bin', import.meta.url),
  demo: new URL('../../../models/demo-lm.bin', import.meta.url),
}

/** Loads the shipped classifier, or the one at `path`. */
export async function loadEmbeddedClassifier(path?: string): Promise<ClassifierEngine> {
  return createEmbeddedClassifier(await read(path ?? MODEL_FILES.classifier), path)
}

/** Loads the shipped demo language model, or the one at `path`. */
export async function loadDemoModel(path?: string): Promise<LanguageModelEngine> {
  return createDemoModel(await read(path ?? MODEL_FILES.demo), path)
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
