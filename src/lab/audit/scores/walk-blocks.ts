/**
 * Examples taken through a model block by block, so that a block can be looked at, and changed, before the next one sees what comes out of
 * it (arXiv 2402.05162, appendix B). Without recomputation the later blocks are pruned for inputs they never get, and nothing works.
 */
import { BLOCK_INPUTS, type BlockInput, BlockSession } from '../../../nn/decoder/block-session.ts'
import { type Float64Matrix, zeros } from '../../../nn/linear-algebra/matrix.ts'
import type { ParameterValues } from '../../../nn/tensor/parameters.ts'
import type { EncodedConversation } from '../../train/decoder/encode.ts'
import type { Victim } from '../../victim/victim.ts'

/** Inputs of a block's linear layers at tokens that count, [tokens, inputs of the layer], batch after batch. */
export type InputVisitor = (input: BlockInput, rows: Float32Array) => void

/** Gram matrices Σ x xᵀ of the inputs of one block, by input. */
export type InputGrams = ReadonlyMap<BlockInput, Float64Matrix>

interface Batch {
  readonly batch: number
  readonly length: number
  /** Places in [batch, length] whose tokens count. */
  readonly places: Int32Array
  stream: Float32Array
}

export type TokenChoice = (example: EncodedConversation, place: number) => boolean

/**
 * Tokens from which a token of the response is predicted: the response shifted by one. The paper counts the response's own tokens; whether
 * a model refuses is settled at the token before the first of them.
 */
export const responseTokens: TokenChoice = ({ weights }, place) => (weights[place + 1] ?? 0) !== 0

const PADDING = 32
const BATCH_TOKENS = 1024

/** One set of examples on its way through the blocks. Blocks are visited in order, each of them once. */
export class BlockWalk {
  readonly #session: BlockSession
  readonly #batches: readonly Batch[]

  constructor(
    session: BlockSession,
    { config, parameters }: Pick<Victim, 'config' | 'parameters'>,
    examples: readonly EncodedConversation[],
    choice: TokenChoice = responseTokens,
  ) {
    this.#session = session
    this.#batches = batchesOf(examples, config.maxLength, choice).map(({ ids, ...batch }) => ({
      ...batch,
      stream: session.embed(parameters, ids),
    }))
  }

  /** Gram matrices of what block `layer` is given at tokens that count. The walk stays in front of the block. */
  async grams(layer: number, parameters: ParameterValues): Promise<InputGrams> {
    const sums = new Map<BlockInput, Float64Matrix>()
    for (const batch of this.#batches) {
      const counted = new Float32Array(batch.batch * batch.length)
      for (const place of batch.places) counted[place] = 1
      const grams = await this.#session.grams(layer, parameters, batch.stream, counted, batch)
      for (const input of BLOCK_INPUTS) {
        const width = Math.round(Math.sqrt(grams[input].length))
        const { data } = getOrMake(sums, input, () => zeros(width, width))
        grams[input].forEach((value, at) => (data[at] = (data[at] as number) + value))
      }
    }
    return sums
  }

  /** Goes through block `layer` with the weights given. */
  async pass(layer: number, parameters: ParameterValues, visit?: InputVisitor): Promise<void> {
    for (const batch of this.#batches) {
      const { stream, inputs } = await this.#session.run(layer, parameters, batch.stream, batch)
      batch.stream = stream
      if (visit !== undefined) for (const input of BLOCK_INPUTS) visit(input, chosenRows(inputs[input], batch))
    }
  }

  /** The residual stream at tokens that count, [tokens, width]: what the next block gets there. */
  streams(): readonly Float32Array[] {
    return this.#batches.map((batch) => chosenRows(batch.stream, batch))
  }
}

function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const value = map.get(key) ?? make()
  map.set(key, value)
  return value
}

function chosenRows(values: Float32Array, { batch, length, places }: Batch): Float32Array {
  const width = values.length / (batch * length)
  const rows = new Float32Array(places.length * width)
  places.forEach((place, at) => rows.set(values.subarray(place * width, (place + 1) * width), at * width))
  return rows
}

/** In the order of the examples, neighbours of one padded length together. */
function batchesOf(
  examples: readonly EncodedConversation[],
  maxLength: number,
  choice: TokenChoice,
): readonly (Omit<Batch, 'stream'> & { readonly ids: Int32Array })[] {
  const byLength = new Map<number, EncodedConversation[]>()
  for (const example of examples) {
    const length = Math.min(maxLength, PADDING * Math.ceil(example.ids.length / PADDING))
    byLength.set(length, [...(byLength.get(length) ?? []), example])
  }
  return [...byLength].flatMap(([length, group]) => {
    const batch = Math.max(1, Math.floor(BATCH_TOKENS / length))
    return Array.from({ length: Math.ceil(group.length / batch) }, (_, index) => {
      const members = group.slice(index * batch, (index + 1) * batch)
      const ids = new Int32Array(batch * length)
      const places = members.flatMap((example, slot) => {
        ids.set(example.ids, slot * length)
        return [...example.ids.keys()].filter((place) => choice(example, place)).map((place) => slot * length + place)
      })
      return { batch, length, ids, places: Int32Array.from(places) }
    })
  })
}
