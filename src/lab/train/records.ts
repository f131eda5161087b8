/**
 * Reads training data in the record form: gzipped JSON Lines, one labelled text a line.
 *
 * `{"task","lang","prompt","response","system","label","categories","source","licence"}`; unknown tasks are an error, because a
 * typing mistake must not silently drop data.
 */
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { ParapetError } from '../../spec/index.ts'

const TASKS = [
  'prompt_harm',
  'benign',
  'response_harm',
  'refusal',
  'injection',
  'toxicity',
  'offtopic',
  'agent',
  'pii',
] as const

export type Task = (typeof TASKS)[number]

export interface TrainingRecord {
  readonly task: Task
  readonly lang: string
  readonly prompt: string
  readonly response: string | null
  readonly system: string | null
  readonly label: 0 | 1
  readonly categories: readonly string[]
  readonly source: string
  readonly licence: string
}

export interface RecordFile {
  readonly name: string
  readonly sha256: string
  readonly records: readonly TrainingRecord[]
}

/** All `*.jsonl.gz` files of a folder, by name. */
export function readRecordFiles(folder: string): readonly RecordFile[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.jsonl.gz'))
  if (names.length === 0)
    throw new ParapetError(
      'configuration',
      `There are no *.jsonl.gz files in ${folder}. Give the folder with the training records.`,
    )
  return names.toSorted().map((name) => readRecordFile(join(folder, name)))
}

/** One `*.jsonl.gz` file. */
export function readRecordFile(path: string): RecordFile {
  const name = basename(path)
  const bytes = readFileSync(path)
  const lines = gunzipSync(bytes)
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
  const records = lines.map((line, index) => parseRecord(line, `${name}:${index + 1}`))
  return { name: name.replace('.jsonl.gz', ''), sha256: createHash('sha256').update(bytes).digest('hex'), records }
}

/** One line of the record form. */
export function parseRecord(line: string, place: string): TrainingRecord {
  const record = JSON.parse(line) as TrainingRecord
  const valid =
    TASKS.includes(record.task) && typeof record.prompt === 'string' && (record.label === 0 || record.label === 1)
  if (!valid)
    throw new ParapetError('input_invalid', `${place} is not a training record: check task, prompt and label.`)
  return record
}
