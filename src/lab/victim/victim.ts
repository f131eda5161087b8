/**
 * The model under attack or audit: a checkpoint in memory with its tokenizer and the engine that runs it, named by the digest of its weights.
 * It reads local files only, changes nothing and writes nothing.
 */
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import type { DecoderConfig } from '../../nn/decoder/config.ts'
import { type OnnxRuntime, loadOnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import type { ParameterValues } from '../../nn/tensor/parameters.ts'
import { type TextTokenizer, loadTokenizer } from '../../nn/tokenizer/tokenizer-json.ts'
import { ParapetError } from '../../spec/errors.ts'
import { type Checkpoint, type CheckpointTokenizer, checkpointPath, readCheckpoint } from '../checkpoints/index.ts'
import { requireLocal } from './owner-statement.ts'

export interface Victim {
  /** Last part of the path, or `demo`. */
  readonly name: string
  /** SHA-256 of names and float32 numbers of all parameters, in hexadecimal. */
  readonly sha256: string
  readonly config: DecoderConfig
  /** Shared, never changed in place. */
  readonly parameters: ParameterValues
  /** Its `encodeChat` applies the chat template. */
  readonly tokenizer: TextTokenizer
  /** The tokenizer's files, the chat template among them, for a checkpoint made of this victim. */
  readonly tokenizerFiles: CheckpointTokenizer
  readonly runtime: OnnxRuntime
}

/**
 * `demo` is the chat model that ships; anything else a path as `readCheckpoint` takes it: a Hugging Face folder, or a packed chat model.
 * The runtime is loaded when absent. Throws `configuration` for an address of a remote service, `input_invalid` for what is no whole chat
 * model.
 */
export async function loadVictim(pathOrDemo: string, runtime?: OnnxRuntime): Promise<Victim> {
  requireLocal(pathOrDemo)
  const path = checkpointPath(process.cwd(), pathOrDemo)
  const name = pathOrDemo === 'demo' ? pathOrDemo : basename(path)
  return victimOf(name, await readCheckpoint(path), runtime ?? (await loadOnnxRuntime()))
}

/** A checkpoint that is already in memory. Throws `input_invalid` for one without tokenizer or chat template. */
export async function victimOf(name: string, checkpoint: Checkpoint, runtime: OnnxRuntime): Promise<Victim> {
  const { config, parameters, tokenizer: files } = checkpoint
  if (files === undefined)
    throw new ParapetError('input_invalid', `${name} has no tokenizer.json, so no text can be given to the model.`)
  const tokenizer = await loadTokenizer(files)
  return { name, sha256: weightsHash(parameters), config, parameters, tokenizer, tokenizerFiles: files, runtime }
}

/** The same model with other numbers. */
export function withParameters(victim: Victim, name: string, parameters: ParameterValues): Victim {
  return { ...victim, name, parameters, sha256: weightsHash(parameters) }
}

/** SHA-256 over names and numbers in their order, as reports of `lab world` have it. */
export function weightsHash(parameters: ParameterValues): string {
  const hash = createHash('sha256')
  for (const [name, { data }] of Object.entries(parameters)) hash.update(name).update(data)
  return hash.digest('hex')
}
