/**
 * The seed S(0) out of labelled records: prompts by language in given numbers, both labels alike, no source with more than its share, and
 * a tenth of all rows held out by a hash for choices during development.
 *
 * The default mix is that of the paper (arXiv 2502.05163): English 81.4 %, French 8.9, Spanish 5.2, German 4.5.
 */
import { createHash } from 'node:crypto'
import { ParapetError } from '../../../spec/errors.ts'
import { textHash } from '../../eval/contamination.ts'
import type { RecordFile, Task, TrainingRecord } from '../records.ts'
import { targetsOfRecord } from './labels.ts'
import type { SeedRow } from './proposal.ts'

export interface SeedOptions {
  /** English rows; other languages stand to them as in the paper. */
  readonly english: number
  /** Share of a language to English, in place of the default. */
  readonly shares?: Readonly<Record<string, number>>
  readonly languages: readonly string[]
  readonly tasks?: readonly Task[]
  readonly seed: number
}

/** Rows of a language for each English row, in the paper's seed; a language that is not there gets what Spanish has. */
export const SEED_SHARES: Readonly<Record<string, number>> = { en: 1, fr: 8.9 / 81.4, es: 5.2 / 81.4, de: 4.5 / 81.4 }

/** Toxic texts too, as in the paper's seed: with requests alone, texts that are no request are not told apart. */
const SEED_TASKS: readonly Task[] = ['prompt_harm', 'benign', 'toxicity']

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
  const { english, shares = SEED_SHARES, languages, tasks = SEED_TASKS, seed } = options
  const groups = new Map<string, { readonly key: string; readonly row: SeedRow }[]>()
  const heldOut: SeedRow[] = []
  const seen = new Set<string>()
  for (const record of files.flatMap(({ records }) => records)) {
    if (!isUsable(record, tasks, languages)) continue
    const hash = textHash(record.prompt)
    if (seen.has(hash)) continue
    seen.add(hash)
    const row = seedRow(record, hash)
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
      const wanted = Math.max(1, Math.round((english * share) / 2))
      const group = (groups.get(`${language} ${label}`) ?? []).toSorted((left, right) =>
        left.key < right.key ? -1 : 1,
      )
      if (group.length === 0 && language === 'en')
        throw new ParapetError(
          'input_invalid',
          `There is no English row with label ${label} of ${tasks.join(', ')}. The game begins with English seeds of both labels.`,
        )
      return chosen(
        group.map(({ row }) => row),
        wanted,
      )
    }),
  )
  return { rows, heldOut: heldOut.toSorted((left, right) => (left.id < right.id ? -1 : 1)) }
}

function isUsable(
  { task, lang, prompt, response }: TrainingRecord,
  tasks: readonly Task[],
  languages: readonly string[],
): boolean {
  if (!tasks.includes(task) || !languages.includes(lang)) return false
  // A benign row with an answer is still a prompt; one of another task is judged with it.
  if (response !== null && task === 'toxicity') return false
  const { length } = prompt.trim()
  return length >= SHORTEST && length <= LONGEST
}

function seedRow(record: TrainingRecord, id: string): SeedRow {
  const { task, prompt, lang, label, categories, source, licence } = record
  const targets = targetsOfRecord(record)
  return { ...{ id, text: prompt.trim(), language: lang, label, task, categories }, ...{ targets, source, licence } }
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
