/** A victim of a few thousand random weights that reads the world's words: for tests of what is done to models, not of what models do. */
import { type DecoderConfig, initialDecoder } from '../../../src/nn/decoder/config.ts'
import { loadOnnxRuntime } from '../../../src/nn/runtime/onnx-runtime.ts'
import { trainBytePairs } from '../../../src/nn/tokenizer/byte-level-bpe.ts'
import { CHATML_TEMPLATE, CHATML_TOKENS } from '../../../src/nn/tokenizer/chat-template.ts'
import type { Checkpoint } from '../../../src/lab/checkpoints/index.ts'
import { type Victim, victimOf } from '../../../src/lab/victim/index.ts'
import { worldTrainingRows } from '../../../src/lab/world/index.ts'

export function tinyCheckpoint(seed = 1): Checkpoint {
  const [begin, end] = CHATML_TOKENS
  const rows = [...worldTrainingRows({ seed: 1, count: 400, stage: 'base' })]
  const texts = rows.flatMap(({ messages }) => messages.map(({ content }) => content))
  const tokenizer = trainBytePairs(texts, {
    ...{
      vocabularySize: 600,
      specialTokens: [begin, end],
      endToken: end,
      padToken: end,
      chatTemplate: CHATML_TEMPLATE,
    },
  })
  const config: DecoderConfig = {
    architecture: 'llama',
    ...{ vocabularySize: 600, width: 16, layers: 2, heads: 2, keyValueHeads: 2, headWidth: 8, feedForward: 24 },
    ...{ maxLength: 256, ropeTheta: 10_000, epsilon: 1e-5, tiedEmbeddings: true, endTokens: [1], padToken: 1 },
  }
  return { config, parameters: initialDecoder(config, seed), tokenizer }
}

export async function tinyVictim(seed = 1): Promise<Victim> {
  return victimOf('tiny', tinyCheckpoint(seed), await loadOnnxRuntime())
}
