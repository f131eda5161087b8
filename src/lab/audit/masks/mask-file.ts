/**
 * Masks of weights as a file: the name of each parameter and a bit for each of its weights, in the container of the small models. Tunings
 * take it to freeze weights (`frozenBytes`), and it names the model it was made of.
 */
import { damagedModelFile, readModelFile, writeModelFile } from '../../../nn/model-file.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { BitMask } from './bit-mask.ts'
import type { WeightMasks } from './prune.ts'

export interface MaskFile {
  /** Digest of the weights of the model, as `weightsHash` gives it. */
  readonly model: string
  /** What the weights are, in words. */
  readonly about: string
  readonly masks: WeightMasks
}

const KIND = 'weight-masks'
const VERSION = 1

/** The bytes of the file. Equal masks give equal bytes. */
export function writeMasks({ model, about, masks }: MaskFile): Uint8Array<ArrayBuffer> {
  const weights = Object.fromEntries([...masks].map(([parameter, { length }]) => [parameter, length]))
  const blocks = new Map([...masks].map(([parameter, { bytes }]) => [parameter, bytes]))
  return writeModelFile({ kind: KIND, formatVersion: VERSION, model, about, weights }, blocks)
}

/** Reads a file; `name` is for messages. Throws `input_invalid` for bytes that are no such file, whatever they are. */
export function readMasks(bytes: Uint8Array, name: string): MaskFile {
  try {
    const { header, blocks } = readModelFile(bytes, name)
    const { kind, formatVersion, model, about, weights } = header
    if (kind !== KIND || formatVersion !== VERSION) throw damagedModelFile(name, 'it holds no masks of this version')
    if (typeof model !== 'string' || typeof about !== 'string' || typeof weights !== 'object' || weights === null)
      throw damagedModelFile(name, 'its header is not that of masks')
    const masks = Object.entries(weights).map(([parameter, length]): readonly [string, BitMask] => {
      const block = blocks.get(parameter)
      if (block === undefined) throw damagedModelFile(name, `the mask of ${parameter} is missing`)
      return [parameter, new BitMask(Number(length), block.slice())]
    })
    return { model, about, masks: new Map(masks) }
  } catch (cause) {
    throw new ParapetError(
      'input_invalid',
      `${name} is no file of masks. Make one with parapet audit; it is called safety-critical.masks.`,
      { cause },
    )
  }
}

/** A byte for each weight, 1 where it is frozen: what `tuneVictim` takes. */
export function frozenBytes(masks: WeightMasks): Readonly<Record<string, Uint8Array>> {
  return Object.fromEntries(
    [...masks].map(([parameter, mask]) => [
      parameter,
      Uint8Array.from({ length: mask.length }, (_, place) => Number(mask.has(place))),
    ]),
  )
}
