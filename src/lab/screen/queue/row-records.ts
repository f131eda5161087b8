/** What a worker hands in for a chunk, checked before it counts: one record for each row, in order, of the setup that was asked for. */
import { ParapetError } from '../../../spec/errors.ts'
import type { RowRecord } from '../row.ts'
import { pack, unpack } from './packed-text.ts'

export function recordsToText(setup: string, records: readonly RowRecord[]): string {
  return `${setup}\n${pack(Buffer.from(records.map((record) => JSON.stringify(record)).join('\n')))}`
}

/** Throws `internal` for what is not of this screen. */
export function recordsFromText(text: string, setup: string, lines: readonly number[]): readonly RowRecord[] {
  const [of, packed = ''] = text.split('\n')
  const rest = unpack(packed)?.toString('utf8').split('\n')
  if (of !== setup || rest?.length !== lines.length) throw foreign()
  return rest.map((line, at) => {
    const record = recordOf(line)
    const { scores, problem } = record ?? {}
    const judged = scores !== undefined && Object.values(scores).every((score) => Number.isFinite(score))
    if (record === null || record.line !== lines[at] || (!judged && typeof problem !== 'string')) throw foreign()
    return record as RowRecord
  })
}

function recordOf(line: string): Partial<RowRecord> | null {
  try {
    return JSON.parse(line) as Partial<RowRecord> | null
  } catch {
    return null
  }
}

function foreign(): ParapetError {
  return new ParapetError(
    'internal',
    'A worker handed in what is not of this screen. Start all workers of one version.',
  )
}
