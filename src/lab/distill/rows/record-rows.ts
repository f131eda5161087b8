/**
 * Rows from files in the record form of `lab/train`: one label a record, put together where records are of the same text, and a balanced
 * choice of them. Texts are cut to a length, because a small guard reads little; what was cut is counted by who measures.
 */
import { createHash } from 'node:crypto'
import { createRandom } from '../../../nn/random.ts'
import type { RecordFile, TrainingRecord } from '../../train/records.ts'
import { HAZARD_OF_CATEGORY } from '../../train/hazard-map.ts'
import { type GuardTask, type GuardedRow, GUARD_TASKS } from './guarded-row.ts'

export interface RecordRowOptions {
  /** Languages kept; all if absent. */
  readonly languages?: readonly string[]
  /** Longest prompt and longest answer, in characters; what is longer is cut at its end. */
  readonly longest: number
}

export interface RecordRows {
  readonly rows: readonly GuardedRow[]
  /** Texts that two records label differently: left out. */
  readonly conflicts: number
  /** Rows of which a text was cut. */
  readonly cut: number
}

const TASK_OF: Readonly<Partial<Record<TrainingRecord['task'], GuardTask>>> = {
  ...{ prompt_harm: 'prompt_harm', benign: 'prompt_harm', refusal: 'refusal', response_harm: 'response_harm' },
}

interface Draft {
  readonly source: string
  readonly prompt: string
  readonly response: string | undefined
  readonly labels: Record<GuardTask, boolean | null>
  readonly hazards: Set<string>
  readonly cut: boolean
  conflict: boolean
}

/** Records of other tasks, without a prompt, or with the wrong kind of text are passed over. */
export function rowsOfRecords(files: readonly RecordFile[], { languages, longest }: RecordRowOptions): RecordRows {
  const drafts = new Map<string, Draft>()
  for (const { name, records } of files)
    for (const record of records) {
      const task = TASK_OF[record.task]
      if (task === undefined || record.prompt.trim() === '') continue
      if (languages !== undefined && !languages.includes(record.lang)) continue
      const response = task === 'prompt_harm' ? undefined : (record.response ?? '').trim()
      if (response === '') continue
      const [prompt, answer] = [
        cutText(record.prompt.trim(), longest),
        response === undefined ? undefined : cutText(response, longest),
      ]
      const id = textId(prompt, answer)
      const draft = drafts.get(id) ?? {
        ...{ source: name, prompt, response: answer, hazards: new Set<string>(), conflict: false },
        labels: { prompt_harm: null, refusal: null, response_harm: null },
        cut: prompt.length < record.prompt.trim().length || (answer?.length ?? 0) < (response?.length ?? 0),
      }
      const label = record.label === 1
      if (draft.labels[task] !== null && draft.labels[task] !== label) draft.conflict = true
      draft.labels[task] = label
      if (label && task !== 'refusal') for (const hazard of hazardsOf(record)) draft.hazards.add(hazard)
      drafts.set(id, draft)
    }
  const whole = [...drafts].filter(([, { conflict }]) => !conflict)
  return {
    rows: whole.map(([id, { source, prompt, response, labels, hazards }]) => ({
      ...{ id, source, prompt, labels },
      ...(response === undefined ? {} : { response }),
      hazards: [...hazards].toSorted(),
    })),
    conflicts: drafts.size - whole.length,
    cut: whole.filter(([, { cut }]) => cut).length,
  }
}

/** Never half a character: a pair of units that is cut loses both. */
export function cutText(text: string, longest: number): string {
  return text.length <= longest ? text : text.slice(0, longest).replace(/[\uD800-\uDBFF]$/, '')
}

function textId(prompt: string, response: string | undefined): string {
  return createHash('sha256')
    .update(JSON.stringify([prompt, response ?? null]))
    .digest('hex')
    .slice(0, 16)
}

function hazardsOf({ categories }: TrainingRecord): readonly string[] {
  return categories.flatMap(
    (category) => HAZARD_OF_CATEGORY[category] ?? HAZARD_OF_CATEGORY[category.toLowerCase()] ?? [],
  )
}

/**
 * About `count` rows, as many of each task and label as there can be, and of each of those as many of each source, drawn by the seed. A
 * kind that has too few gives what it has.
 */
export function balancedRows(rows: readonly GuardedRow[], count: number, seed: number): readonly GuardedRow[] {
  const random = createRandom(seed)
  const kinds = GUARD_TASKS.flatMap((task) => [true, false].map((label) => ({ task, label })))
  const taken = new Set<GuardedRow>()
  for (const { task, label } of kinds) {
    const sources = new Map<string, { readonly row: GuardedRow; readonly at: number }[]>()
    for (const row of rows)
      if (row.labels[task] === label) {
        const members = sources.get(row.source) ?? []
        members.push({ row, at: random() })
        sources.set(row.source, members)
      }
    const queues = [...sources.values()].map((members) => members.toSorted((one, other) => one.at - other.at))
    let wanted = Math.floor(count / kinds.length)
    for (let turn = 0; wanted > 0 && queues.some((queue) => turn < queue.length); turn += 1)
      for (const queue of queues) {
        const next = queue[turn]
        if (next === undefined || wanted === 0 || taken.has(next.row)) continue
        taken.add(next.row)
        wanted -= 1
      }
  }
  return [...taken]
}
