/**
 * The rows of a run that may be killed at any time: one line each, written as soon as it is known, behind a line that says which run it
 * is. A last line that is not whole is dropped; what was asked and answered is never asked again.
 */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ParapetError } from '../../../../spec/index.ts'
import { writeAtomically } from '../../../train/write-atomically.ts'
import { HELD } from '../../../jobs/hold-folder.ts'
import { type RedTeamRow, ROW } from './row.ts'

export const JOURNAL = 'rows.jsonl'

export interface Journal {
  /** Rows of an earlier start of the same run. */
  readonly known: readonly RedTeamRow[]
  readonly write: (row: RedTeamRow) => void
}

/**
 * Opens the journal in a folder. Throws `configuration` for a folder that holds something without `resume`, or another run with it.
 */
export function openJournal(folder: string, fingerprint: string, resume: boolean): Journal {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, JOURNAL)
  const held = readdirSync(folder).filter((name) => name !== HELD)
  if (held.length > 0 && !resume)
    throw new ParapetError('configuration', `${folder} is not empty. Give a new folder, or go on with --resume.`)
  const known = existsSync(path) ? readRows(path, fingerprint) : []
  // Written anew: without a line that was cut, and with its first one.
  const lines = [JSON.stringify({ run: fingerprint }), ...known.map((row) => JSON.stringify(row))]
  writeAtomically(path, Buffer.from(`${lines.join('\n')}\n`))
  return { known, write: (row) => appendFileSync(path, `${JSON.stringify(row)}\n`) }
}

function readRows(path: string, fingerprint: string): readonly RedTeamRow[] {
  const text = readFileSync(path, 'utf8')
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  const [head = '', ...lines] = whole.split('\n').filter((line) => line !== '')
  if (head === '') return []
  const first = parse(head)
  const run = typeof first === 'object' && first !== null && 'run' in first ? first.run : null
  if (run !== fingerprint)
    throw new ParapetError(
      'configuration',
      `${path} is of another run: target, goals, attacks, judges or settings were others. Give a new folder.`,
    )
  const rows = new Map<string, RedTeamRow>()
  for (const line of lines) {
    const checked = ROW.safeParse(parse(line))
    // A damaged line is asked again.
    if (checked.success) rows.set(checked.data.id, checked.data)
  }
  return [...rows.values()]
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}
