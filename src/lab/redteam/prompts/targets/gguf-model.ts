/** A GGUF file as a target, a judge or an attacker, by llama.cpp in this process. */
import { createLlamaCppEngine } from '../../../../engines/llama-cpp/index.ts'
import { completionModel } from '../../../../routing/completion-model.ts'
import type { LanguageModelEngine } from '../../../../spec/index.ts'

/** Loads nothing before the first question. Throws `configuration` where the file or `node-llama-cpp` is not there. */
export function openGgufModel(path: string): {
  readonly engine: LanguageModelEngine
  readonly dispose: () => Promise<void>
} {
  const llama = createLlamaCppEngine({ gguf: path })
  return { engine: completionModel(llama), dispose: () => llama.dispose() }
}
