/**
 * Checks that the caller brings, such as a policy's pipeline or a judge: asked about each row one after the other, in the main thread. Where
 * the asker fails the row is not passed: its record holds the problem.
 */
import { ParapetError } from '../../spec/errors.ts'
import type { BrokenRow, DataRow, Measured, RowRecord } from './row.ts'
import { rowChunks } from './row-chunks.ts'
import type { Phase, RunFolder } from './run-folder.ts'
import type { SurveyedFile } from './survey.ts'

export interface OutsideCheck {
  readonly name: 'policy' | 'judge'
  /** What another answer would come of: part of what a run that goes on must have in common. */
  readonly version: string
  /** Rejects where it cannot tell. */
  measure(row: DataRow, signal: AbortSignal): Promise<Measured>
}

/** One phase over all files; `measure` never rejects. */
export async function runChunkedPhase(
  phase: Phase,
  options: {
    readonly folder: RunFolder
    readonly files: readonly SurveyedFile[]
    readonly signal?: AbortSignal
    readonly onRows: (rows: number) => void
  },
  measure: (row: DataRow) => Promise<RowRecord>,
): Promise<void> {
  const { folder, files, signal, onRows } = options
  for (const [at, file] of files.entries())
    for await (const { chunk, rows } of rowChunks(file, (number) => !folder.has(phase, at, number))) {
      const records: RowRecord[] = []
      for (const row of rows) {
        if (signal?.aborted === true) throw new ParapetError('aborted', 'The screen was stopped.')
        records.push(isBroken(row) ? row : await measure(row))
      }
      folder.write(phase, at, chunk, records)
      onRows(rows.length)
    }
}

/** A row as an outside check sees it. */
export async function measureOutside(check: OutsideCheck, row: DataRow, signal: AbortSignal): Promise<RowRecord> {
  try {
    const { score, place } = await check.measure(row, signal)
    // What is no number is above no threshold, and would pass.
    if (!Number.isFinite(score)) return { line: row.line, problem: `The ${check.name} gave no number.` }
    const places = place === undefined ? {} : { places: { [check.name]: { ...place, excerpt: '' } } }
    return { line: row.line, scores: { [check.name]: score }, ...places }
  } catch (cause) {
    if (signal.aborted) throw cause
    const code = ParapetError.isInstance(cause) ? cause.code : 'internal'
    return { line: row.line, problem: `The ${check.name} could not judge it (${code}).` }
  }
}

const isBroken = (row: DataRow | BrokenRow): row is BrokenRow => 'problem' in row
