/** A surveyed file as chunks of rows, for phases that work through it; chunks that a phase does not want are passed over unparsed. */
import { type FormName, formNamed, readRow } from './forms/index.ts'
import { rawRows } from './read/open-data.ts'
import { parseRow } from './read/parse-row.ts'
import type { RawRow } from './read/raw-row.ts'
import type { BrokenRow, DataRow } from './row.ts'
import { CHUNK, CHUNK_BYTES } from './run-folder.ts'
import { NO_FORM } from './survey.ts'

export interface RowChunk {
  readonly chunk: number
  readonly rows: readonly (DataRow | BrokenRow)[]
  readonly raw: readonly RawRow[]
}

export async function* rowChunks(
  { path, form }: { readonly path: string; readonly form: FormName | null },
  wants: (chunk: number) => boolean = () => true,
): AsyncGenerator<RowChunk> {
  const known = form === null ? null : formNamed(form)
  const read = (raw: RawRow): DataRow | BrokenRow =>
    known === null ? { line: raw.line, problem: raw.problem ?? NO_FORM } : readRow(parseRow(raw), known)
  let raw: RawRow[] = []
  let [chunk, count, bytes, wanted] = [0, 0, 0, wants(0)]
  for await (const row of rawRows(path)) {
    if (wanted) raw.push(row)
    count += 1
    bytes += row.bytes?.length ?? 0
    if (count < CHUNK && bytes < CHUNK_BYTES) continue
    if (wanted) yield { chunk, raw, rows: raw.map(read) }
    raw = []
    ;[count, bytes] = [0, 0]
    chunk += 1
    wanted = wants(chunk)
  }
  if (count > 0 && wanted) yield { chunk, raw, rows: raw.map(read) }
}
