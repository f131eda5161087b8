/** The development sets as rows that a small guard can read: a part of each, drawn by a seed, texts cut to a length. Sets without a file are left out. */
import { type GuardTask, type GuardedRow, balancedRows, rowsOfRecords } from '../../src/lab/distill/index.ts'
import type { Task } from '../../src/lab/train/records.ts'
import { readRecordFile } from '../../src/lab/train/records.ts'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The last two are there for false alarms: harmless requests that sound alarming. */
const SETS: readonly (readonly [file: string, task: GuardTask])[] = [
  ['toxic_chat', 'prompt_harm'],
  ['guardreasoner_openai_moderation', 'prompt_harm'],
  ['wildguardtest_prompt_partial', 'prompt_harm'],
  ['beavertails', 'response_harm'],
  ['safe_rlhf', 'response_harm'],
  ['xstest_response_refusal', 'refusal'],
  ['xstest', 'prompt_harm'],
  ['or_bench_hard_heldout', 'prompt_harm'],
]

export interface DevRows {
  readonly rows: readonly GuardedRow[]
  readonly absent: readonly string[]
  /** Rows of which a text was cut, of all rows of the sets. */
  readonly cut: string
}

export function devRows(
  folder: string,
  options: { readonly each: number; readonly longest: number; readonly seed: number },
): DevRows {
  const { each, longest, seed } = options
  const absent: string[] = []
  let [cut, all] = [0, 0]
  const rows = SETS.flatMap(([file, task]) => {
    const path = join(folder, `${file}.jsonl.gz`)
    if (!existsSync(path)) {
      absent.push(file)
      return []
    }
    const read = readRecordFile(path)
    const own = { ...read, records: read.records.filter((record) => record.task === (task as Task)) }
    const found = rowsOfRecords([own], { languages: ['en'], longest })
    cut += found.cut
    all += found.rows.length
    // A third for each label of one task: `balancedRows` shares its count among six kinds, of which a set has two.
    return balancedRows(found.rows, 3 * each, seed)
  })
  return { rows, absent, cut: `${cut} of ${all}` }
}
