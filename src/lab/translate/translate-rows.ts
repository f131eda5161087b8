/**
 * Makes training rows of other languages out of English ones: same task, label and categories, translated texts. The label is taken
 * over, not judged again; that is why a row whose translation is still half English is dropped.
 *
 * The output grows by whole chunks (each one gzip member), and a file beside it says how far it got: the same command again goes on
 * there. Not here: the translators themselves (`apertium.ts`, `word-by-word.ts`).
 */
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { ParapetError } from '../../spec/index.ts'
import type { Task, TrainingRecord } from '../train/records.ts'
import type { Translation } from './apertium.ts'

/** One way into one language. */
export interface Translator {
  readonly language: string
  /** Program or lexicon, for the row's source: `apertium`, `words`. */
  readonly way: string
  translate(texts: readonly string[], signal?: AbortSignal): Promise<readonly Translation[]>
}

export interface SampleOptions {
  /** Rows per task and label; a task that is not named gives none. */
  readonly perTask: ReadonlyMap<Task, number>
  readonly seed: number
}

/** Texts longer than this many characters are cut after a sentence. */
export const LONGEST_TEXT = 1500

/**
 * English rows for translation: at most so many per task and label, chosen by a hash of seed and row, so that any order of the files
 * gives the same choice. Rows that hold code or addresses only are not taken.
 */
export function sampleRows(rows: readonly TrainingRecord[], options: SampleOptions): readonly TrainingRecord[] {
  const groups = new Map<string, { key: string; row: TrainingRecord }[]>()
  for (const row of rows) {
    if (row.lang !== 'en' || !options.perTask.has(row.task) || !isProse(row.prompt)) continue
    const group = `${row.task} ${row.label}`
    const key = createHash('sha256')
      .update(`${options.seed}\0${row.task}\0${row.source}\0${row.system ?? ''}\0${row.prompt}\0${row.response ?? ''}`)
      .digest('hex')
    const list = groups.get(group)
    if (list === undefined) groups.set(group, [{ key, row }])
    else list.push({ key, row })
  }
  const chosen = [...groups.values()].flatMap((group) => {
    const limit = options.perTask.get(group[0]?.row.task ?? 'benign') ?? 0
    return group.toSorted((left, right) => (left.key < right.key ? -1 : 1)).slice(0, limit)
  })
  // Mixed, so that a part of the file is a fair sample of the whole.
  return chosen.toSorted((left, right) => (left.key < right.key ? -1 : 1)).map(({ row }) => row)
}

/** Whether at least half of a text's characters are prose: not an address, not a fenced block, not brackets, digits and signs. */
export function isProse(text: string): boolean {
  const prose = text
    .replaceAll(/```[\s\S]*?(?:```|$)/g, ' ')
    .replaceAll(/\b(?:https?|ftp):\/\/\S+|\bwww\.\S+/g, ' ')
    .replaceAll(/[^\p{L}\p{M}\s]/gu, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
  return prose.length >= 2 && prose.length >= text.trim().length / 2
}

/** `text`, or its first sentences up to `limit` characters; a longer first sentence is cut after a word. */
export function cutAtSentence(text: string, limit: number = LONGEST_TEXT): string {
  if (text.length <= limit) return text
  const head = text.slice(0, limit)
  const end = Math.max(...['. ', '! ', '? ', '.\n', '!\n', '?\n', '\n\n'].map((mark) => head.lastIndexOf(mark)))
  if (end > 0) return head.slice(0, end + 1).trimEnd()
  const space = head.lastIndexOf(' ')
  return space > 0 ? head.slice(0, space) : head
}

export interface RowCounts {
  readonly read: number
  readonly written: number
  readonly dropped: number
  readonly words: number
  readonly unknown: number
}

export interface TranslateRowsOptions {
  /** Share of words that must have a translation; default 0.6. */
  readonly minimumKnown?: number
  readonly signal?: AbortSignal
}

/** The rows in the translator's language, without those whose translation holds too much English. */
export async function translateRows(
  rows: readonly TrainingRecord[],
  translator: Translator,
  options: TranslateRowsOptions = {},
): Promise<{ readonly rows: readonly TrainingRecord[]; readonly counts: RowCounts }> {
  const texts = rows.flatMap(({ prompt, response, system }) => [prompt, response ?? '', system ?? ''])
  const translated = await translator.translate(
    texts.map((text) => cutAtSentence(text)),
    options.signal,
  )
  if (translated.length !== texts.length)
    throw new ParapetError(
      'internal',
      `Translator ${translator.way} gave ${translated.length} of ${texts.length} texts.`,
    )
  const minimum = options.minimumKnown ?? 0.6
  const kept: TrainingRecord[] = []
  let words = 0
  let unknown = 0
  rows.forEach((row, index) => {
    const parts = translated.slice(3 * index, 3 * index + 3)
    const [prompt, response, system] = parts
    words += parts.reduce((sum, part) => sum + part.words, 0)
    unknown += parts.reduce((sum, part) => sum + part.unknown, 0)
    const good = parts.every((part) => part.words === 0 || part.unknown <= (1 - minimum) * part.words)
    if (prompt === undefined || prompt.text.trim() === '' || !good) return
    kept.push({
      ...row,
      lang: translator.language,
      prompt: prompt.text,
      response: row.response === null ? null : (response?.text ?? ''),
      system: row.system === null ? null : (system?.text ?? ''),
      source: `${row.source}+parapet/lab:translate/${translator.way}/${translator.language}`,
    })
  })
  const counts = { read: rows.length, written: kept.length, dropped: rows.length - kept.length, words, unknown }
  return { rows: kept, counts }
}

/** How far an output file got. `fingerprint` names rows, languages and settings; another run may not go on in the same file. */
interface Progress {
  readonly fingerprint: string
  readonly chunks: number
  readonly bytes: number
}

/**
 * An output file that grows by chunks. `append` writes one and notes it; after a broken run, what was not noted is cut off.
 *
 * Throws `conflict` when the file belongs to another run.
 */
export function openOutput(path: string, fingerprint: string): Output {
  const note = `${path}.progress`
  let progress: Progress = { fingerprint, chunks: 0, bytes: 0 }
  if (existsSync(note)) {
    progress = JSON.parse(readFileSync(note, 'utf8')) as Progress
    if (progress.fingerprint !== fingerprint)
      throw new ParapetError(
        'conflict',
        `${path} was begun with other rows or options. Give another --out, or remove it and ${note}.`,
      )
    truncateSync(path, progress.bytes)
  } else if (existsSync(path))
    throw new ParapetError('conflict', `${path} exists and is complete. Give another --out or remove it.`)
  else writeFileSync(path, '')
  return {
    done: () => progress.chunks,
    append(rows) {
      const bytes = gzipSync(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
      appendFileSync(path, bytes)
      progress = { fingerprint, chunks: progress.chunks + 1, bytes: progress.bytes + bytes.length }
      writeFileSync(`${note}.new`, JSON.stringify(progress))
      renameSync(`${note}.new`, note)
    },
    finish: () => rmSync(note, { force: true }),
  }
}

export interface Output {
  /** Chunks that are already in the file. */
  done(): number
  append(rows: readonly TrainingRecord[]): void
  /** The file is complete. */
  finish(): void
}
