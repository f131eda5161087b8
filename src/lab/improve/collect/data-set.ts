/**
 * A data set on the disk: `rows.jsonl.gz` to train on and `held-out.jsonl.gz` never to train on, both in the record form, one line of
 * `provenance.jsonl.gz` a row, and `data.json` with counts and hashes. It is written whole or not at all and never changed, but for rows of
 * users who are forgotten.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { z } from 'zod'
import { ParapetError } from '../../../spec/index.ts'
import { readLines, readRecordFile, type TrainingRecord } from '../../train/records.ts'
import { readChecked, type ImprovementFolder } from '../improvement-folder.ts'
import type { CollectedRow, RowOrigin, Said } from './gather.ts'
import type { Part } from './split.ts'

export const DATA_FILES = {
  rows: 'rows.jsonl.gz',
  'held-out': 'held-out.jsonl.gz',
  provenance: 'provenance.jsonl.gz',
} as const

/** Why a row is there: never a text, never a name. */
export interface Provenance {
  readonly row: string
  readonly part: Part
  readonly task: string
  readonly lang: string
  readonly label: 0 | 1
  readonly by: 'person' | 'judge'
  readonly said: readonly Said[]
  readonly origins: readonly RowOrigin[]
}

/** `data.json`. */
export interface DataSetFacts {
  readonly format: 1
  readonly id: string
  readonly madeAt: string
  /** What was collected from: names and hashes of the files. */
  readonly files: readonly { readonly name: string; readonly sha256: string; readonly lines: number }[]
  readonly consent: Readonly<Record<string, unknown>>
  readonly holdOut: number
  readonly counts: Readonly<Record<string, number>>
  /** Values masked, by label. */
  readonly masked: Readonly<Record<string, number>>
  /** Whether names of persons within sentences were looked for; absent of older data sets, which did not. */
  readonly names?: boolean | undefined
  readonly agreement: { readonly texts: number; readonly agreed: number }
  /** Rows by part and then by `task`, `lang`, `label` and `by`. */
  readonly rows: Readonly<Record<Part, number>>
  readonly slices: readonly Slice[]
  readonly sha256: Readonly<Record<string, string>>
  /** Rows of forgotten users that were taken out later. */
  readonly scrubbed: readonly { readonly at: string; readonly rows: number }[]
}

export interface Slice {
  readonly part: Part
  readonly task: string
  readonly lang: string
  readonly label: 0 | 1
  readonly by: 'person' | 'judge'
  readonly rows: number
}

const count = z.int().nonnegative()
const label = z.union([z.literal(0), z.literal(1)])
const part = z.enum(['rows', 'held-out'])
const by = z.enum(['person', 'judge'])
const factsSchema: z.ZodType<DataSetFacts> = z.object({
  format: z.literal(1),
  ...{ id: z.string(), madeAt: z.string(), holdOut: z.number() },
  files: z.array(z.object({ name: z.string(), sha256: z.string(), lines: count })),
  consent: z.record(z.string(), z.unknown()),
  ...{ counts: z.record(z.string(), count), masked: z.record(z.string(), count) },
  names: z.boolean().optional(),
  agreement: z.object({ texts: count, agreed: count }),
  rows: z.object({ rows: count, 'held-out': count }),
  slices: z.array(z.object({ part, task: z.string(), lang: z.string(), label, by, rows: count })),
  sha256: z.record(z.string(), z.string()),
  scrubbed: z.array(z.object({ at: z.string(), rows: count })),
})

/** A row with the side it stands on. */
export type PlacedRow = CollectedRow & { readonly part: Part }

/** Writes a new data set. */
export function writeDataSet(
  folder: ImprovementFolder,
  id: string,
  rows: readonly PlacedRow[],
  facts: Omit<DataSetFacts, 'format' | 'id' | 'rows' | 'slices' | 'sha256' | 'scrubbed' | 'holdOut'> &
    Partial<Pick<DataSetFacts, 'scrubbed'>>,
): DataSetFacts {
  const lines = (values: readonly unknown[]): Uint8Array =>
    gzipSync(values.map((value) => `${JSON.stringify(value)}\n`).join(''))
  const recordsOf = (wanted: Part): Uint8Array =>
    lines(rows.filter((row) => row.part === wanted).map(({ record }) => record))
  const files: Readonly<Record<string, Uint8Array>> = {
    [DATA_FILES.rows]: recordsOf('rows'),
    [DATA_FILES['held-out']]: recordsOf('held-out'),
    [DATA_FILES.provenance]: lines(rows.map(provenanceOf)),
  }
  const whole: DataSetFacts = {
    ...{ format: 1, id, ...facts, holdOut: folder.settings.holdOut },
    rows: { rows: countOf(rows, 'rows'), 'held-out': countOf(rows, 'held-out') },
    slices: slicesOf(rows.map(provenanceOf)),
    sha256: Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, sha256(bytes)])),
    scrubbed: facts.scrubbed ?? [],
  }
  folder.writeFolder(folder.data(id), (draft) => {
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(draft, name), bytes, { mode: 0o600 })
    writeFileSync(join(draft, 'data.json'), `${JSON.stringify(whole, null, 2)}\n`)
  })
  return whole
}

function countOf(rows: readonly PlacedRow[], wanted: Part): number {
  return rows.filter((row) => row.part === wanted).length
}

function provenanceOf({ row, part: side, record, by: source, said, origins }: PlacedRow): Provenance {
  const { task, lang, label: truth } = record
  return { row, part: side, task, lang, label: truth, by: source, said, origins }
}

/** Counts of rows that are alike, in a fixed order. */
export function slicesOf(rows: readonly Omit<Provenance, 'said' | 'origins' | 'row'>[]): readonly Slice[] {
  const slices = new Map<string, Slice>()
  for (const { part: side, task, lang, label: truth, by: source } of rows) {
    const key = [side, task, lang, truth, source].join('\n')
    const known = slices.get(key)?.rows ?? 0
    slices.set(key, { part: side, task, lang, label: truth, by: source, rows: known + 1 })
  }
  return [...slices].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, slice]) => slice)
}

/** What a data set says of itself. Throws where it is missing, or a file is not what was written. */
export function readDataSet(folder: ImprovementFolder, id: string): DataSetFacts {
  const path = folder.data(id)
  if (!existsSync(join(path, 'data.json'))) {
    const known = folder.ids('data').join(', ')
    throw new ParapetError(
      'configuration',
      `There is no data set ${id} in ${folder.path}. ${known === '' ? 'Collect one first.' : `There are ${known}.`}`,
    )
  }
  const facts = readChecked(join(path, 'data.json'), factsSchema)
  for (const [name, hash] of Object.entries(facts.sha256))
    if (!existsSync(join(path, name)) || sha256(readFileSync(join(path, name))) !== hash)
      throw new ParapetError(
        'input_invalid',
        `${join(path, name)} is damaged or was changed. Restore it, or delete ${path} and collect again.`,
      )
  return facts
}

/** Rows with their provenance, in the order of writing. */
export function readPlacedRows(folder: ImprovementFolder, id: string): readonly PlacedRow[] {
  readDataSet(folder, id)
  const path = folder.data(id)
  const records: Record<Part, TrainingRecord[]> = {
    rows: [...readRecordFile(join(path, DATA_FILES.rows)).records],
    'held-out': [...readRecordFile(join(path, DATA_FILES['held-out'])).records],
  }
  return readLines(join(path, DATA_FILES.provenance))
    .lines.filter((line) => line !== '')
    .map((line) => {
      const { row, part: side, by: source, said, origins } = JSON.parse(line) as Provenance
      const record = records[side].shift()
      if (record === undefined)
        throw new ParapetError('input_invalid', `${path} lacks rows. Delete it and collect again.`)
      return { row, part: side, record, by: source, said, origins }
    })
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
