/** Logits of an exported guard encoder for many inputs. It measures nothing: figures are made by `report.ts`. */
import type { GuardInput } from '../../../nn/encoder/guard-encoder.ts'
import type { OnnxRuntime, OnnxSession } from '../../../nn/runtime/onnx-runtime.ts'
import { ParapetError } from '../../../spec/errors.ts'

export interface EvaluateOptions {
  readonly runtime: OnnxRuntime
  /** What `exportEncoder` wrote, with segments and labels. */
  readonly onnx: Uint8Array
  readonly inputs: readonly GuardInput[]
  /** 1 if absent. */
  readonly threads?: number
  readonly signal?: AbortSignal
}

/** Tokens of one run of the model, padding counted: enough to keep it busy, little enough for its memory. */
const TOKENS_PER_RUN = 2048

/** Logits of each input, in the order of the inputs. Inputs of like length run together. Throws `aborted` between two runs. */
export async function logitsOf(options: EvaluateOptions): Promise<readonly Float32Array[]> {
  const { runtime, onnx, inputs, threads = 1, signal } = options
  const session = await runtime.session(onnx, { threads })
  try {
    const order = inputs
      .map((_, index) => index)
      .toSorted((one, other) => lengthOf(inputs, one) - lengthOf(inputs, other))
    const logits: Float32Array[] = Array.from(inputs, () => new Float32Array())
    for (let from = 0; from < order.length;) {
      if (signal?.aborted === true) throw new ParapetError('aborted', 'The evaluation was stopped.')
      let to = from + 1
      while (to < order.length && (to + 1 - from) * lengthOf(inputs, order[to] ?? 0) <= TOKENS_PER_RUN) to += 1
      const places = order.slice(from, to)
      const rows = await runBatch(
        runtime,
        session,
        places.map((place) => inputs[place] as GuardInput),
      )
      places.forEach((place, index) => (logits[place] = rows[index] as Float32Array))
      from = to
    }
    return logits
  } finally {
    await session.release()
  }
}

function lengthOf(inputs: readonly GuardInput[], place: number): number {
  return inputs[place]?.ids.length ?? 0
}

async function runBatch(
  runtime: OnnxRuntime,
  session: OnnxSession,
  inputs: readonly GuardInput[],
): Promise<readonly Float32Array[]> {
  const length = Math.max(...inputs.map(({ ids }) => ids.length))
  const ids = new BigInt64Array(inputs.length * length).fill(-1n)
  const segments = new BigInt64Array(inputs.length * length)
  inputs.forEach((input, row) => {
    input.ids.forEach((id, at) => (ids[row * length + at] = BigInt(id)))
    input.segments.forEach((segment, at) => (segments[row * length + at] = BigInt(segment)))
  })
  const shape = [inputs.length, length]
  const feeds = { ids: runtime.tensor('int64', ids, shape), segments: runtime.tensor('int64', segments, shape) }
  const { logits } = await session.run(feeds, { logits: null })
  const data = logits?.data
  if (!(data instanceof Float32Array))
    throw new ParapetError('input_invalid', 'The model has no logits: it has no labels.')
  const width = data.length / inputs.length
  return inputs.map((_, row) => data.slice(row * width, (row + 1) * width))
}
