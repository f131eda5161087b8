/** Saved states of a training run, in the container of model files. A file is whole or not there: it is written beside and renamed. */
import { existsSync, readFileSync } from 'node:fs'
import { readModelFile, writeModelFile } from '../../nn/model-file.ts'
import type { TrainingState } from '../../nn/runtime/training-session.ts'
import { ParapetError } from '../../spec/errors.ts'
import { writeAtomically } from './write-atomically.ts'

const KIND = 'training-checkpoint'

/** Names the run a state belongs to: a digest of all that decides its course. */
export type RunFingerprint = string

/** `notes` is kept beside the state as JSON: what a run wants to know of its past, such as its losses. */
export function writeCheckpoint(path: string, state: TrainingState, run: RunFingerprint, notes: unknown = null): void {
  const types = Object.fromEntries(
    Object.entries(state.arrays).map(([key, { constructor }]) => [key, constructor.name]),
  )
  const blocks = new Map(
    Object.entries(state.arrays).map(([key, { buffer, byteOffset, byteLength }]) => [
      key,
      new Uint8Array(buffer, byteOffset, byteLength),
    ]),
  )
  writeAtomically(path, writeModelFile({ kind: KIND, run, step: state.step, types, notes }, blocks))
}

/** The saved state, or nothing when there is none yet. Throws `configuration` when it belongs to another run. */
export function readCheckpoint(
  path: string,
  run: RunFingerprint,
): (TrainingState & { readonly notes: unknown }) | undefined {
  if (!existsSync(path)) return undefined
  const { header, blocks } = readModelFile(new Uint8Array(readFileSync(path)), path)
  if (header['kind'] !== KIND || header['run'] !== run)
    throw new ParapetError(
      'configuration',
      `${path} belongs to a run with other data or options. Resume with those, or start in another folder.`,
    )
  const types = header['types'] as Readonly<Record<string, keyof typeof ARRAYS>>
  const arrays = [...blocks].map(([key, bytes]) => [key, ARRAYS[types[key] ?? 'Float32Array'](bytes.slice().buffer)])
  return {
    step: Number(header['step']),
    arrays: Object.fromEntries(arrays) as TrainingState['arrays'],
    notes: header['notes'],
  }
}

const ARRAYS = {
  Float32Array: (buffer: ArrayBuffer): Float32Array => new Float32Array(buffer),
  Float64Array: (buffer: ArrayBuffer): Float64Array => new Float64Array(buffer),
  Int32Array: (buffer: ArrayBuffer): Int32Array => new Int32Array(buffer),
} as const
