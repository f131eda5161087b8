/**
 * The sets that decide about promotions, pinned by the hash of their bytes: `target` sets on which a candidate must gain, `over_refusal`
 * sets of harmless texts on which it must raise no more alarms, and `keep` sets on which it must not lose. A file that has changed is an
 * error, and so never decides unnoticed.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { z } from 'zod'
import { ParapetError } from '../../../spec/index.ts'
import { readSets } from '../../eval/readers/registry.ts'
import type { EvaluationSet } from '../../eval/sample.ts'
import { writeAtomically } from '../../train/write-atomically.ts'
import { readChecked } from '../improvement-folder.ts'

export const PIN_ROLES = ['target', 'over_refusal', 'keep'] as const
export type PinRole = (typeof PIN_ROLES)[number]

export interface Pin {
  /** From the folder of the pins file. */
  readonly file: string
  readonly role: PinRole
  /** Of the bytes. */
  readonly sha256: string
  /** Reader of the bench; null finds it by columns. */
  readonly format: string | null
  readonly rows: number
}

/** A pinned set with its samples. */
export interface PinnedSet {
  readonly set: EvaluationSet
  readonly role: PinRole
}

const pinsSchema: z.ZodType<{ readonly format: 1; readonly pins: readonly Pin[] }> = z.object({
  format: z.literal(1),
  pins: z.array(
    z.object({
      ...{ file: z.string().min(1), role: z.enum(PIN_ROLES), sha256: z.string() },
      ...{ format: z.string().nullable(), rows: z.int().nonnegative() },
    }),
  ),
})

/**
 * Pins files, or pins them anew as they are now.
 *
 * @throws ParapetError `configuration` for an `over_refusal` file with harmful rows, or what cannot be read
 */
export function pinFiles(pinsFile: string, files: readonly string[], role: PinRole, format?: string): readonly Pin[] {
  const known = existsSync(pinsFile) ? readChecked(pinsFile, pinsSchema).pins : []
  const added = files.map((path): Pin => {
    const sets = readSets(format, [path])
    for (const { name, purpose } of sets)
      if (role === 'over_refusal' && purpose !== 'over_refusal')
        throw new ParapetError(
          'configuration',
          `${name} of ${path} has harmful rows, so it cannot measure false alarms alone. Pin its harmless rows, or use --role target.`,
        )
    const file = relative(dirname(resolve(pinsFile)), resolve(path))
    const rows = sets.reduce((sum, { samples }) => sum + samples.length, 0)
    return { file, role, sha256: hashOf(path), format: format ?? null, rows }
  })
  const kept = known.filter(({ file }) => !added.some((pin) => pin.file === file))
  const pins = [...kept, ...added]
  writeAtomically(pinsFile, Buffer.from(`${JSON.stringify({ format: 1, pins }, null, 2)}\n`))
  return pins
}

/** All pinned sets. Throws `configuration` where a file has changed or is missing, or two sets have one name. */
export function readPins(pinsFile: string): { readonly pins: readonly Pin[]; readonly sets: readonly PinnedSet[] } {
  if (!existsSync(pinsFile))
    throw new ParapetError('configuration', `There is no ${pinsFile}. Pin sets first: parapet improve pin.`)
  const { pins } = readChecked(pinsFile, pinsSchema)
  const sets = pins.flatMap(({ file, role, sha256, format }): readonly PinnedSet[] => {
    const path = resolve(dirname(pinsFile), file)
    if (hashOf(path) !== sha256)
      throw new ParapetError(
        'configuration',
        `${path} is not what was pinned. Restore it, or pin it again: figures on changed sets cannot be compared with those before.`,
      )
    return readSets(format ?? undefined, [path]).map((set) => ({ set, role }))
  })
  const names = sets.map(({ set }) => set.name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined)
    throw new ParapetError('configuration', `Two pinned sets are called ${twice}. Give one of the files another name.`)
  return { pins, sets }
}

function hashOf(path: string): string {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex')
  } catch (cause) {
    throw new ParapetError('configuration', `${path} cannot be read, and it is pinned. Restore it.`, { cause })
  }
}
