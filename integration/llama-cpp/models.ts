/** The models and prompts of `formats.ts`: one model for each way to split text and each layout of weights that a GGUF file can have. */
import type { Checkpoint } from '../../src/lab/checkpoints/index.ts'
import { worldRows, worldTrainingRows } from '../../src/lab/world/index.ts'
import { type DecoderConfig, initialDecoder } from '../../src/nn/decoder/config.ts'
import { gaussian } from '../../src/nn/encoder/config.ts'
import { createRandom } from '../../src/nn/random.ts'
import { trainBytePairs } from '../../src/nn/tokenizer/byte-level-bpe.ts'

export interface FormatCase {
  readonly name: string
  readonly config: Omit<DecoderConfig, 'vocabularySize' | 'endTokens' | 'beginToken'>
  /** `pre_tokenizer` of `tokenizer.json`; that of GPT-2 where absent. */
  readonly split?: object
}

const SIZES = { width: 64, layers: 3, heads: 4, keyValueHeads: 2, headWidth: 16, feedForward: 160, maxLength: 256 }
const byteLevel = (regex: boolean): object => ({
  type: 'ByteLevel',
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: regex,
})
const sequence = (first: object, regex: boolean): object => ({
  type: 'Sequence',
  pretokenizers: [first, byteLevel(regex)],
})
const QWEN2_SPLIT =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

export const CASES: readonly FormatCase[] = [
  {
    name: 'llama, tied, gpt-2 split',
    config: { ...SIZES, architecture: 'llama', ropeTheta: 10_000, epsilon: 1e-5, tiedEmbeddings: true },
  },
  {
    // Heads together wider than the residual stream, and other constants.
    name: 'llama, untied, wide heads, smollm split',
    config: {
      ...SIZES,
      headWidth: 24,
      architecture: 'llama',
      ropeTheta: 100_000,
      epsilon: 1e-2,
      tiedEmbeddings: false,
    },
    split: sequence({ type: 'Digits', individual_digits: true }, true),
  },
  {
    name: 'qwen2, untied, qwen2 split',
    config: { ...SIZES, architecture: 'qwen2', ropeTheta: 1_000_000, epsilon: 1e-6, tiedEmbeddings: false },
    split: sequence({ type: 'Split', pattern: { Regex: QWEN2_SPLIT }, behavior: 'Isolated', invert: false }, false),
  },
]

/** Texts that are split in unlike ways, where tokenizers go apart first. */
const HARD_TEXTS = [
  'a  b   c',
  '  two in front',
  'ends in spaces   ',
  'tab\tand\n\nlines\r\n  indented',
  "it's we'll they'd I'M YOU'RE",
  '2024-10-31 3.14159 1,000,000',
  'x1y22z333',
  '½ Ⅷ ٣٤٥ ²³',
  'naïve café ÅÉÎ e\u0301',
  '日本語のテキスト、漢字かな。',
  'Привет, мир! Γειά σου',
  '🙂👩‍👩‍👧🇩🇪 ok',
  '!!!??? ...---... #$%&',
  '<|im_end|> in a text <|im_start|>',
]

export const PROMPTS: readonly string[] = [
  ...HARD_TEXTS,
  ...Array.from(
    worldRows({ split: 'test', seed: 11, counts: { task: 18, forbidden: 18 } }),
    ({ messages }) => messages.find(({ role }) => role === 'user')?.content ?? '',
  ),
]

/**
 * The tokenizer learns from texts of the world, and from the hard ones often enough that a wrong split meets a merge. Weights are
 * random, and large enough that blocks outweigh the embeddings.
 */
export function checkpointOf({ config, split }: FormatCase): Checkpoint {
  const texts = Array.from(worldTrainingRows({ seed: 5, count: 400, stage: 'aligned' }), ({ messages }) =>
    messages.map(({ content }) => content).join('\n'),
  )
  const { json, config: tokenizerConfig } = trainBytePairs(
    texts.concat(...Array.from({ length: 12 }, () => HARD_TEXTS)),
    {
      vocabularySize: 700,
      specialTokens: ['<|im_start|>', '<|im_end|>'],
      endToken: '<|im_end|>',
    },
  )
  const full: DecoderConfig = { ...config, vocabularySize: Object.keys(json.model.vocab).length, endTokens: [1] }
  const parameters = initialDecoder(full, 7)
  const random = createRandom(8)
  for (const [name, { data }] of Object.entries(parameters))
    for (const [index, value] of data.entries()) {
      if (name.endsWith('norm.weight')) data[index] = 1 + 0.2 * gaussian(random)
      else if (name.endsWith('.bias')) data[index] = 0.5 * gaussian(random)
      else data[index] = value * (/embed_tokens/.test(name) ? 4 : /[qk]_proj/.test(name) ? 8 : 12)
    }
  return {
    config: full,
    parameters,
    tokenizer: { json: split === undefined ? json : { ...json, pre_tokenizer: split }, config: tokenizerConfig },
  }
}
