/**
 * The embedded classifier where there are no files: in a browser, a worker, at the edge. Both tiers from bytes that the caller has.
 *
 * It imports no Node API. Windows, policies and streams are the guard's (`guards/classifier`), which needs none either.
 */
import { loadOnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import { createDeepTier as createTier, type DeepTier, type DeepTierOptions } from './deep-tier.ts'

export { createEmbeddedClassifier } from './classifier.ts'
export type { DeepTier, DeepTierOptions }

/**
 * A deep tier from the bytes of `deep.bin`; runs on onnxruntime-web unless `runtime` gives another. Throws `engine_unavailable` when
 * the bytes are damaged.
 */
export function createDeepTier(bytes: Uint8Array, options: DeepTierOptions = {}): DeepTier {
  return createTier(bytes, { runtime: () => loadOnnxRuntime({ prefer: 'web' }), ...options })
}
