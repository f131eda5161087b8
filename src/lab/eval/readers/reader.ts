/**
 * What a reader of published data files is, and how its forms turn files into evaluation sets.
 *
 * It picks the form by columns, joins files of one set, gives the hash and the purpose, and refuses ids that repeat. Label rules
 * stand in the readers, one family a file.
 */
import { ParapetError } from '../../../spec/index.ts'
import type { EvaluationSample, EvaluationSet, EvaluationTask } from '../sample.ts'
import { type Columns, type Row, checkColumns } from './row.ts'
import { type SourceFile, sha256 } from './source-file.ts'
import { type Table, readTable } from './table.ts'

/**
 * How the schema of a form was checked: on the published file itself, in its publisher's documentation or code, only in code of
 * others that reads it, or not at all.
 */
export type Verification = 'published_file' | 'documentation' | 'third_party' | 'unverified'

/** Samples of one set that one file gave. */
export interface Draft {
  readonly name: string
  readonly task: EvaluationTask
  readonly samples: readonly Omit<EvaluationSample, 'task'>[]
  /** Where a file states these itself. */
  readonly citation?: string
  readonly licence?: string
}

/** One shape in which a source publishes its files. */
export interface Form {
  /** For instance `prompts csv`. */
  readonly name: string
  readonly container: 'csv' | 'json' | 'any'
  readonly columns: Columns
  readonly verified: Verification
  /** Where columns are not fixed: whether a table has this shape. Then `columns` is not checked. */
  readonly fits?: (table: Table) => boolean
  readonly read: (table: Table) => readonly Draft[]
}

/** All that is known of one source. */
export interface Reader {
  readonly name: string
  readonly description: string
  /** The files it accepts, as published. */
  readonly files: string
  /** Paper or repository, and where the schema was read and when. */
  readonly citation: string
  /** As the source states it, `unknown` where it states none. */
  readonly licence: string
  readonly forms: readonly Form[]
  /** For sources whose sets need several files at once. */
  readonly combine?: (tables: readonly Table[]) => readonly Draft[]
}

/** Id of a sample without one of its own: the row's number and a hash of its texts, so that a changed file shows. */
export function rowId(row: Row, ...texts: readonly (string | null)[]): string {
  return `${row.number}-${textHash(...texts)}`
}

/** Twelve hexadecimal digits of the texts' hash. */
export function textHash(...texts: readonly (string | null)[]): string {
  return sha256(JSON.stringify(texts)).slice(0, 12)
}

/**
 * A sample with the fields that most sources leave empty. Texts are taken as published, blank ones too, so that row counts are those
 * of the papers.
 */
export function sample(
  fields: Pick<EvaluationSample, 'id' | 'prompt' | 'label'> & Partial<Omit<EvaluationSample, 'task'>>,
): Omit<EvaluationSample, 'task'> {
  return { language: 'en', response: null, system: null, categories: [], ...fields }
}

/** Whether a table has the form's container and columns. */
export function fits(form: Form, table: Table): boolean {
  if (form.container !== 'any' && form.container !== table.container) return false
  if (form.fits !== undefined) return form.fits(table)
  const { required, optional = [] } = form.columns
  return (
    required.every((column) => table.columns.has(column)) &&
    [...table.columns].every((column) => required.includes(column) || optional.includes(column))
  )
}

/** A file with its rows and the hash of its bytes. */
export interface LoadedFile {
  readonly table: Table
  readonly sha256: string
}

/**
 * Hashes and parses files.
 *
 * @throws {ParapetError} `input_invalid` or `input_too_large` with file and line; also where two files are the same.
 */
export function loadFiles(files: readonly SourceFile[]): readonly LoadedFile[] {
  const hashes = files.map(({ bytes }) => sha256(bytes))
  hashes.forEach((hash, index) => {
    const twin = hashes.indexOf(hash)
    if (twin !== index)
      throw new ParapetError(
        'input_invalid',
        `${files[index]?.name} and ${files[twin]?.name} are the same file. Give it once.`,
      )
  })
  return files.map((file, index) => ({ table: readTable(file), sha256: hashes[index] ?? '' }))
}

/**
 * Evaluation sets of the files.
 *
 * @throws {ParapetError} `input_invalid` with file, line and column where a file is not as published.
 */
export function readWith(reader: Reader, files: readonly LoadedFile[]): readonly EvaluationSet[] {
  if (files.length === 0)
    throw new ParapetError('input_invalid', `${reader.name} needs at least one file: ${reader.files}.`)
  const tables = files.map(({ table }) => table)
  const hashes = files.map((file) => file.sha256)
  if (reader.combine !== undefined)
    return finish(reader, [{ drafts: reader.combine(tables), sha256: joined(hashes) }], tables)
  const parts = files.map((file) => ({ drafts: readForm(reader, file.table), sha256: file.sha256 }))
  return finish(reader, parts, tables)
}

/** Reads a table in the form that it has. */
function readForm(reader: Reader, table: Table): readonly Draft[] {
  const form = reader.forms.find((candidate) => fits(candidate, table)) ?? nearestForm(reader, table)
  if (form.fits === undefined) for (const row of table.rows) checkColumns(row, form.columns)
  return form.read(table)
}

/** The form that shares most columns with the table: its check then says what is missing. */
function nearestForm(reader: Reader, table: Table): Form {
  const usable = reader.forms.filter(({ container, fits: shape }) => {
    return shape === undefined && (container === 'any' || container === table.container)
  })
  const shared = (form: Form): number => form.columns.required.filter((column) => table.columns.has(column)).length
  const [best] = usable.toSorted((left, right) => shared(right) - shared(left))
  if (best === undefined || shared(best) === 0)
    throw new ParapetError(
      'input_invalid',
      `${table.name} is not a file of ${reader.name}: its columns are ${[...table.columns].slice(0, 20).join(', ')}. Expected ${reader.files}.`,
    )
  return best
}

interface Part {
  readonly drafts: readonly Draft[]
  readonly sha256: string
}

function finish(reader: Reader, parts: readonly Part[], tables: readonly Table[]): readonly EvaluationSet[] {
  const names = [...new Set(parts.flatMap(({ drafts }) => drafts.map(({ name }) => name)))]
  const sets = names.flatMap((name) => {
    const drafts = parts.flatMap((part) => part.drafts.filter((draft) => draft.name === name))
    const from = parts.filter((part) => part.drafts.some((draft) => draft.name === name && draft.samples.length > 0))
    const set = joinDrafts(reader, name, drafts, joined(from.map((part) => part.sha256)))
    return set.samples.length === 0 ? [] : [set]
  })
  if (sets.length === 0)
    throw new ParapetError(
      'input_invalid',
      `${tables.map(({ name }) => name).join(', ')}: no row has a label that ${reader.name} evaluates. Expected ${reader.files}.`,
    )
  return sets
}

function joinDrafts(reader: Reader, name: string, drafts: readonly Draft[], hash: string): EvaluationSet {
  const tasks = [...new Set(drafts.map(({ task }) => task))]
  const [task] = tasks
  if (task === undefined || tasks.length > 1)
    throw new ParapetError(
      'internal',
      `The reader ${reader.name} gives ${tasks.join(' and ')} under one name, ${name}.`,
    )
  const samples = drafts.flatMap((draft) => draft.samples.map((one) => ({ ...one, task })))
  checkIds(name, samples)
  const unique = (values: readonly (string | undefined)[]): string =>
    [...new Set(values.filter((value) => value !== undefined))].toSorted().join('; ')
  return {
    name,
    task,
    samples,
    sha256: hash,
    citation: unique(drafts.map(({ citation }) => citation)) || reader.citation,
    licence: unique(drafts.map(({ licence }) => licence)) || reader.licence,
    purpose: purposeOf(samples),
  }
}

function checkIds(name: string, samples: readonly EvaluationSample[]): void {
  const seen = new Set<string>()
  for (const { id } of samples) {
    if (seen.has(id))
      throw new ParapetError(
        'input_invalid',
        `The id "${id}" stands twice in ${name}. Expected every sample once; check that no file holds rows of another.`,
      )
    seen.add(id)
  }
}

function purposeOf(samples: readonly EvaluationSample[]): EvaluationSet['purpose'] {
  const labels = new Set(samples.map(({ label }) => label))
  if (labels.size > 1) return 'detection'
  return labels.has(1) ? 'recall_only' : 'over_refusal'
}

/** One hash as it is, several as the hash of them all. */
function joined(hashes: readonly string[]): string {
  return hashes.length === 1 ? (hashes[0] ?? '') : sha256(hashes.join(''))
}
