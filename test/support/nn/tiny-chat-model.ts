/** A chat model of a few thousand random numbers: it says nothing sensible, but the same each time. */
import { initialDecoder, type DecoderConfig } from '../../../src/nn/decoder/config.ts'
import type { ParameterValues } from '../../../src/nn/tensor/parameters.ts'
import { trainBytePairs } from '../../../src/nn/tokenizer/byte-level-bpe.ts'
import { CHATML_TEMPLATE, CHATML_TOKENS } from '../../../src/nn/tokenizer/chat-template.ts'
import type { TokenizerFiles } from '../../../src/nn/tokenizer/tokenizer-json.ts'

export interface TinyChatModel {
  readonly config: DecoderConfig
  readonly parameters: ParameterValues
  readonly tokenizer: TokenizerFiles & { readonly config: unknown }
}

const [BEGIN, END] = CHATML_TOKENS
const TOKENIZER = trainBytePairs(['say red', 'say blue', 'user assistant system', 'naïve 😀'], {
  ...{ vocabularySize: 290, specialTokens: [BEGIN, END], endToken: END, chatTemplate: CHATML_TEMPLATE },
})

export function tinyChatModel(seed: number, change: Partial<DecoderConfig> = {}): TinyChatModel {
  const config: DecoderConfig = {
    architecture: 'llama',
    ...{ vocabularySize: 290, width: 16, layers: 2, heads: 2, keyValueHeads: 1, headWidth: 8, feedForward: 24 },
    ...{ maxLength: 64, ropeTheta: 10_000, epsilon: 1e-5, tiedEmbeddings: false, endTokens: [1] },
    ...change,
  }
  // Large numbers, so that what was read before matters for what comes next.
  const parameters = initialDecoder(config, seed, { deviation: 0.4 })
  return { config, parameters, tokenizer: TOKENIZER }
}
