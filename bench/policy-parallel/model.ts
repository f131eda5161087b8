/**
 * The model of this bench: SmolLM2's shape with fewer layers and random weights, whose head knows two words, " yes" and " no". Which of
 * them it says, and how surely, depends on everything in its prompt; it understands nothing of it. Costs are those of a real model of
 * this size; what it says of an order is an example and no measure of models that were trained.
 */
import { HAZARDS } from '../../src/core/taxonomy/index.ts'
import type { Checkpoint } from '../../src/lab/checkpoints/index.ts'
import { worldTrainingRows } from '../../src/lab/world/index.ts'
import { type DecoderConfig, initialDecoder } from '../../src/nn/decoder/config.ts'
import type { ParameterValues } from '../../src/nn/tensor/parameters.ts'
import { trainBytePairs } from '../../src/nn/tokenizer/byte-level-bpe.ts'
import { CHATML_TEMPLATE, CHATML_TOKENS } from '../../src/nn/tokenizer/chat-template.ts'
import { loadTokenizer } from '../../src/nn/tokenizer/tokenizer-json.ts'

const SHAPE: Omit<DecoderConfig, 'layers' | 'vocabularySize'> = {
  ...{ width: 576, heads: 9, keyValueHeads: 3, headWidth: 64, feedForward: 1_536 },
  ...{ maxLength: 8_192, ropeTheta: 100_000, epsilon: 1e-5, tiedEmbeddings: false },
  architecture: 'llama',
}

/** Features that no block writes to: one of every token, on which the two words stand out, and one of the two words, after which all ends. */
const EVERY_TOKEN = 0
const WORD = 1
const FEATURE_SIZE = 0.5
const HEAD_SIZE = 200
const EMBEDDING_SIZE = 2.5
/** Id of the token that ends an answer. */
const END = 1
/** Sharp attention, and blocks that outweigh the embeddings, as in a trained model. */
const ATTENTION_SIZE = 6
const BLOCK_SIZE = 2

/** Long texts in the words of the small world, for prompts. */
export function worldText(characters: number, seed: number): string {
  const rows = worldTrainingRows({ seed, count: 2_000, stage: 'aligned' })
  let text = ''
  for (const { messages } of rows) {
    if (text.length >= characters) break
    text += `${messages.map(({ content }) => content).join('\n')}\n`
  }
  return text.slice(0, characters)
}

export async function randomJudge(layers: number, seed: number): Promise<Checkpoint> {
  const words = Array.from({ length: 40 }, () => ['Is it so? yes', 'It is: yes no', ' yes', ' no']).flat()
  const policy = HAZARDS.map(({ name, covers }) => `${name}\n${covers}`)
  const texts = [worldText(200_000, 5), ...policy, ...policy, ...policy, ...words]
  const { json, config: tokenizerConfig } = trainBytePairs(texts, {
    vocabularySize: 4_096,
    specialTokens: [...CHATML_TOKENS],
    endToken: '<|im_end|>',
  })
  const config: DecoderConfig = {
    ...SHAPE,
    layers,
    vocabularySize: Object.keys(json.model.vocab).length,
    endTokens: [END],
  }
  const tokenizer = await loadTokenizer({ json, config: tokenizerConfig })
  const spoken = [' yes', ' no'].map((word) => tokenizer.encode(word))
  if (spoken.some((ids) => ids.length !== 1)) throw new Error('A word of the judge is more than one token.')
  const parameters = initialDecoder(config, seed)
  shape(parameters, new Set(spoken.flat()))
  return { config, parameters, tokenizer: { json, config: tokenizerConfig, chatTemplate: CHATML_TEMPLATE } }
}

function shape(parameters: ParameterValues, words: ReadonlySet<number>): void {
  for (const [name, { shape: sizes, data }] of Object.entries(parameters)) {
    const columns = sizes.at(-1) ?? 1
    const size = (row: number, column: number, value: number): number => {
      const feature = column === EVERY_TOKEN || column === WORD
      if (name.includes('embed_tokens')) {
        if (!feature) return value * EMBEDDING_SIZE
        return column === EVERY_TOKEN || words.has(row) ? FEATURE_SIZE : 0
      }
      if (name.includes('lm_head')) {
        if (row === END) return column === WORD ? 2 * HEAD_SIZE : 0
        if (!words.has(row)) return 0
        return feature ? (column === EVERY_TOKEN ? HEAD_SIZE : 0) : 2 * value
      }
      if (/(?:o|down)_proj/.test(name)) return row === EVERY_TOKEN || row === WORD ? 0 : value * BLOCK_SIZE
      if (/(?:q|k)_proj/.test(name)) return value * ATTENTION_SIZE
      return /_proj/.test(name) ? value * BLOCK_SIZE : value
    }
    for (const [index, value] of data.entries()) data[index] = size(Math.floor(index / columns), index % columns, value)
  }
}
