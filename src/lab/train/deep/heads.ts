/** From encoded examples to the two head models: texts by their vector, answers by their own and their prompt's. */
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import { ParapetError } from '../../../spec/errors.ts'
import type { Example } from '../examples.ts'
import { RESPONSE_OUTPUTS, TEXT_OUTPUTS } from '../examples.ts'
import { exportProbe, trainProbe } from './probe.ts'

/** The vector of a text; throws for one that was not encoded. */
export type VectorOf = (text: string) => Float32Array

export interface HeadExample {
  readonly example: Example
  readonly weight: number
}

export interface TrainHeadsOptions {
  readonly runtime: OnnxRuntime
  readonly examples: readonly HeadExample[]
  readonly vectorOf: VectorOf
  readonly seed: number
  readonly onNote?: (note: string) => void
  readonly signal?: AbortSignal
  /** Width of a member's hidden layer; 256 for texts and 192 for answers if absent. */
  readonly hidden?: readonly [text: number, response: number]
  /** Networks whose mean logit counts; 4 for texts and 2 for answers if absent. */
  readonly members?: readonly [text: number, response: number]
  /** 7 if absent. */
  readonly epochs?: number
}

/** ONNX files of both. */
export interface HeadModels {
  readonly text: Uint8Array
  readonly response: Uint8Array
}

export async function trainHeads(options: TrainHeadsOptions): Promise<HeadModels> {
  const { runtime, examples, vectorOf, seed, epochs = 7, signal, onNote } = options
  const [textHidden, responseHidden] = options.hidden ?? [256, 192]
  const [textMembers, responseMembers] = options.members ?? [4, 2]
  const common = {
    ...{ runtime, epochs, seed },
    ...(signal === undefined ? {} : { signal }),
    ...(onNote === undefined
      ? {}
      : {
          onEpoch: (member: number, epoch: number, loss: number) =>
            onNote(`head ${member + 1}, epoch ${epoch + 1}: ${loss.toFixed(4)}`),
        }),
  }
  const texts = examples.flatMap(({ example, weight }) =>
    example.text === undefined ? [] : [{ vector: vectorOf(example.text), targets: example.targets, weight }],
  )
  const answers = examples.flatMap(({ example, weight }) => answerRows(example, weight, vectorOf))
  return {
    text: exportProbe(
      await trainProbe({ ...common, rows: texts, outputs: TEXT_OUTPUTS, hidden: textHidden, members: textMembers }),
    ),
    response: exportProbe(
      await trainProbe({
        ...common,
        ...{ rows: answers, outputs: RESPONSE_OUTPUTS, hidden: responseHidden, members: responseMembers },
      }),
    ),
  }
}

/** An answer must be judged rightly without its prompt too. */
function answerRows(
  { text, response, prompt = '', targets }: Example,
  weight: number,
  vectorOf: VectorOf,
): readonly { vector: Float32Array; targets: Example['targets']; weight: number }[] {
  if (text !== undefined || response === undefined) return []
  const alone = { vector: pairVector(vectorOf(response), null), targets, weight: prompt === '' ? weight : weight / 2 }
  if (prompt === '') return [alone]
  return [alone, { ...alone, vector: pairVector(vectorOf(response), vectorOf(prompt)) }]
}

/** The answer's vector, then its prompt's; zeros where it is not known. */
export function pairVector(response: Float32Array, prompt: Float32Array | null): Float32Array {
  const pair = new Float32Array(2 * response.length)
  pair.set(response)
  if (prompt !== null) pair.set(prompt, response.length)
  return pair
}

/** Rows of one run of a head model. */
const ROWS_PER_RUN = 1024

/** Logits of a head model for many vectors, in their order. */
export async function headLogits(
  runtime: OnnxRuntime,
  onnx: Uint8Array,
  vectors: readonly Float32Array[],
): Promise<readonly Float32Array[]> {
  const session = await runtime.session(onnx, { threads: 1 })
  try {
    const logits: Float32Array[] = []
    for (let from = 0; from < vectors.length; from += ROWS_PER_RUN) {
      const some = vectors.slice(from, from + ROWS_PER_RUN)
      const width = some[0]?.length ?? 0
      const flat = new Float32Array(some.length * width)
      some.forEach((vector, row) => flat.set(vector, row * width))
      const result = await session.run(
        { vector: runtime.tensor('float32', flat, [some.length, width]) },
        { logits: null },
      )
      const data = result['logits']?.data
      if (!(data instanceof Float32Array)) throw new ParapetError('input_invalid', 'The head model gives no logits.')
      const labels = data.length / some.length
      some.forEach((_, row) => logits.push(data.slice(row * labels, (row + 1) * labels)))
    }
    return logits
  } finally {
    await session.release()
  }
}
