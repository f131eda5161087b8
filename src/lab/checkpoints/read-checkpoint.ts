/**
 * Reads a Hugging Face folder of a Llama or Qwen2 decoder: `config.json`, safetensors in one file or several, tokenizer. Everything is
 * checked from the small files and headers before the first number is read; numbers are read tensor by tensor into 32 bits. A file in
 * place of a folder is a packed chat model (`packed-file.ts`).
 */
import { totalmem } from 'node:os'
import { join } from 'node:path'
import {
  type SafetensorsFile,
  chatTemplateOf,
  decoderConfigOf,
  floatEntry,
  openSafetensors,
  readFloatTensor,
  withGenerationConfig,
} from '../../nn/checkpoint/index.ts'
import {
  type DecoderConfig,
  OUTPUT,
  checkDecoderParameters,
  decoderShapes,
  parameterCount,
} from '../../nn/decoder/config.ts'
import { requireRotaryTables } from '../../nn/decoder/rotary.ts'
import type { ParameterValue, ParameterValues } from '../../nn/tensor/parameters.ts'
import { sameShape } from '../../nn/tensor/shape.ts'
import { ParapetError } from '../../spec/errors.ts'
import { type Checkpoint, type CheckpointTokenizer, FILES } from './checkpoint.ts'
import { fileExists, isFile, readJson, readText, withFileSource } from './file-source.ts'
import { readPackedCheckpoint } from './packed-file.ts'

export interface ReadCheckpointOptions {
  /** Most bytes the numbers may take; the machine's memory where absent. */
  readonly memoryLimit?: number
  /** Accept NaN and infinities among the weights. */
  readonly allowNonFinite?: boolean
}

interface Place {
  readonly file: string
  readonly shape: readonly number[]
}

/**
 * The checkpoint in a folder, or in the file of a packed chat model; int8 weights come as the float32 numbers they stand for. Throws
 * `input_invalid`, with the file and what is wrong, for a folder that is incomplete, damaged, of another architecture, or needs more
 * memory than allowed.
 */
export async function readCheckpoint(folder: string, options: ReadCheckpointOptions = {}): Promise<Checkpoint> {
  if (await isFile(folder)) return readPackedCheckpoint(folder)
  const config = await readConfig(folder)
  checkMemory(folder, config, options.memoryLimit ?? totalmem())
  const tokenizer = await readTokenizer(folder)
  const parameters = await readParameters(folder, config, options)
  return { config, parameters, ...(tokenizer === undefined ? {} : { tokenizer }) }
}

async function readConfig(folder: string): Promise<DecoderConfig> {
  const path = join(folder, FILES.config)
  const json = await readJson(path)
  if (json === undefined)
    throw new ParapetError(
      'input_invalid',
      `There is no ${FILES.config} in ${folder}. Give the folder of a Hugging Face checkpoint.`,
    )
  const config = decoderConfigOf(json, path)
  const generationPath = join(folder, FILES.generation)
  const generation = await readJson(generationPath)
  return generation === undefined ? config : withGenerationConfig(config, generation, generationPath)
}

function checkMemory(folder: string, config: DecoderConfig, limit: number): void {
  const needed = parameterCount(config) * 4
  refuseEndlessContext(folder, config)
  if (needed <= limit) return
  throw new ParapetError(
    'input_invalid',
    `The model in ${folder} needs ${gigabytes(needed)} for its weights in 32 bits; ${gigabytes(limit)} are allowed. Take a smaller model or a larger machine.`,
  )
}

/** Throws, with the file, where no graph could hold the tables of positions. */
function refuseEndlessContext(folder: string, { maxLength, headWidth }: DecoderConfig): void {
  try {
    requireRotaryTables(maxLength, headWidth)
  } catch (cause) {
    if (ParapetError.isInstance(cause))
      throw new ParapetError('input_invalid', `${join(folder, FILES.config)}: ${cause.message}`, { cause })
    throw cause
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toPrecision(3)} GB`
}

async function readTokenizer(folder: string): Promise<CheckpointTokenizer | undefined> {
  const json = await readJson(join(folder, FILES.tokenizer))
  if (json === undefined) return undefined
  const config = await readJson(join(folder, FILES.tokenizerConfig))
  const chatTemplate = (await readText(join(folder, FILES.chatTemplate))) ?? chatTemplateOf(config)
  return { json, config, ...(chatTemplate === undefined ? {} : { chatTemplate }) }
}

async function readParameters(
  folder: string,
  config: DecoderConfig,
  options: ReadCheckpointOptions,
): Promise<ParameterValues> {
  const files = await weightFiles(folder)
  const shapes = decoderShapes(config)
  const places = new Map<string, Place>()
  for (const file of files.names)
    await withSafetensors(folder, file, async (opened) => {
      for (const [name, { shape }] of opened.tensors) {
        if (name.endsWith('.rotary_emb.inv_freq')) continue
        if (places.has(name)) throw new ParapetError('input_invalid', `${folder} has ${name} in two files.`)
        if (Object.hasOwn(shapes, name)) floatEntry(opened, name)
        places.set(name, { file, shape })
      }
    })
  for (const [name, file] of files.map)
    if (!name.endsWith('.rotary_emb.inv_freq') && places.get(name)?.file !== file)
      throw new ParapetError(
        'input_invalid',
        `${join(folder, file)} has no tensor ${name}, though ${FILES.index} says so.`,
      )
  dropTiedOutput(folder, config, places)
  checkShapes(folder, config, places)
  const read = new Map<string, ParameterValue>()
  for (const file of files.names)
    await withSafetensors(folder, file, async (opened) => {
      for (const name of opened.tensors.keys())
        if (places.get(name)?.file === file) read.set(name, await readFloatTensor(opened, name, options))
    })
  // In the fixed order of the decoder, whatever the order of the files.
  const parameters = Object.fromEntries(
    Object.keys(shapes).flatMap((name): [string, ParameterValue][] => {
      const value = read.get(name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
  checkDecoderParameters(config, parameters)
  return parameters
}

/** The files of weights in their order, and what the index says of each tensor. */
async function weightFiles(
  folder: string,
): Promise<{ readonly names: readonly string[]; readonly map: readonly (readonly [string, string])[] }> {
  const indexPath = join(folder, FILES.index)
  const whole = await fileExists(join(folder, FILES.weights))
  const index = whole ? undefined : await readJson(indexPath)
  if (whole) return { names: [FILES.weights], map: [] }
  if (index === undefined)
    throw new ParapetError(
      'input_invalid',
      `There is neither ${FILES.weights} nor ${FILES.index} in ${folder}. Other formats have to be converted to safetensors first.`,
    )
  const weightMap: unknown = typeof index === 'object' && index !== null && 'weight_map' in index && index.weight_map
  if (typeof weightMap !== 'object' || weightMap === null)
    throw new ParapetError('input_invalid', `${indexPath}: weight_map must be an object.`)
  const map = Object.entries(weightMap).map(([name, file]: [string, unknown]): readonly [string, string] => {
    // A plain name only: an index must not lead out of its folder.
    if (typeof file === 'string' && /^[\w-][\w.-]*\.safetensors$/.test(file)) return [name, file]
    throw new ParapetError('input_invalid', `${indexPath}: ${name} must lie in a safetensors file of the folder.`)
  })
  return { names: [...new Set(map.map(([, file]) => file))].toSorted(), map }
}

async function withSafetensors(
  folder: string,
  file: string,
  use: (opened: SafetensorsFile) => Promise<void>,
): Promise<void> {
  const path = join(folder, file)
  await withFileSource(path, async (source) => use(await openSafetensors(source, path)))
}

/** Some checkpoints store the output layer though it is the table of embeddings. */
function dropTiedOutput(folder: string, config: DecoderConfig, places: Map<string, Place>): void {
  const output = places.get(OUTPUT)
  if (!config.tiedEmbeddings || output === undefined) return
  if (!sameShape(output.shape, [config.vocabularySize, config.width]))
    throw new ParapetError(
      'input_invalid',
      `${folder}: ${OUTPUT} is [${output.shape.join(', ')}], though the embeddings it is tied to are [${config.vocabularySize}, ${config.width}].`,
    )
  places.delete(OUTPUT)
}

/** Names and shapes alone, before any number is read. */
function checkShapes(folder: string, config: DecoderConfig, places: ReadonlyMap<string, Place>): void {
  const none = new Float32Array(0)
  const shapes = [...places].map(([name, { shape }]): [string, ParameterValue] => [name, { shape, data: none }])
  try {
    checkDecoderParameters(config, Object.fromEntries(shapes))
  } catch (cause) {
    if (ParapetError.isInstance(cause))
      throw new ParapetError('input_invalid', `${folder}: ${cause.message}`, { cause })
    throw cause
  }
}
