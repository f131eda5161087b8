/**
 * A checkpoint in one file, as chat models ship (`nn/checkpoint/chat-model-file.ts`): written as int8 or float32, read as float32, so
 * that training and audits can start from what ships.
 */
import { readFile } from 'node:fs/promises'
import { readChatModel, writeChatModel } from '../../nn/checkpoint/index.ts'
import { dequantiseDecoder, quantiseDecoder } from '../../nn/decoder/plain-decoder.ts'
import { ParapetError } from '../../spec/errors.ts'
import type { Checkpoint } from './checkpoint.ts'

export interface PackOptions {
  /** Name and version of the model. */
  readonly id: string
  /** `int8`, a scale a row, if absent: a quarter of the size. */
  readonly numbers?: 'int8' | 'float32'
}

/** The bytes of the file. Throws `configuration` for a checkpoint without a tokenizer. */
export function packCheckpoint(
  { config, parameters, tokenizer }: Checkpoint,
  { id, numbers = 'int8' }: PackOptions,
): Uint8Array<ArrayBuffer> {
  if (tokenizer === undefined)
    throw new ParapetError('configuration', 'A chat model holds its tokenizer, and this checkpoint has none.')
  return writeChatModel({
    ...{ id, config, tokenizer },
    parameters: numbers === 'int8' ? quantiseDecoder(parameters) : parameters,
  })
}

/** The checkpoint in such a file. Throws `input_invalid` when it is none. */
export async function readPackedCheckpoint(path: string): Promise<Checkpoint> {
  try {
    const { config, parameters, tokenizer } = readChatModel(await readFile(path), path)
    const { json, config: settings, chatTemplate } = tokenizer
    return {
      ...{ config, parameters: dequantiseDecoder(parameters) },
      tokenizer: { json, config: settings, ...(chatTemplate === undefined ? {} : { chatTemplate }) },
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ParapetError('input_invalid', `${why} A Hugging Face checkpoint is named by its folder.`, { cause })
  }
}
