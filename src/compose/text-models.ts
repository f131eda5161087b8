/**
 * Models from local folders that the guards of a policy share: one for the same folder and settings, also when the policy is read anew.
 *
 * It holds them weakly. A model that an edited policy no longer names goes, with its memory, once nothing that was asked under the old
 * policy needs it; until then it answers.
 */
import { loadTopicEngine } from '../engines/embedded/topic-engine.ts'
import type { TextClassifierOptions, TextEncoderOptions } from '../engines/onnx/index.ts'
import { loadTextClassifier, loadTextEncoder } from '../engines/onnx/index.ts'
import type { TextClassifierEngine, TextEncoderEngine } from '../spec/index.ts'
import { ParapetError } from '../spec/index.ts'

/** Models by their folder and settings, each loaded when first asked for. */
export interface TextModels {
  classifier(folder: string, options: TextClassifierOptions): Promise<TextClassifierEngine>
  encoder(folder: string, options: TextEncoderOptions): Promise<TextEncoderEngine>
  /** The off-topic model of a file, or the general one. */
  topic(path?: string): Promise<TextClassifierEngine>
  /** Gives the memory of all back. Nothing is loaded afterwards. */
  close(): Promise<void>
}

type TextModel = TextClassifierEngine | TextEncoderEngine

export function createTextModels(): TextModels {
  const loading = new Map<string, Promise<TextModel>>()
  const loaded = new Map<string, WeakRef<TextModel>>()
  let closed = false
  const load = async <Model extends TextModel>(id: string, open: () => Promise<Model>): Promise<Model> => {
    try {
      const model = await open()
      loaded.set(id, new WeakRef(model))
      return model
    } finally {
      // What failed is tried again: the folder may be put right meanwhile.
      loading.delete(id)
    }
  }
  const once = async <Model extends TextModel>(key: readonly unknown[], open: () => Promise<Model>): Promise<Model> => {
    if (closed) throw new ParapetError('engine_unavailable', 'The models were closed. Create a new Parapet.')
    const id = JSON.stringify(key)
    const known = (loading.get(id) ?? loaded.get(id)?.deref()) as Promise<Model> | Model | undefined
    if (known !== undefined) return known
    const fresh = load(id, open)
    loading.set(id, fresh)
    return fresh
  }
  return {
    classifier: (folder, options) => once(['classifier', folder, options], () => loadTextClassifier(folder, options)),
    encoder: (folder, options) => once(['encoder', folder, options], () => loadTextEncoder(folder, options)),
    topic: (path) => once(['topic', path ?? null], () => loadTopicEngine(path)),
    async close() {
      closed = true
      await Promise.allSettled(loading.values())
      await Promise.all([...loaded.values()].map((model) => model.deref()?.dispose()))
    },
  }
}
