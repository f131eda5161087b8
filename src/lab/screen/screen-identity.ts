/** What a screen was made with: guards by their files, and all that must be equal for a run to go on. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { MODEL_FILES } from '../../engines/embedded/index.ts'
import { ParapetError } from '../../spec/errors.ts'
import type { GuardFile } from './rows-phase.ts'
import type { RunScreenOptions } from './run-screen.ts'
import type { SurveyedFile } from './survey.ts'

/** The shipped guards, or those of the caller. */
export function guardFiles(paths: readonly string[] | undefined): readonly GuardFile[] {
  if (paths === undefined || paths.length === 0)
    return [
      { name: 'shipped', passages: true },
      { name: 'lite', path: LITE, passages: false },
    ]
  return paths.map((path, at) => ({ name: at === 0 ? 'main' : `guard${at + 1}`, path, passages: true }))
}

/** The smaller shipped classifier: the same data seen through a quarter of the buckets. */
const LITE = fileURLToPath(new URL('classifier-lite.bin', MODEL_FILES.classifier))

/** All that two runs must have in common for the second to go on with the first. */
export function identityOf(
  options: RunScreenOptions,
  parts: {
    readonly files: readonly SurveyedFile[]
    readonly used: readonly (SurveyedFile | null)[]
    readonly guards: readonly GuardFile[]
    readonly victim: string | null
  },
): Readonly<Record<string, unknown>> {
  const { seed, falseAlarms, canary, outside } = options
  const named = (file: SurveyedFile | null): unknown => file && [file.name, file.sha256, file.form]
  return {
    ...{ formatVersion: 1, seed, falseAlarms, canary: canary ?? null, model: parts.victim },
    ...{ files: parts.files.map(named), used: parts.used.map(named) },
    guards: parts.guards.map(({ path }) => digestOf(path)),
    outside: outside.map(({ name, version }) => [name, version]),
  }
}

/** SHA-256 of a guard's file; of the shipped one if there is no path. */
export function digestOf(path: string | undefined): string {
  const place = path ?? fileURLToPath(MODEL_FILES.classifier)
  try {
    return createHash('sha256').update(readFileSync(place)).digest('hex')
  } catch (cause) {
    throw new ParapetError('configuration', `The guard ${place} cannot be read. Give the path of a model file.`, {
      cause,
    })
  }
}
