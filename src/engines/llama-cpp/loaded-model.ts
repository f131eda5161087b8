/** A GGUF file in memory: the model, its sequences, its prompts and grammars. What is asked of it is none of its business. */
import { basename } from 'node:path'
import { ParapetError } from '../../spec/index.ts'
import type { JsonSchema } from './grammar-schema.ts'
import { grammarSchema } from './grammar-schema.ts'
import { KeptSequence } from './kept-sequence.ts'
import type { Llama, LlamaModel, LlamaModule } from './node-llama-cpp.ts'
import { greedyTokens } from './next-tokens.ts'
import { loadNodeLlamaCpp } from './node-llama-cpp.ts'
import type { LlamaCppSettings } from './options.ts'
import type { PromptWriter } from './prompt-tokens.ts'
import { createPromptWriter } from './prompt-tokens.ts'

export interface LoadedModel {
  readonly model: LlamaModel
  readonly prompts: PromptWriter
  readonly sequences: readonly KeptSequence[]
  /** Tokens that a prompt and its answer may take. */
  readonly contextSize: number
  /** A fresh state of the grammar of a JSON Schema. Rejects with `configuration` for a schema that no grammar here can follow. */
  grammar(schema: JsonSchema): Promise<object>
  dispose(): Promise<void>
}

const DEFAULT_CONTEXT = 8_192
/** Grammars kept; a policy uses few. */
const MOST_GRAMMARS = 32
/** Lines of llama.cpp's log that an error repeats. They speak of the file, never of prompts. */
const LINES = 3

/** Rejects with `engine_unavailable` where the package is missing or the file cannot be loaded. */
export async function loadModel(settings: LlamaCppSettings): Promise<LoadedModel> {
  const module = await loadNodeLlamaCpp(settings.load)
  const log: string[] = []
  const llama = await startLlama(module, settings, log)
  try {
    return await openModel(module, llama, settings)
  } catch (cause) {
    await llama.dispose().catch(() => undefined)
    if (ParapetError.isInstance(cause)) throw cause
    const why = [...log.slice(0, LINES), cause instanceof Error ? cause.message : String(cause)].join('; ')
    throw new ParapetError(
      'engine_unavailable',
      `llama.cpp cannot load ${settings.path}. Is the file whole, is its architecture known, is there memory? It says: ${why}`,
      { cause },
    )
  }
}

async function startLlama(module: LlamaModule, { gpu, threads }: LlamaCppSettings, log: string[]): Promise<Llama> {
  try {
    return await module.getLlama({
      ...{ gpu: gpu ? 'auto' : false, build: 'never', skipDownload: true, progressLogs: false, maxThreads: threads },
      ...{
        logLevel: 'error',
        logger: (_level: string, message: string) => void (log.length < LINES && log.push(message)),
      },
    })
  } catch (cause) {
    throw new ParapetError(
      'engine_unavailable',
      'node-llama-cpp has no binary that runs here. Install it with its optional dependencies: npm install node-llama-cpp@3 --include=optional',
      { cause },
    )
  }
}

/**
 * Asks for what follows one token. Weights that are no numbers load like any others, and under a grammar they would bring the process
 * down.
 */
async function tryOut(model: LlamaModel, [first]: readonly KeptSequence[]): Promise<void> {
  const token = model.tokens.bos ?? model.tokenize('a', false)[0]
  if (first === undefined || token === undefined) return
  for await (const _next of greedyTokens(model, first.sequence, [token], 1)) break
  await first.reset()
}

async function openModel(module: LlamaModule, llama: Llama, settings: LlamaCppSettings): Promise<LoadedModel> {
  const { path, gpu, threads, block } = settings
  const model = await llama.loadModel({ modelPath: path, ...(gpu ? {} : { gpuLayers: 0 }) })
  const { trainContextSize } = model
  const contextSize = settings.contextSize ?? Math.min(DEFAULT_CONTEXT, trainContextSize)
  if (contextSize > trainContextSize)
    throw new ParapetError(
      'configuration',
      `${basename(path)} was trained on ${trainContextSize} tokens of context. Set contextSize to at most that.`,
    )
  const prompts = await createPromptWriter(model, settings)
  const context = await model.createContext({
    ...{ contextSize, sequences: settings.sequences, threads, batchSize: block, swaFullCache: true },
    // On a processor it is twice as slow for a short piece behind a long prefix, which is what a kept prefix leaves to do.
    flashAttention: gpu ? 'auto' : false,
  })
  const sequences = Array.from({ length: settings.sequences }, () => new KeptSequence(context.getSequence(), block))
  await tryOut(model, sequences)
  const grammars = new Map<string, Promise<object>>()
  return {
    ...{ model, prompts, sequences, contextSize },
    async grammar(schema) {
      const key = JSON.stringify(schema)
      const kept = grammars.get(key) ?? llama.createGrammarForJsonSchema(grammarSchema(schema))
      grammars.delete(key)
      grammars.set(key, kept)
      for (const oldest of [...grammars.keys()].slice(0, -MOST_GRAMMARS)) grammars.delete(oldest)
      return new module.LlamaGrammarEvaluationState({ model, grammar: await kept })
    },
    dispose: () => llama.dispose(),
  }
}
