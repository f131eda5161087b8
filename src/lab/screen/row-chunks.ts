/** A surveyed file as chunks of rows, for phases that work through it; chunks that a phase does not want are passed over unparsed. */
import { type FormName, formNamed, readRow } from './forms/index.ts'
import { rawRows } from './read/open-data.ts'
import { parseRow } from './read/parse-row.ts'
import type { RawRow } from './read/raw-row.ts'
import type { BrokenRow, DataRow } from './row.ts'
import { CHUNK, CHUNK_BYTES } from './run-folder.ts'
import { NO_FORM } from './survey.ts'

export interface RawChunk {
  readonly chunk: number
  readonly raw: readonly RawRow[]
}

export interface RowChunk extends RawChunk {
  readonly rows: readonly (DataRow | BrokenRow)[]
}

/** What makes rows of bytes: of the file's form, or told to be of none. */
export function rowReader(form: FormName | null): (raw: RawRow) => DataRow | BrokenRow {
  const known = form === null ? null : formNamed(form)
  return (raw) => (known === null ? { line: raw.line, problem: raw.problem ?? NO_FORM } : readRow(parseRow(raw), known))
}

export async function* rowChunks(
  { path, form }: { readonly path: string; readonly form: FormName | null },
  wants: (chunk: number) => boolean = () => true,
): AsyncGenerator<RowChunk> {
  const read = rowReader(form)
  for await (const { chunk, raw } of rawChunks(path, wants)) yield { chunk, raw, rows: raw.map(read) }
}

/** The same chunks before anybody parses them. */
export async function* rawChunks(path: string, wants: (chunk: number) => boolean): AsyncGenerator<RawChunk> {
  let raw: RawRow[] = []
  let [chunk, count, bytes, wanted] = [0, 0, 0, wants(0)]
  for await (const row of rawRows(path)) {
    if (wanted) raw.push(row)
    count += 1
    bytes += row.bytes?.length ?? 0
    if (count < CHUNK && bytes < CHUNK_BYTES) continue
    if (wanted) yield { chunk, raw }
    raw = []
    ;[count, bytes] = [0, 0]
    chunk += 1
    wanted = wants(chunk)
  }
  if (count > 0 && wanted) yield { chunk, raw }
}
