/**
 * The seed S(0) out of labelled records: prompts by language in given numbers, both labels alike, no source with more than its share, and
 * a tenth of all rows held out by a hash for choices during development.
 *
 * A record's label is what it teaches the fast tier about harmful prompts (`examples.ts`), so that both learn the same task: a toxic text
 * that threatens or hates is harmful, one that is only rude says nothing, a wild jailbreak is harmful, and whatever users ask for in sets of
 * other tasks (scopes, tools, personal data) is harmless.
 *
 * The default mix is that of the paper (arXiv 2502.05163): English 81.4 %, French 8.9, Spanish 5.2, German 4.5.
 */
import { createHash } from 'node:crypto'
import { ParapetError } from '../../../spec/errors.ts'
import { textHash } from '../../eval/contamination.ts'
import { toExamples } from '../examples.ts'
import type { RecordFile, Task, TrainingRecord } from '../records.ts'
import { targetsOfRecord } from './labels.ts'
import type { SeedRow } from './proposal.ts'

export interface SeedOptions {
  /** English rows; other languages stand to them as in the paper. */
  readonly english: number
  /** Rows of a language for each English row, in place of the default; 0 for a seed without it. */
  readonly shares?: Readonly<Record<string, number>>
  readonly languages: readonly string[]
  readonly seed: number
}

/** Rows of a language for each English row, in the paper's seed; a language that is not there gets what Spanish has. */
export const SEED_SHARES: Readonly<Record<string, number>> = { en: 1, fr: 8.9 / 81.4, es: 5.2 / 81.4, de: 4.5 / 81.4 }

/** Longest text, and the shortest: what is shorter has nothing to be told apart by. */
const LONGEST = 1000
const SHORTEST = 12
/** Most of a language's rows of one label from one source. */
const SHARE_OF_SOURCE = 0.125
/** One of so many rows is held out. */
const HELD_OUT_OF = 10

export interface SeedData {
  readonly rows: readonly SeedRow[]
  /** For choices: never trained on, never proposed about. */
  readonly heldOut: readonly SeedRow[]
}

/**
 * Rows in a fixed order that does not depend on that of the files. Throws `input_invalid` where a language of the seed has no row of a label
 * in English; other languages may have none.
 */
export function gatherSeed(files: readonly RecordFile[], options: SeedOptions): SeedData {
  const { english, shares = SEED_SHARES, languages, seed } = options
  const groups = new Map<string, { readonly key: string; readonly row: SeedRow }[]>()
  const heldOut: SeedRow[] = []
  const seen = new Set<string>()
  for (const { record, file } of files.flatMap(({ name, records }) =>
    records.map((record) => ({ record, file: name })),
  )) {
    if (!isUsable(record, languages)) continue
    const label = harmOf(record, file)
    if (label === undefined) continue
    const hash = textHash(record.prompt)
    if (seen.has(hash)) continue
    seen.add(hash)
    const row = seedRow(record, label, hash)
    if (Number.parseInt(hash.slice(0, 8), 16) % HELD_OUT_OF === 0) {
      heldOut.push(row)
      continue
    }
    const key = createHash('sha256').update(`${seed}\0${hash}`).digest('hex')
    const name = `${row.language} ${row.label}`
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [{ key, row }])
    else group.push({ key, row })
  }
  const rows = languages.flatMap((language) =>
    ([1, 0] as const).flatMap((label) => {
      const share = shares[language] ?? SEED_SHARES['es'] ?? 0
      const wanted = Math.round((english * share) / 2)
      const group = (groups.get(`${language} ${label}`) ?? []).toSorted((left, right) =>
        left.key < right.key ? -1 : 1,
      )
      if (group.length === 0 && language === 'en')
        throw new ParapetError(
          'input_invalid',
          `There is no English row with label ${label} for harmful prompts. The game begins with English seeds of both labels.`,
        )
      return chosen(
        group.map(({ row }) => row),
        wanted,
      )
    }),
  )
  return { rows, heldOut: heldOut.toSorted((left, right) => (left.id < right.id ? -1 : 1)) }
}

function isUsable({ lang, prompt }: TrainingRecord, languages: readonly string[]): boolean {
  const { length } = prompt.trim()
  return languages.includes(lang) && length >= SHORTEST && length <= LONGEST
}

/** What a record's prompt teaches about harm; nothing where its label is about something else. */
function harmOf(record: TrainingRecord, file: string): 0 | 1 | undefined {
  return toExamples(record, file).find(({ text }) => text === record.prompt)?.targets['prompt_harm']
}

function seedRow(record: TrainingRecord, label: 0 | 1, id: string): SeedRow {
  const { prompt, lang, categories, source, licence } = record
  const targets = label === 0 ? targetsOfRecord({ task: 'benign', label, categories }) : targetsOfRecord(record)
  const task = taskOf(record.task, label)
  return { ...{ id, text: prompt.trim(), language: lang, label, task, categories }, ...{ targets, source, licence } }
}

/** The task under which a row of the seed and what is made of it mean the same as here when a guard learns from them. */
function taskOf(task: Task, label: 0 | 1): Task {
  if (task === 'toxicity' || task === 'prompt_harm') return task
  return label === 1 ? 'prompt_harm' : 'benign'
}

/** The first rows, no source above its share while others have rows left. */
function chosen(rows: readonly SeedRow[], wanted: number): readonly SeedRow[] {
  const most = Math.max(1, Math.ceil(SHARE_OF_SOURCE * wanted))
  const counts = new Map<string, number>()
  const within: SeedRow[] = []
  const beyond: SeedRow[] = []
  for (const row of rows) {
    const source = row.source.split(':')[0] ?? row.source
    const count = (counts.get(source) ?? 0) + 1
    counts.set(source, count)
    if (count <= most) within.push(row)
    else beyond.push(row)
  }
  return [...within, ...beyond].slice(0, wanted)
}
