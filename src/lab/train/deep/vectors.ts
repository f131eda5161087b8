/** Vectors of an exported encoder for many texts. */
import type { OnnxRuntime, OnnxSession } from '../../../nn/runtime/onnx-runtime.ts'
import { ParapetError } from '../../../spec/errors.ts'

export interface VectorOptions {
  readonly runtime: OnnxRuntime
  /** What `exportEncoder` wrote. */
  readonly onnx: Uint8Array
  /** Ids of pieces, at least one a text. */
  readonly inputs: readonly Int32Array[]
  /** 1 if absent. */
  readonly threads?: number
  /** Told now and then how many texts are done. */
  readonly onProgress?: (done: number) => void
  readonly signal?: AbortSignal
}

/** Tokens of one run of the model, padding counted: enough to keep it busy, little enough for its memory. */
const TOKENS_PER_RUN = 2048
const PROGRESS_EVERY = 5000

/** The vector of each text, in the order of the texts. Texts of like length run together. Throws `aborted` between two runs. */
export async function vectorsOf(options: VectorOptions): Promise<readonly Float32Array[]> {
  const { runtime, onnx, inputs, threads = 1, onProgress, signal } = options
  const session = await runtime.session(onnx, { threads })
  try {
    const order = inputs
      .map((_, index) => index)
      .toSorted((one, other) => lengthOf(inputs, one) - lengthOf(inputs, other))
    const vectors: Float32Array[] = Array.from(inputs, () => new Float32Array())
    for (let from = 0; from < order.length;) {
      if (signal?.aborted === true) throw new ParapetError('aborted', 'The encoding of texts was stopped.')
      let to = from + 1
      while (to < order.length && (to + 1 - from) * lengthOf(inputs, order[to] ?? 0) <= TOKENS_PER_RUN) to += 1
      const places = order.slice(from, to)
      const rows = await runBatch(
        runtime,
        session,
        places.map((place) => inputs[place] as Int32Array),
      )
      places.forEach((place, index) => (vectors[place] = rows[index] as Float32Array))
      if (Math.floor(to / PROGRESS_EVERY) > Math.floor(from / PROGRESS_EVERY)) onProgress?.(to)
      from = to
    }
    return vectors
  } finally {
    await session.release()
  }
}

function lengthOf(inputs: readonly Int32Array[], place: number): number {
  return inputs[place]?.length ?? 0
}

async function runBatch(
  runtime: OnnxRuntime,
  session: OnnxSession,
  inputs: readonly Int32Array[],
): Promise<readonly Float32Array[]> {
  const length = Math.max(...inputs.map((ids) => ids.length))
  const ids = new BigInt64Array(inputs.length * length).fill(-1n)
  inputs.forEach((input, row) => input.forEach((id, at) => (ids[row * length + at] = BigInt(id))))
  const { vector } = await session.run({ ids: runtime.tensor('int64', ids, [inputs.length, length]) }, { vector: null })
  const data = vector?.data
  if (!(data instanceof Float32Array)) throw new ParapetError('input_invalid', 'The model gives no vectors.')
  const width = data.length / inputs.length
  return inputs.map((_, row) => data.slice(row * width, (row + 1) * width))
}
