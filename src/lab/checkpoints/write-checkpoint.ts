/**
 * Writes a decoder as a Hugging Face folder or as a GGUF file. A failed write leaves what was there. A folder that holds files of another
 * checkpoint which would not be replaced is refused: readers would mix the two.
 */
import { basename, join } from 'node:path'
import {
  type FloatFormat,
  chatTemplateOf,
  ggufModelPieces,
  ggufTokenizerOf,
  huggingFaceConfigOf,
  safetensorsPieces,
  tokenFields,
} from '../../nn/checkpoint/index.ts'
import { checkDecoderParameters } from '../../nn/decoder/config.ts'
import { ParapetError } from '../../spec/errors.ts'
import { type Checkpoint, FILES } from './checkpoint.ts'
import { fileExists } from './file-source.ts'
import { type FileToWrite, jsonPieces, textPieces, writeTogether } from './write-together.ts'

export interface WriteCheckpointOptions {
  /** How weights are stored; `F32` keeps every bit. */
  readonly format?: FloatFormat
}

export interface WriteGgufOptions {
  /** llama.cpp's name of the way the tokenizer splits text; found from `tokenizer.json` where it is a known one. */
  readonly pre?: string
  /** Name that tools show; the name of the file where absent. */
  readonly name?: string
}

/**
 * Writes `config.json`, `generation_config.json`, `model.safetensors` and the tokenizer's files. Throws before anything is written:
 * `input_invalid` for parameters that do not fit or hold NaN, `configuration` for a folder with files of another checkpoint.
 */
export async function writeCheckpoint(
  folder: string,
  checkpoint: Checkpoint,
  options: WriteCheckpointOptions = {},
): Promise<void> {
  const { config, parameters, tokenizer } = checkpoint
  checkDecoderParameters(config, parameters)
  const files: readonly FileToWrite[] = [
    {
      path: FILES.weights,
      pieces: safetensorsPieces(parameters, options.format === undefined ? {} : { format: options.format }),
    },
    {
      path: FILES.config,
      pieces: jsonPieces({ ...huggingFaceConfigOf(config), torch_dtype: DTYPES[options.format ?? 'F32'] }),
    },
    { path: FILES.generation, pieces: jsonPieces(tokenFields(config)) },
    ...tokenizerFiles(tokenizer),
  ]
  await refuseLeftovers(folder, files)
  await writeTogether(files.map(({ path, pieces }) => ({ path: join(folder, path), pieces })))
}

/**
 * Writes a GGUF file of 32-bit weights for llama.cpp. Throws `configuration` without a tokenizer or when its way to split text has to be
 * named.
 */
export async function writeGguf(path: string, checkpoint: Checkpoint, options: WriteGgufOptions = {}): Promise<void> {
  const { config, parameters, tokenizer } = checkpoint
  if (tokenizer === undefined)
    throw new ParapetError('configuration', 'A GGUF file holds its tokenizer, and this checkpoint has none.')
  const { json, config: tokenizerConfig, chatTemplate } = tokenizer
  const pieces = ggufModelPieces({
    config,
    parameters,
    tokenizer: ggufTokenizerOf(json, {
      config,
      ...(tokenizerConfig === undefined ? {} : { tokenizerConfig }),
      ...(chatTemplate === undefined ? {} : { chatTemplate }),
      ...(options.pre === undefined ? {} : { pre: options.pre }),
    }),
    name: options.name ?? basename(path, '.gguf'),
  })
  await writeTogether([{ path, pieces }])
}

const DTYPES: Readonly<Record<FloatFormat, string>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' }

function tokenizerFiles(tokenizer: Checkpoint['tokenizer']): readonly FileToWrite[] {
  if (tokenizer === undefined) return []
  const { json, config, chatTemplate } = tokenizer
  return [
    { path: FILES.tokenizer, pieces: jsonPieces(json) },
    ...(config === undefined ? [] : [{ path: FILES.tokenizerConfig, pieces: jsonPieces(config) }]),
    ...(chatTemplate === undefined || chatTemplate === chatTemplateOf(config)
      ? []
      : [{ path: FILES.chatTemplate, pieces: textPieces(chatTemplate) }]),
  ]
}

async function refuseLeftovers(folder: string, files: readonly FileToWrite[]): Promise<void> {
  const written = new Set(files.map(({ path }) => path))
  const others = [FILES.index, FILES.tokenizer, FILES.tokenizerConfig, FILES.chatTemplate]
  const left: string[] = []
  for (const name of others) if (!written.has(name) && (await fileExists(join(folder, name)))) left.push(name)
  if (left.length > 0)
    throw new ParapetError(
      'configuration',
      `${folder} holds ${left.join(' and ')} of another checkpoint. Remove them, or write to another folder.`,
    )
}
