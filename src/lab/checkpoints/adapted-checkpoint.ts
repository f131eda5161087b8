/** A checkpoint with a PEFT adapter merged into it as it is read: how a model tuned elsewhere comes back. Nothing is written. */
import { mergeAdapter } from '../../nn/checkpoint/adapter.ts'
import { ParapetError } from '../../spec/errors.ts'
import { readAdapter } from './adapter-folder.ts'
import type { Checkpoint } from './checkpoint.ts'
import { readCheckpoint } from './read-checkpoint.ts'

/**
 * The checkpoint of `folder`, with W + scale · B·A in place of what the adapter adapts, where one is given. Throws `input_invalid` for a
 * folder that cannot be read and for an adapter of another model, before the weights of the model are read where it can be known.
 */
export async function readAdaptedCheckpoint(folder: string, adapter?: string): Promise<Checkpoint> {
  if (adapter === undefined) return readCheckpoint(folder)
  const read = await readAdapter(adapter)
  const checkpoint = await readCheckpoint(folder)
  try {
    return { ...checkpoint, parameters: mergeAdapter(checkpoint.parameters, read) }
  } catch (cause) {
    if (ParapetError.isInstance(cause)) throw new ParapetError(cause.code, `${adapter}: ${cause.message}`, { cause })
    throw cause
  }
}
