/**
 * The development sets by name, read on first need, and what an engine is asked about a row.
 *
 * A set without a file is null: whoever prints it says so, and no figure is made of it.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readRecordFile } from '../../src/lab/train/records.ts'
import type { Task, TrainingRecord } from '../../src/lab/train/records.ts'
import type { ClassifierInput } from '../../src/spec/index.ts'
import { ParapetError } from '../../src/spec/index.ts'

export type DevRow = Pick<TrainingRecord, 'task' | 'lang' | 'prompt' | 'response' | 'system' | 'label' | 'categories'>

export class DevData {
  readonly #folder: string
  readonly #sets = new Map<string, readonly DevRow[] | null>()

  constructor(folder: string) {
    if (!existsSync(folder))
      throw new ParapetError('configuration', `There is no folder ${folder}. Give the one with the sets: --data DIR`)
    this.#folder = folder
  }

  /** Rows of a set, of one task where it is named; null where the file is absent. */
  rows(name: string, task?: Task): readonly DevRow[] | null {
    let rows = this.#sets.get(name)
    if (rows === undefined) {
      const path = join(this.#folder, `${name}.jsonl.gz`)
      rows = existsSync(path) ? readRecordFile(path).records : null
      this.#sets.set(name, rows)
    }
    return task === undefined ? rows : (rows?.filter((row) => row.task === task) ?? null)
  }
}

/** Answers are judged beside their prompt; a row with only an answer, whose label is no answer's, as a text. */
export function inputOf({ task, prompt, response, system }: DevRow): ClassifierInput {
  if (task === 'response_harm' || task === 'refusal')
    return { ...(prompt === '' ? {} : { prompt }), response: response ?? '' }
  const text = prompt === '' ? (response ?? '') : prompt
  return system === null ? { prompt: text } : { prompt: text, system }
}

/** Rows without those whose input came before. */
export function distinct(rows: readonly DevRow[]): readonly DevRow[] {
  const seen = new Set<string>()
  return rows.filter((row) => {
    const key = JSON.stringify(inputOf(row))
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

/** Members by key, in the order in which the keys come. */
export function grouped<Member>(
  members: readonly Member[],
  keyOf: (member: Member) => string,
): ReadonlyMap<string, readonly Member[]> {
  const groups = new Map<string, Member[]>()
  for (const member of members) {
    const group = groups.get(keyOf(member))
    if (group === undefined) groups.set(keyOf(member), [member])
    else group.push(member)
  }
  return groups
}
