/**
 * What a model is asked for samples (Chua et al. 2024, arXiv 2411.12946, §3): a system prompt with on- and off-topic prompts, steered by random
 * seed words, a length, a style and a language. The paper does not print its prompt; these words are Parapet's own. Version `engine-2`.
 */
import { createRandom } from '../../../nn/random.ts'
import { meaningfulWords } from '../../../nn/topic-scope.ts'
import type { CompletionRequest } from '../../../spec/index.ts'
import { LIBRARY } from '../library/index.ts'
import type { Specification } from '../specification.ts'
import { pick, pickMany } from './draw.ts'

export const ENGINE_VERSION = 'engine-2'
/** Words put into a question, so that no two replies are alike. */
export const SEED_WORDS = 10
/** Room for the JSON around prompts, and for the system prompt. */
const TOKENS_AROUND = 800

/** Lengths, and tokens that a prompt of it may take in any language: a reply that is cut off is lost. */
const LENGTHS = [
  { length: 'two to six words', tokens: 30 },
  { length: 'one short sentence', tokens: 50 },
  { length: 'one or two sentences', tokens: 90 },
  { length: 'a paragraph with some story around it', tokens: 220 },
] as const
const STYLES = [
  'plain and polite',
  'hurried, lower case, with a typing mistake',
  'vague, so that only the scope tells what is meant',
  'formal',
  'chatty, with a greeting first',
] as const
const DEMANDS = [
  'Make the off-topic prompts close neighbours of the scope.',
  'Let some off-topic prompts pretend to belong to the scope.',
  'Let off-topic prompts come from everyday life, school, programming and entertainment.',
  'Include one very short on-topic prompt.',
] as const

/** What was drawn for one question. */
export interface Draw {
  readonly words: readonly string[]
  readonly length: (typeof LENGTHS)[number]['length']
  /** What the reply may take. */
  readonly tokensEach: number
  readonly style: (typeof STYLES)[number]
  readonly demand: (typeof DEMANDS)[number]
  readonly language: string
}

const VOCABULARY: readonly string[] = [
  ...new Set(
    LIBRARY.flatMap(({ topics }) =>
      topics.flatMap(({ requests }) => requests.flatMap((one) => [...meaningfulWords(one)])),
    ),
  ),
].filter((word) => word.length > 3)

/** The draws of question `turn`: they depend on the seed and the turn alone. */
export function drawFor({ languages }: Specification, seed: number, turn: number): Draw {
  const random = createRandom(seed + 104_729 * (turn + 1))
  const words = pickMany(VOCABULARY, SEED_WORDS, random)
  const { length, tokens: tokensEach } = pick(LENGTHS, random)
  return {
    words,
    ...{ length, tokensEach, style: pick(STYLES, random), demand: pick(DEMANDS, random) },
    language: languages[turn % languages.length] ?? 'en',
  }
}

/** The question, with `each` prompts wanted of either label. */
export function metaPrompt(specification: Specification, draw: Draw, each: number): CompletionRequest {
  const { name, use, misuse, topics, edgeCases, systemPrompts } = specification
  const facts = {
    ...{ name, use, misuse, topics: topics.map((topic) => ({ name: topic.name, example: topic.examples[0] })) },
    ...{ edge_cases: edgeCases.slice(0, 20), real_system_prompts: systemPrompts.slice(0, 3) },
  }
  const task =
    `You write test data for a filter of off-topic prompts. You are given an application as JSON. Write one system prompt as its owner might ` +
    `write it, different from the real ones in wording and order, then exactly ${each} prompts of users that are on topic and exactly ` +
    `${each} that are off topic. Each prompt is ${draw.length}, ${draw.style}, in the language "${draw.language}". ${draw.demand} ` +
    `Take ideas from these words where they fit: ${draw.words.join(', ')}. No two prompts may ask the same. Answer with JSON only.`
  return {
    chat: {
      messages: [
        { role: 'system', content: task },
        { role: 'user', content: JSON.stringify(facts) },
      ],
    },
    ...{
      completion: null,
      stop: [],
      maxTokens: TOKENS_AROUND + 2 * each * draw.tokensEach,
      temperature: 1,
      schema: schemaOf(each),
    },
  }
}

function schemaOf(each: number): Readonly<Record<string, unknown>> {
  const prompts = { type: 'array', items: { type: 'string' }, minItems: each, maxItems: each }
  return {
    type: 'object',
    properties: { system_prompt: { type: 'string' }, on_topic: prompts, off_topic: prompts },
    required: ['system_prompt', 'on_topic', 'off_topic'],
    additionalProperties: false,
  }
}
