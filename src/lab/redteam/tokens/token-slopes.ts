/** How the loss of a decoder changes with the tokens it reads: the gradient that a GCG search follows. It chooses no token. */
import type { DecoderConfig } from '../../../nn/decoder/config.ts'
import { GradientSession } from '../../../nn/runtime/gradient-session.ts'
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import type { ParameterValues } from '../../../nn/tensor/parameters.ts'
import type { EncodedConversation } from '../../train/decoder/encode.ts'
import { type RowsBucket, rowsFeeds, rowsLoss } from './token-rows.ts'

export interface TokenSlopesOptions {
  readonly runtime: OnnxRuntime
  readonly config: DecoderConfig
  /** Read in place at each call. */
  readonly parameters: ParameterValues
  /** 1 if absent. */
  readonly threads?: number
}

export class TokenSlopes {
  readonly #config: DecoderConfig
  readonly #session: GradientSession<RowsBucket>

  constructor({ runtime, config, parameters, threads = 1 }: TokenSlopesOptions) {
    this.#config = config
    this.#session = new GradientSession({
      ...{ runtime, threads, parameters, build: rowsLoss(config), targets: ['tokens'] },
    })
  }

  /**
   * d(mean −log p of the tokens with a weight)/d(one-hot rows), [length, vocabulary] with the length padded. One call at a time.
   */
  async of(sequence: EncodedConversation): Promise<Float32Array> {
    const { bucket, feeds } = rowsFeeds(sequence, this.#config)
    const { gradients } = await this.#session.run(bucket, feeds)
    return gradients['tokens'] ?? new Float32Array(0)
  }

  /** Frees the native sessions. */
  async dispose(): Promise<void> {
    await this.#session.dispose()
  }
}
