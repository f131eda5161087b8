/** What an ablation is measured with: the embedded guard's fast tier and the runtime of graphs. */
import { loadEmbeddedClassifier } from '../../../engines/embedded/index.ts'
import { type OnnxRuntime, loadOnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import type { ClassifierEngine } from '../../../spec/index.ts'

export async function loadClassifierAndRuntime(): Promise<{
  readonly classifier: ClassifierEngine
  readonly runtime: OnnxRuntime
}> {
  return { classifier: await loadEmbeddedClassifier(undefined, { deep: 'off' }), runtime: await loadOnnxRuntime() }
}
