/**
 * The end of a screen: thresholds meet scores, bad rows find their near-duplicates, and every row gets its verdict; the rows that passed and
 * the rest go to files of their own, byte for byte as they came. It works chunk by chunk and changes no data file.
 */
import { join } from 'node:path'
import { ParapetError } from '../../spec/errors.ts'
import { checkSpec } from './checks/check-list.ts'
import { LineWriter } from './line-writer.ts'
import type { RowRecord, ScreenedRow } from './row.ts'
import { rowChunks } from './row-chunks.ts'
import type { Phase, RunFolder } from './run-folder.ts'
import { BadRows } from './set/near-duplicates.ts'
import { RepetitionCounter } from './set/repetition.ts'
import { type ScreenTally, Tally } from './set/tally.ts'
import { type Unlikeness, unlikenessOf } from './set/unlikeness.ts'
import { judgeRecord, mergeRecords } from './set/verdicts.ts'
import type { SurveyedFile } from './survey.ts'
import { isFlagged, type Thresholds } from './thresholds.ts'

export interface FinishOptions {
  readonly folder: RunFolder
  readonly out: string
  readonly files: readonly SurveyedFile[]
  readonly phases: readonly Phase[]
  readonly thresholds: Thresholds
  /** Scores of the reference's rows that thresholds were fitted on, and the checks that were; null without a reference. */
  readonly fitted: { readonly scores: readonly Scores[]; readonly checks: readonly string[] } | null
  /** Packed signatures of rows that are known to be harmful. */
  readonly known: readonly string[]
  readonly clean?: string
  readonly flagged?: string
  readonly signal?: AbortSignal
}

type Scores = Readonly<Record<string, number>>

export interface FinishedScreen {
  readonly tally: ScreenTally
  /** Null without a reference. */
  readonly unlikeness: Unlikeness | null
}

/** Rows that are compared with the reference, at most, evenly from all. */
const COMPARED = 10_000
const NEAR = checkSpec('near-duplicate')?.threshold ?? 1

export async function finishScreen(options: FinishOptions): Promise<FinishedScreen> {
  const { out, clean, flagged } = options
  const bad = new BadRows()
  for (const packed of options.known) bad.add(packed)
  for (const { records } of chunksOf(options))
    for (const { scores = {}, signature } of records)
      if (signature !== undefined && isFlagged(scores, options.thresholds)) bad.add(signature)
  const opened: LineWriter[] = []
  const writer = async (path: string | undefined): Promise<LineWriter | null> => {
    if (path === undefined) return null
    const made = await LineWriter.open(path)
    opened.push(made)
    return made
  }
  try {
    const writers = {
      rows: await writer(join(out, 'rows.jsonl')),
      clean: await writer(clean),
      flagged: await writer(flagged),
    }
    const finished = await writeVerdicts(options, bad, writers)
    for (const one of opened) await one.finish()
    return finished
  } catch (error) {
    for (const one of opened) await one.discard()
    throw error
  }
}

interface Writers {
  readonly rows: LineWriter | null
  readonly clean: LineWriter | null
  readonly flagged: LineWriter | null
}

async function writeVerdicts(options: FinishOptions, bad: BadRows, writers: Writers): Promise<FinishedScreen> {
  const { files, thresholds, signal, fitted } = options
  const limits = { ...thresholds, 'near-duplicate': NEAR }
  const tally = new Tally(limits)
  const repetition = new RepetitionCounter()
  const compared: Scores[] = []
  const step = Math.ceil(files.reduce((sum, { rows }) => sum + rows, 0) / COMPARED)
  let seen = 0
  for (const [at, file] of files.entries()) {
    const copies = writers.clean !== null || writers.flagged !== null ? rowChunks(file) : null
    for (const { first, records } of chunksOf({ ...options, only: at })) {
      if (signal?.aborted === true) throw new ParapetError('aborted', 'The screen was stopped.')
      const raw = copies === null ? null : ((await copies.next()).value?.raw ?? [])
      for (const [index, record] of records.entries()) {
        const full = withLikeness(record, bad, thresholds)
        const { verdict, reasons } = judgeRecord(full, limits)
        repetition.add(full)
        if (fitted !== null && seen++ % step === 0 && record.scores !== undefined) compared.push(record.scores)
        const row: ScreenedRow = {
          ...{ file: file.name, line: full.line, verdict, reasons, scores: full.scores ?? {} },
          ...(full.problem === undefined ? {} : { problem: full.problem }),
        }
        tally.add(row, full)
        await writers.rows?.line(Buffer.from(JSON.stringify(row)))
        const target = verdict === 'pass' ? writers.clean : writers.flagged
        const bytes = raw?.[index]?.bytes
        if (target === null || raw === null) continue
        if (bytes === null || bytes === undefined) tally.notCopied += 1
        else await target.line(bytes)
      }
      if (raw !== null && raw.length !== records.length)
        throw new ParapetError(
          'input_invalid',
          `${file.name} changed while it was screened (rows from ${first + 1}). Run again.`,
        )
    }
    await copies?.return(undefined)
  }
  return {
    tally: tally.result(repetition.result()),
    unlikeness: fitted === null ? null : unlikenessOf(compared, fitted.scores, thresholds, fitted.checks),
  }
}

/** A row that is bad by itself needs no likeness to itself. */
function withLikeness(record: RowRecord, bad: BadRows, thresholds: Thresholds): RowRecord {
  if (record.signature === undefined || isFlagged(record.scores ?? {}, thresholds)) return record
  const likeness = bad.closest(record.signature)
  return likeness === 0 ? record : { ...record, scores: { ...record.scores, 'near-duplicate': likeness } }
}

/** Merged records of all phases, chunk by chunk, in order. */
function* chunksOf({
  folder,
  files,
  phases,
  only,
}: Pick<FinishOptions, 'folder' | 'files' | 'phases'> & { readonly only?: number }): Generator<{
  /** Rows before it. */
  readonly first: number
  readonly records: readonly RowRecord[]
}> {
  for (const [at, { rows, name }] of files.entries()) {
    if (only !== undefined && only !== at) continue
    for (let [chunk, before] = [0, 0]; before < rows; chunk += 1) {
      const parts = phases.map((phase) => folder.read(phase, at, chunk))
      const [first] = parts
      if (
        first === null ||
        first === undefined ||
        first.length === 0 ||
        parts.some((part) => part?.length !== first.length)
      )
        throw new ParapetError(
          'internal',
          `Results of ${name} are missing (chunk ${chunk}). Run again without --resume.`,
        )
      yield {
        first: before,
        records: first.map((_, index) => mergeRecords(parts.flatMap((part) => part?.[index] ?? []))),
      }
      before += first.length
    }
  }
}
