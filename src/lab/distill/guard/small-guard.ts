/**
 * A small guard from nothing: byte pairs of its own corpus with Llama 3's control tokens, and a decoder of Llama's shape. What it learns is
 * `train-guard.ts`.
 */
import { type DecoderConfig, checkDecoderParameters, initialDecoder } from '../../../nn/decoder/config.ts'
import type { ParameterValues } from '../../../nn/tensor/parameters.ts'
import { trainBytePairs } from '../../../nn/tokenizer/byte-level-bpe.ts'
import { type TextTokenizer, loadTokenizer } from '../../../nn/tokenizer/tokenizer-json.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { type Checkpoint, type CheckpointTokenizer, readCheckpoint } from '../../checkpoints/index.ts'
import { CONTROL_TOKENS, END_OF_TURN, type TrainingExample } from '../examples/training-example.ts'

export interface GuardShape {
  readonly width: number
  readonly layers: number
  readonly heads: number
  /** Tokens of prompt and answer together. */
  readonly maxLength: number
  readonly vocabularySize: number
}

/** About 0.6 million parameters: what a laptop trains in minutes. */
export const SMALL_GUARD: GuardShape = { width: 96, layers: 3, heads: 4, maxLength: 512, vocabularySize: 2048 }

export interface Guard {
  readonly config: DecoderConfig
  readonly parameters: ParameterValues
  readonly tokenizer: TextTokenizer
  readonly files: CheckpointTokenizer
}

/** Byte pairs of the texts of the examples. */
export function guardTokenizer(
  examples: Iterable<TrainingExample>,
  { vocabularySize, maxLength }: GuardShape,
): CheckpointTokenizer {
  const controls = new RegExp(CONTROL_TOKENS.map((token) => token.replaceAll('|', '\\|')).join('|'))
  function* texts(): Generator<string> {
    for (const { parts } of examples) for (const { text } of parts) yield* text.split(controls)
  }
  return trainBytePairs(texts(), {
    ...{ vocabularySize, maxLength, specialTokens: CONTROL_TOKENS, endToken: END_OF_TURN, padToken: '<|end_of_text|>' },
  })
}

/** Fresh numbers for a tokenizer. */
export async function freshGuard(files: CheckpointTokenizer, shape: GuardShape, seed: number): Promise<Guard> {
  const { width, layers, heads, maxLength } = shape
  const tokenizer = await loadTokenizer(files)
  const config: DecoderConfig = {
    ...{ architecture: 'llama', width, layers, heads, keyValueHeads: heads, headWidth: width / heads, maxLength },
    ...{ feedForward: 8 * Math.round(width / 3), ropeTheta: 10_000, epsilon: 1e-5, tiedEmbeddings: true },
    vocabularySize: tokenizer.vocabularySize,
    ...endsOf(tokenizer),
  }
  const parameters = initialDecoder(config, seed)
  checkDecoderParameters(config, parameters)
  return { config, parameters, tokenizer, files }
}

/** A guard from a Hugging Face folder or a packed file. Throws `input_invalid` without a tokenizer that knows the end of a turn. */
export async function loadGuard(path: string): Promise<Guard> {
  const { config, parameters, tokenizer: files } = await readCheckpoint(path)
  if (files === undefined)
    throw new ParapetError('input_invalid', `${path} has no tokenizer.json, so no text can be given to it.`)
  const tokenizer = await loadTokenizer(files)
  if (tokenizer.tokenId(END_OF_TURN) === undefined)
    throw new ParapetError(
      'input_invalid',
      `The tokenizer of ${path} has no ${END_OF_TURN}. Give a checkpoint with Llama 3's control tokens, or start from nothing.`,
    )
  return { config, parameters, tokenizer, files }
}

export function checkpointOf({ config, parameters, files }: Guard): Checkpoint {
  return { config, parameters, tokenizer: files }
}

/** The same guard with numbers of its own. */
export function copyOfGuard(guard: Guard): Guard {
  const parameters = Object.fromEntries(
    Object.entries(guard.parameters).map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]),
  )
  return { ...guard, parameters }
}

/** Tokens that end a turn of this guard. */
export function endTokens({ config, tokenizer }: Pick<Guard, 'config' | 'tokenizer'>): readonly number[] {
  const own = tokenizer.tokenId(END_OF_TURN)
  return [...new Set([...(config.endTokens ?? []), ...(own === undefined ? [] : [own])])]
}

function endsOf(tokenizer: TextTokenizer): Pick<DecoderConfig, 'endTokens' | 'padToken'> {
  const { endToken, padToken } = tokenizer
  return {
    ...(endToken === undefined ? {} : { endTokens: [endToken] }),
    ...(padToken === undefined ? {} : { padToken }),
  }
}
