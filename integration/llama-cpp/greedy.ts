/**
 * llama.cpp as one of the programs of `bench/nn/generation.ts`: the most likely tokens after a prompt, one thread, weights and the cache of
 * keys and values in 32 bits. It lies here because only this folder has node-llama-cpp.
 */
import { getLlama, LlamaLogLevel, type Token } from 'node-llama-cpp'
import type { LoadGreedy } from '../../bench/nn/generation.ts'

export const loadGreedy: LoadGreedy = async (path, contextSize) => {
  const llama = await getLlama({
    ...{ gpu: false, build: 'never', skipDownload: true, progressLogs: false, maxThreads: 1 },
    logLevel: LlamaLogLevel.error,
  })
  const model = await llama.loadModel({ modelPath: path, gpuLayers: 0 })
  const context = await model.createContext({
    ...{ contextSize, sequences: 1, threads: 1, flashAttention: false },
    ...{ experimentalKvCacheKeyType: 'F32', experimentalKvCacheValueType: 'F32' },
  })
  const sequence = context.getSequence()
  return {
    async greedy(prompt, count) {
      await sequence.clearHistory()
      const ids: number[] = []
      // The end token is a token like others here: both sides draw the same number.
      for await (const id of sequence.evaluate([...prompt] as Token[], { temperature: 0, yieldEogToken: true })) {
        ids.push(id)
        if (ids.length === count) break
      }
      return ids
    },
    dispose: () => llama.dispose(),
  }
}
