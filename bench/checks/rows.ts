/** Reads labelled rows in the record form (gzipped JSON Lines) and says which text and which head each task is judged by. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { CheckInput, CheckRow } from '../../src/spec/index.ts'

export interface LabelledRow {
  readonly input: CheckInput
  /** What a rival that takes one text is given. */
  readonly text: string
  readonly label: 0 | 1
}

export interface LabelledSet {
  readonly name: string
  readonly task: string
  readonly rows: readonly LabelledRow[]
}

interface RawRow {
  readonly task: string
  readonly prompt: string
  readonly response: string | null
  readonly system: string | null
  readonly label: 0 | 1
}

const TASKS = ['prompt_harm', 'response_harm', 'refusal', 'injection', 'toxicity']

/** All sets under a folder, one for each file and task that has both labels. */
export function readSets(folder: string): readonly LabelledSet[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.jsonl.gz'))
  return files.toSorted().flatMap((file) => {
    const lines = gunzipSync(readFileSync(join(folder, file)))
      .toString('utf8')
      .split('\n')
    const rows = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as RawRow)
    const base = file.replace('.jsonl.gz', '')
    return TASKS.flatMap((task) => {
      const chosen = rows.filter((row) => row.task === task)
      if (new Set(chosen.map(({ label }) => label)).size < 2) return []
      return [{ name: `${base}/${task}`, task, rows: chosen.map(toRow) }]
    })
  })
}

/** A response is judged as a response; an injection row keeps its trusted task. */
function toRow(row: RawRow): LabelledRow {
  const response = row.task === 'response_harm' || row.task === 'refusal' ? (row.response ?? '') : undefined
  // A leak is marked on the answer: without a prompt the answer is the text judged.
  const prompt = row.prompt === '' && response === undefined ? (row.response ?? '') : row.prompt
  const input = {
    prompt,
    ...(response === undefined ? {} : { response }),
    ...(row.system === null ? {} : { system: row.system }),
  }
  return { input, text: response ?? prompt, label: row.label }
}

/** Parapet's score for a task: its head, fixed before looking; a prompt is also harmful when it is toxic. */
export function taskScore(task: string, { scores }: CheckRow): number {
  switch (task) {
    case 'prompt_harm':
      return Math.max(scores.prompt_harm ?? 0, scores.toxicity ?? 0)
    case 'response_harm':
      return scores.response_harm ?? 0
    case 'refusal':
      return scores.refusal ?? 0
    case 'injection':
      return scores.injection ?? 0
    default:
      return scores.toxicity ?? 0
  }
}
