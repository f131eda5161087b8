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

/** All `*.jsonl.gz` files of a folder, by name. Throws `configuration` where there is none. */
export function readRecordFiles(folder: string): readonly RecordFile[] {
  const names = namesIn(folder).filter((name) => name.endsWith('.jsonl.gz'))
  if (names.length === 0)
    throw new ParapetError(
      'configuration',
      `There are no *.jsonl.gz files in ${folder}. Give the folder with the training records.`,
    )
  return names.toSorted().map((name) => readRecordFile(join(folder, name)))
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (cause) {
    throw new ParapetError(
      'configuration',
      `${folder} is no folder that can be read. Give the folder with the training records.`,
      { cause },
    )
  }
}

/** One `*.jsonl.gz` file. Throws `input_invalid` with the line of what is no record. */
export function readRecordFile(path: string): RecordFile {
  const name = basename(path)
  const { bytes, lines } = readLines(path)
  const records = lines.flatMap((line, index) => (line === '' ? [] : [parseRecord(line, `${name}:${index + 1}`)]))
  return { name: name.replace('.jsonl.gz', ''), sha256: createHash('sha256').update(bytes).digest('hex'), records }
}

/** The lines of a gzipped file, and the bytes they were packed in. Throws `configuration` or `input_invalid` with its path. */
export function readLines(path: string): { readonly bytes: Buffer; readonly lines: readonly string[] } {
  const bytes = bytesOf(path)
  try {
    return { bytes, lines: gunzipSync(bytes).toString('utf8').split('\n') }
  } catch (cause) {
    throw new ParapetError('input_invalid', `${path} is no whole gzip file. Pack its lines with gzip.`, { cause })
  }
}

function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new ParapetError('configuration', `${path} is no file that can be read. Check its path.`, { cause })
  }
}

/** One line of the record form; `response`, `system` and `categories` may be absent. */
export function parseRecord(line: string, place: string): TrainingRecord {
  const record = { response: null, system: null, categories: [], ...parseJson(line, place) }
  if (isRecord(record)) return record
  throw new ParapetError(
    'input_invalid',
    `${place} is not a training record: check task, lang, prompt, response, label, categories, source and licence.`,
  )
}

type Values = Readonly<Partial<Record<keyof TrainingRecord, unknown>>>

function parseJson(line: string, place: string): Values {
  try {
    return JSON.parse(line) as Values
  } catch (cause) {
    throw new ParapetError('input_invalid', `${place} is not JSON: a training record is one JSON object a line.`, {
      cause,
    })
  }
}

function isRecord(values: Values): values is TrainingRecord {
  const { task, lang, prompt, response, system, label, categories, source, licence } = values
  return (
    TASKS.includes(task as Task) &&
    [lang, prompt, source, licence].every(isText) &&
    [response, system].every((value) => value === null || isText(value)) &&
    (label === 0 || label === 1) &&
    Array.isArray(categories) &&
    categories.every(isText)
  )
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}
