/**
 * A run as a folder: `run.json`, `predictions.jsonl` and `report.html`, written whole or not at all, and read back with every field
 * checked.
 *
 * It overwrites nothing: a folder that holds anything is refused.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { z } from 'zod'
import { ParapetError } from '../../spec/index.ts'
import { renderReport } from './report/report.ts'
import { evaluationRunSchema, predictionRecordSchema, type EvaluationRun, type PredictionRecord } from './run-format.ts'
import type { EvaluationOutcome } from './run.ts'

export const RUN_FILES = { run: 'run.json', predictions: 'predictions.jsonl', report: 'report.html' } as const

/**
 * Refuses a folder that a run could not be written to, before hours are spent on the run.
 *
 * @throws ParapetError `configuration` where it holds something or is a file.
 */
export async function checkRunFolder(folder: string): Promise<void> {
  try {
    const entries = await readdir(folder)
    if (entries.length > 0)
      throw new ParapetError('configuration', `${folder} is not empty. Give a new folder; a run overwrites nothing.`)
  } catch (error) {
    if (ParapetError.isInstance(error)) throw error
    const code = codeOf(error)
    if (code === 'ENOENT') return
    if (code === 'ENOTDIR')
      throw new ParapetError('configuration', `${folder} is a file. Give a folder.`, { cause: error })
    throw new ParapetError('configuration', `${folder} cannot be read (${code}).`, { cause: error })
  }
}

/** Writes a run to a new or empty folder: to a folder beside it first, which then takes its name. */
export async function writeRunFolder(folder: string, { run, predictions }: EvaluationOutcome): Promise<void> {
  await checkRunFolder(folder)
  const target = resolve(folder)
  await mkdir(dirname(target), { recursive: true })
  const draft = join(dirname(target), `.${basename(target)}-${randomUUID()}`)
  await mkdir(draft)
  try {
    await writeFile(join(draft, RUN_FILES.run), `${JSON.stringify(run, null, 2)}\n`)
    await writeFile(join(draft, RUN_FILES.predictions), predictions.map((line) => `${JSON.stringify(line)}\n`).join(''))
    await writeFile(join(draft, RUN_FILES.report), renderReport(run))
    // A rename replaces an empty folder and fails on one that somebody has filled meanwhile.
    await rename(draft, target)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    const code = codeOf(error)
    if (code === 'ENOTEMPTY' || code === 'EEXIST')
      throw new ParapetError('configuration', `${folder} is not empty. Give a new folder; a run overwrites nothing.`, {
        cause: error,
      })
    throw error
  }
}

/** Reads a run folder; the report is not read. */
export async function readRunFolder(folder: string): Promise<EvaluationOutcome> {
  const run = parse(evaluationRunSchema, await read(folder, RUN_FILES.run), RUN_FILES.run)
  const lines = (await read(folder, RUN_FILES.predictions)).split('\n').filter((line) => line !== '')
  const predictions = lines.map((line, index) =>
    parse<PredictionRecord>(predictionRecordSchema, line, `${RUN_FILES.predictions}:${index + 1}`),
  )
  return { run, predictions }
}

async function read(folder: string, name: string): Promise<string> {
  try {
    return await readFile(join(folder, name), 'utf8')
  } catch (error) {
    throw new ParapetError('configuration', `${folder} is no run folder: ${name} cannot be read (${codeOf(error)}).`, {
      cause: error,
    })
  }
}

function parse<Value extends EvaluationRun | PredictionRecord>(
  schema: z.ZodType<Value>,
  text: string,
  place: string,
): Value {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new ParapetError('input_invalid', `${place} is not JSON. The run was cut short or changed; run it again.`, {
      cause: error,
    })
  }
  const checked = schema.safeParse(value)
  if (checked.success) return checked.data
  const issue = checked.error.issues[0]
  const where = issue === undefined ? '' : ` at ${issue.path.join('.')}: ${issue.message}`
  throw new ParapetError('input_invalid', `${place} is not of this version's form${where}. Run it again.`)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown'
}
