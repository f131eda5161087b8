/**
 * A guard to go on from: any checkpoint with a tokenizer. Where that lacks Llama 3's control tokens, they are added: new entries of the
 * tokenizer and new rows of the embedding (and of the output, where it is its own), each the mean of the rows that are there, so that no
 * logit begins above the others. The checkpoint's folder is left as it is.
 */
import { type DecoderConfig, EMBEDDING, OUTPUT, checkDecoderParameters } from '../../../nn/decoder/config.ts'
import type { ParameterValue } from '../../../nn/tensor/parameters.ts'
import { type TextTokenizer, loadTokenizer } from '../../../nn/tokenizer/tokenizer-json.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { readCheckpoint } from '../../checkpoints/index.ts'
import { CONTROL_TOKENS, END_OF_TURN } from '../examples/training-example.ts'
import type { Guard } from './small-guard.ts'

/** Throws `input_invalid` for a checkpoint without a tokenizer, and what `readCheckpoint` throws. */
export async function startGuard(path: string): Promise<Guard> {
  const { config, parameters, tokenizer: files } = await readCheckpoint(path)
  if (files === undefined)
    throw new ParapetError('input_invalid', `${path} has no tokenizer.json, so no text can be given to it.`)
  const own = await loadTokenizer(files)
  const missing = CONTROL_TOKENS.filter((token) => own.tokenId(token) === undefined)
  if (missing.length === 0) return { config, parameters, tokenizer: own, files }
  const first = own.vocabularySize
  const json = files.json as { readonly added_tokens?: readonly unknown[] }
  const widened = {
    ...files,
    json: {
      ...json,
      added_tokens: [
        ...(json.added_tokens ?? []),
        ...missing.map((content, at) => ({
          ...{ id: first + at, content, single_word: false, lstrip: false, rstrip: false },
          ...{ normalized: false, special: true },
        })),
      ],
    },
  }
  const tokenizer = await loadTokenizer(widened)
  // Tables may have more rows than the tokenizer has tokens.
  const rows = Math.max(config.vocabularySize, first + missing.length)
  const larger: DecoderConfig = { ...config, vocabularySize: rows, endTokens: endsOf(config, tokenizer) }
  const tables = [EMBEDDING, ...(config.tiedEmbeddings ? [] : [OUTPUT])]
  const grown = {
    ...parameters,
    ...Object.fromEntries(tables.map((name) => [name, withMeanRows(parameters[name], first, rows)])),
  }
  checkDecoderParameters(larger, grown)
  return { config: larger, parameters: grown, tokenizer, files: widened }
}

function endsOf({ endTokens = [] }: DecoderConfig, tokenizer: TextTokenizer): readonly number[] {
  const end = tokenizer.tokenId(END_OF_TURN)
  return [...new Set([...endTokens, ...(end === undefined ? [] : [end])])]
}

/** Rows from `first` on are the mean of those before. */
function withMeanRows(table: ParameterValue | undefined, first: number, rows: number): ParameterValue {
  const width = table?.shape[1]
  if (table === undefined || width === undefined)
    throw new ParapetError('input_invalid', 'The checkpoint has no table of embeddings.')
  const mean = new Float32Array(width)
  for (let at = 0; at < first * width; at += 1)
    mean[at % width] = (mean[at % width] ?? 0) + (table.data[at] ?? 0) / first
  const data = new Float32Array(rows * width)
  data.set(table.data.subarray(0, first * width))
  for (let row = first; row < rows; row += 1) data.set(mean, row * width)
  return { shape: [rows, width], data }
}
