/**
 * Where a screen writes, checked before anything is written: no file that it reads, by whatever name or link, and no file twice. It does not
 * see what is linked there later.
 */
import { accessSync, constants, mkdirSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { ParapetError } from '../../spec/errors.ts'

export interface ScreenPaths {
  readonly out: string
  readonly clean?: string
  readonly flagged?: string
  /** All files that are read. */
  readonly inputs: readonly string[]
}

/** Makes the folder. Throws `configuration` where something would be overwritten or cannot be written. */
export function prepareOutput({ out, clean, flagged, inputs }: ScreenPaths): void {
  try {
    mkdirSync(out, { recursive: true })
    accessSync(out, constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw new ParapetError('configuration', `${out} is no folder that can be written. Choose another with --out.`, {
      cause,
    })
  }
  const copies = [clean, flagged].flatMap((path) => (path === undefined ? [] : [path]))
  const targets = [...['rows.jsonl', 'run.json', 'report.html'].map((name) => join(out, name)), ...copies].map(placeOf)
  if (new Set(targets).size < targets.length)
    throw new ParapetError(
      'configuration',
      '--clean, --flagged and the files of --out must all be other files: two of them are the same file. Choose other names.',
    )
  const run = `${placeOf(join(out, 'run'))}${sep}`
  const written = new Set(
    targets.flatMap((path) => [path, `${path}.partial`]).flatMap((path) => [path, ...fileOf(path)]),
  )
  for (const input of inputs) {
    const place = placeOf(input)
    const meets = [place, ...fileOf(input)].some((one) => written.has(one)) || place.startsWith(run)
    if (meets || targets.some((target) => target.startsWith(run)))
      throw new ParapetError(
        'configuration',
        `The screen would write over ${input}, which it reads. --clean, --flagged and --out must be other files than the data.`,
      )
  }
}

/** The path with links in its folders followed; its last part may not be there yet. */
function placeOf(path: string): string {
  const whole = resolve(path)
  try {
    return join(realpathSync(dirname(whole)), basename(whole))
  } catch {
    return whole
  }
}

/** The file behind a path, whatever it is called; nothing where there is none. */
function fileOf(path: string): readonly string[] {
  const info = statSync(path, { throwIfNoEntry: false, bigint: true })
  return info === undefined ? [] : [`${info.dev}:${info.ino}`]
}
