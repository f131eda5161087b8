/** Conversations as batches of one fixed size, step after step, in an order decided by a seed: for training loops that need several gradients a step. */
import type { TensorData } from '../../../../nn/onnx/graph.ts'
import { ParapetError } from '../../../../spec/errors.ts'
import { type PlannedBatch, type TokenBucket, planPass } from '../../../train/decoder/batches.ts'
import { type EncodedConversation, encodeConversation } from '../../../train/decoder/encode.ts'
import { nextTokenFeeds } from '../../../train/decoder/next-token-loss.ts'
import type { Victim } from '../../../victim/victim.ts'
import type { Conversations } from './defence.ts'

export class FixedBatches {
  /** All positions of all sequences; nothing is left out of the loss's graph. */
  readonly bucket: Required<Omit<TokenBucket, 'learnt'>>
  readonly #sequences: readonly EncodedConversation[]
  readonly #plan: (pass: number) => readonly PlannedBatch[]

  constructor(
    sequences: readonly EncodedConversation[],
    options: { readonly batch: number; readonly seed: number; readonly maxLength: number },
  ) {
    this.#sequences = sequences
    if (sequences.length === 0)
      throw new ParapetError('input_invalid', 'A defence has nothing to learn from: no conversation fits the model.')
    const longest = sequences.reduce((most, { ids }) => Math.max(most, ids.length), 1)
    const length = Math.min(options.maxLength, 16 * Math.ceil(longest / 16))
    const batch = Math.min(options.batch, this.#sequences.length)
    this.bucket = { batch, length }
    this.#plan = (pass) =>
      planPass(
        {
          ...{ lengths: this.#sequences.map(({ ids }) => ids.length), learnt: this.#sequences.map(() => 0) },
          ...{ tokensPerStep: batch * length, bucketLengths: [length], seed: options.seed },
        },
        pass,
      )
  }

  /** Conversations that are too long for the model are left out. */
  static of(
    { config: { maxLength }, tokenizer }: Victim,
    conversations: Conversations,
    options: { readonly batch: number; readonly seed: number },
  ): FixedBatches {
    const sequences = conversations.flatMap(
      (messages) => encodeConversation({ messages }, { tokenizer, maxLength }) ?? [],
    )
    return new FixedBatches(sequences, { ...options, maxLength })
  }

  /** Updates of one pass. */
  get stepsOfPass(): number {
    return Math.ceil(this.#sequences.length / this.bucket.batch)
  }

  /** The sequences of a step, from 0. */
  at(step: number): readonly EncodedConversation[] {
    const each = this.stepsOfPass
    const rows = this.#plan(Math.floor(step / each))[step % each]?.rows ?? []
    return rows.map((row) => this.#sequences[row] as EncodedConversation)
  }

  /** Feeds of the inputs `ids`, `labels` and `weights`. */
  feeds(step: number): Readonly<Record<string, TensorData>> {
    return nextTokenFeeds(this.at(step), this.bucket)
  }
}
