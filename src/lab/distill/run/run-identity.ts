/**
 * What an ablation's folder was begun with, in `settings.json`: arms of other settings or measured rows would stand in one report with those
 * that are there, or take their places. Seeds and threads may change from call to call.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ParapetError } from '../../../spec/errors.ts'
import { writeAtomically } from '../../train/write-atomically.ts'
import type { GuardedRow } from '../rows/guarded-row.ts'
import type { AblationSettings } from './ablation-settings.ts'

const FILE = 'settings.json'

/** Keeps the settings, or throws `configuration` that says which of those that are kept are others. */
export function keepSettings(
  folder: string,
  settings: AblationSettings,
  {
    dev,
    from,
    teacher,
  }: { readonly dev: readonly GuardedRow[]; readonly from: string | undefined; readonly teacher: string },
): void {
  const path = join(folder, FILE)
  const { seed: _, threads: __, ...rest } = settings
  const digest = createHash('sha256').update(JSON.stringify(dev)).digest('hex')
  const own = flat({ ...rest, teacher, from: from ?? 'fresh weights', 'measured rows': digest.slice(0, 16) })
  const known = existsSync(path) ? read(path) : null
  if (known === null) {
    writeAtomically(path, Buffer.from(`${JSON.stringify(own, null, 1)}\n`))
    return
  }
  const other = Object.keys({ ...known, ...own }).filter((key) => known[key] !== own[key])
  if (other.length === 0) return
  const words = other.map((key) => `${key} ${String(known[key] ?? 'none')}, not ${String(own[key] ?? 'none')}`)
  throw new ParapetError(
    'configuration',
    `${folder} was begun with ${words.join('; ')}. Give the same options, or another folder: arms of two settings do not belong in one report.`,
  )
}

type Flat = Readonly<Record<string, string | number>>

/** `{ mining: { rows: 600 } }` as `{ 'mining.rows': 600 }`. */
function flat(values: Readonly<Record<string, unknown>>): Flat {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      typeof value === 'object' && value !== null
        ? Object.entries(value).map(([inner, one]): [string, string | number] => [`${name}.${inner}`, plain(one)])
        : [[name, plain(value)] as [string, string | number]],
    ),
  )
}

function plain(value: unknown): string | number {
  return typeof value === 'number' ? value : String(value)
}

function read(path: string): Flat {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Flat
  } catch (cause) {
    throw new ParapetError('configuration', `${path} cannot be read. Give another folder for this run.`, { cause })
  }
}
