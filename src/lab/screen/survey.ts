/**
 * The first look at a data file: its hash, how many rows it has, their form, and a random sample of them. One pass, of which only the
 * sample stays in memory. The same file and seed give the same sample.
 */
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { createRandom } from '../../nn/random.ts'
import { ParapetError } from '../../spec/errors.ts'
import { type FormName, FORMS, formNamed, formOf, readRow } from './forms/index.ts'
import { rawRows, requireData } from './read/open-data.ts'
import { parseRow } from './read/parse-row.ts'
import type { RawRow } from './read/raw-row.ts'
import type { DataRow } from './row.ts'

export interface SurveyedFile {
  readonly path: string
  readonly name: string
  readonly bytes: number
  /** Of the bytes on the disk. */
  readonly sha256: string
  /** Broken ones among them. */
  readonly rows: number
  /** Of the first row that has exactly one; null where none of the first thousand has. */
  readonly form: FormName | null
}

export interface Survey {
  readonly file: SurveyedFile
  readonly sample: readonly DataRow[]
}

export interface SurveyOptions {
  readonly sample: number
  readonly seed: number
  readonly form?: FormName
  readonly signal?: AbortSignal
}

/** Rows among which a form is looked for. */
const LOOKED_AT = 1000
/** Longer rows are not sampled. */
const LONGEST_SAMPLED = 256 * 1024

/** Throws `configuration` for a file that cannot be read, `input_invalid` for one without rows. */
export async function surveyFile(path: string, options: SurveyOptions): Promise<Survey> {
  const { sample: size, seed, signal } = options
  const { bytes } = await requireData(path)
  const random = createRandom(seed)
  const hash = createHash('sha256')
  const kept: RawRow[] = []
  let form = options.form ?? null
  let [rows, sampled] = [0, 0]
  for await (const raw of rawRows(path, (piece) => hash.update(piece))) {
    if (signal?.aborted === true) throw new ParapetError('aborted', 'The screen was stopped.')
    if (form === null && rows < LOOKED_AT) form = formOfRow(raw)
    rows += 1
    if (raw.bytes === null || raw.bytes.length > LONGEST_SAMPLED) continue
    // Reservoir sampling (Vitter 1985, algorithm R).
    const place = sampled < size ? sampled : Math.floor(random() * (sampled + 1))
    if (place < size) kept[place] = { ...raw, bytes: Uint8Array.from(raw.bytes) }
    sampled += 1
  }
  if (rows === 0) throw new ParapetError('input_invalid', `${basename(path)} has no rows. Give a file with data.`)
  const file = { path, name: basename(path), bytes, sha256: hash.digest('hex'), rows, form }
  return { file, sample: form === null ? [] : kept.flatMap((raw) => rowsOf(raw, form)) }
}

function rowsOf(raw: RawRow, form: FormName): readonly DataRow[] {
  const row = readRow(parseRow(raw), formNamed(form))
  return 'problem' in row ? [] : [row]
}

function formOfRow(raw: RawRow): FormName | null {
  const parsed = parseRow(raw)
  return 'problem' in parsed ? null : (formOf(parsed.value)?.name ?? null)
}

/** What is wrong with the rows of a file without a form. */
export const NO_FORM: string = `The file has no known form. There are: ${FORMS.map(({ name, fields }) => `${name} (${fields})`).join('; ')}.`
