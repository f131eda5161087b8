/**
 * Which version is current: one small file that is replaced as a whole, with the hashes of its models and every change that led there.
 *
 * It decides nothing; promotions and rollbacks write it.
 */
import { existsSync } from 'node:fs'
import { z } from 'zod'
import { ParapetError } from '../../../spec/index.ts'
import { writeAtomically } from '../../train/write-atomically.ts'
import { readChecked, type ImprovementFolder } from '../improvement-folder.ts'
import type { VersionManifest } from './version.ts'

/** One change of the current version. */
export interface PointerChange {
  /** ISO 8601. */
  readonly at: string
  readonly kind: 'started' | 'promoted' | 'rolled-back'
  readonly to: string
  readonly from: string | null
  /** In words; of a promotion the id of its record. */
  readonly reason: string
}

/** `current.json`. */
export interface Pointer {
  readonly format: 1
  readonly version: string
  readonly models: VersionManifest['models']
  /** The oldest first. */
  readonly changes: readonly PointerChange[]
}

const pointerSchema: z.ZodType<Pointer> = z.object({
  format: z.literal(1),
  version: z.string(),
  models: z.record(z.string(), z.object({ sha256: z.string(), bytes: z.int().nonnegative() })),
  changes: z.array(
    z.object({
      at: z.string(),
      kind: z.enum(['started', 'promoted', 'rolled-back']),
      ...{ to: z.string(), from: z.string().nullable(), reason: z.string() },
    }),
  ),
})

/** Throws `configuration` where nothing is current yet. */
export function readPointer(folder: ImprovementFolder): Pointer {
  if (!existsSync(folder.pointer))
    throw new ParapetError(
      'configuration',
      `No version of ${folder.path} is current: ${folder.pointer} is missing. Restore it from a backup; where nothing was collected yet, parapet improve start begins again.`,
    )
  return readChecked(folder.pointer, pointerSchema)
}

/** Makes a version current. The caller has verified it, and holds the folder. */
export function movePointer(
  folder: ImprovementFolder,
  { id, models }: Pick<VersionManifest, 'id' | 'models'>,
  change: Pick<PointerChange, 'at' | 'kind' | 'reason'>,
): Pointer {
  const before = existsSync(folder.pointer) ? readPointer(folder) : null
  const pointer: Pointer = {
    ...{ format: 1, version: id, models },
    changes: [...(before?.changes ?? []), { ...change, to: id, from: before?.version ?? null }],
  }
  writeAtomically(folder.pointer, Buffer.from(`${JSON.stringify(pointer, null, 2)}\n`))
  return pointer
}

/** The version that was current at a moment; null before the first. */
export function guardVersionAt(folder: ImprovementFolder, at: string): string | null {
  if (!existsSync(folder.pointer)) return null
  const moment = Date.parse(at)
  return readPointer(folder).changes.findLast((change) => Date.parse(change.at) <= moment)?.to ?? null
}
