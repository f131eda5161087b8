/**
 * What the passage model learns from: units and pairs of units of documents, with and without an attack.
 *
 * Positive are planted sentences (found by comparing a document with its clean form) and every request to an assistant: what is harmless
 * in a chat is an attack where it stands in a document. Negative are passages of clean documents, answers and what people write to
 * each other.
 */
import { createRandom } from '../../nn/random.ts'
import { unitEnds } from '../../nn/text-units.ts'
import { inventAssistantRequest } from '../synth/assistant-requests.ts'
import { generateSyntheticRows } from '../synth/generate.ts'
import { SYNTH_LANGUAGES } from '../synth/phrases/phrases.ts'
import type { RecordFile, TrainingRecord } from './records.ts'

/** One or two neighbouring units of a text. */
export interface PassageExample {
  readonly text: string
  /** Ends of its units; the first begins at `start`. */
  readonly start: number
  readonly ends: readonly number[]
  readonly label: 0 | 1
  /** Origin and label, for balancing. */
  readonly group: string
}

export interface PassageOptions {
  readonly files: readonly RecordFile[]
  readonly seed: number
  /** Invented requests and documents: so many of each. */
  readonly synthetic: number
  /** Texts that take no part. */
  readonly isHeldOut: (text: string) => boolean
}

/** Beginnings of texts that are looked at. */
const LONGEST = 3000
const LONGEST_REQUEST = 1500
/** Share of the passages of a text that is kept, by kind: they are many, and much alike. */
const KEPT = { document: 1, answer: 0.25, talk: 0.3 } as const
/** Share of translated rows that is looked at: they are as many as all others. */
const TRANSLATED = 0.3
/** A unit counts as planted when it is mostly that, or holds most of it. */
const MOSTLY = 0.6
const HOLDS = 0.8
/** Characters around what is planted that are cut into units. */
const AROUND = 400

type Random = () => number

export function* passageExamples(options: PassageOptions): Generator<PassageExample, void, undefined> {
  const { files, seed, synthetic, isHeldOut } = options
  const random = createRandom(seed)
  for (const { name, records } of files) {
    const kept = records.filter(({ prompt }) => !isHeldOut(prompt))
    yield* documentsOf(name, kept, random)
    const seen = new Set<string>()
    for (const record of kept) yield* textsOf(name, record, random, seen)
  }
  if (synthetic > 0) yield* invented(synthetic, seed)
}

function* textsOf(
  file: string,
  { task, label, prompt, response, categories, source }: TrainingRecord,
  random: Random,
  seen: Set<string>,
): Generator<PassageExample, void, undefined> {
  const isTranslated = source.includes('parapet/lab:translate')
  if (isTranslated && random() >= TRANSLATED) return
  const name = isTranslated ? 'translated' : file
  if (isRequest(task, categories) && isNew(prompt, seen)) yield* request(`${name}/${label}`, prompt)
  if (task === 'toxicity' || task === 'pii') {
    if (isNew(prompt, seen)) yield* clean(`${name}/talk`, prompt, KEPT.talk, random)
  }
  // Answers take no orders and give none.
  if (response !== null && isNew(response, seen)) yield* clean(`${name}/answer`, response, KEPT.answer, random)
}

function isRequest(task: TrainingRecord['task'], categories: readonly string[]): boolean {
  if (task === 'injection') return categories[0] !== 'indirect'
  return task === 'benign' || task === 'offtopic' || task === 'agent' || task === 'prompt_harm'
}

function isNew(text: string, seen: Set<string>): boolean {
  return text !== '' && seen.size < seen.add(text).size
}

/** Indirect injections of a file and its clean documents. */
function* documentsOf(
  file: string,
  records: readonly TrainingRecord[],
  random: Random,
): Generator<PassageExample, void, undefined> {
  const documents = records.filter(({ task, categories }) => task === 'injection' && categories[0] === 'indirect')
  const cleanOf = new Map<string | null, string[]>()
  for (const { label, system, prompt, categories } of documents) {
    if (label === 1) continue
    const known = cleanOf.get(system) ?? []
    known.push(prompt)
    cleanOf.set(system, known)
    yield* clean(`${file}/${categories.at(-1) ?? ''}`, prompt, KEPT.document, random)
  }
  const inserts = new Set<string>()
  for (const { label, system, prompt } of documents) {
    if (label === 0) continue
    const place = insertedInto(prompt, cleanOf.get(system) ?? [])
    if (place === null) continue
    yield* planted(`${file}/planted`, prompt, ...place)
    const insert = prompt.slice(...place).trim()
    if (isNew(insert, inserts)) yield* request(`${file}/insert`, insert)
  }
}

/** Where a text has more than one of the clean ones; null where none is its clean form. */
export function insertedInto(text: string, cleans: readonly string[]): readonly [from: number, to: number] | null {
  for (const one of cleans) {
    const most = Math.min(text.length, one.length)
    let from = 0
    while (from < most && text[from] === one[from]) from += 1
    let after = 0
    while (after < most - from && text[text.length - 1 - after] === one[one.length - 1 - after]) after += 1
    // A blank at the seam may be another.
    if (from + after >= one.length - 2 && text.length - after > from)
      return fromWordStart(text, from, text.length - after)
  }
  return null
}

/** The same insertion, begun where a word does if it can be: what it shares with the text behind it could belong to either. */
function fromWordStart(text: string, from: number, to: number): readonly [from: number, to: number] {
  for (let moved = 0; moved <= from; moved += 1) {
    if (moved === from || /\s/.test(text[from - moved - 1] ?? '')) return [from - moved, to - moved]
    if (text[from - moved - 1] !== text[to - moved - 1]) break
  }
  return [from, to]
}

/** All units and pairs of a clean text, or a share of them. */
function* clean(
  group: string,
  text: string,
  share: number,
  random: Random,
): Generator<PassageExample, void, undefined> {
  const ends = unitEnds(text, Math.min(text.length, LONGEST))
  for (let index = 0; index < ends.length; index += 1) {
    if (random() < share) yield passage(`${group}/0`, 0, text, ends, index, index)
    if (index > 0 && random() < share) yield passage(`${group}-pair/0`, 0, text, ends, index - 1, index)
  }
}

/** Units and pairs that hold what is planted. */
function* planted(group: string, whole: string, from: number, to: number): Generator<PassageExample, void, undefined> {
  const cut = Math.max(0, from - AROUND)
  const text = whole.slice(cut, to + AROUND)
  const ends = unitEnds(text)
  const holds = ends.map((end, index) => {
    const start = ends[index - 1] ?? 0
    const shared = Math.min(end, to - cut) - Math.max(start, from - cut)
    return shared > MOSTLY * (end - start) || shared >= HOLDS * (to - from)
  })
  for (let index = 0; index < ends.length; index += 1) {
    if (holds[index] === true) yield passage(`${group}/1`, 1, text, ends, index, index)
    if (index > 0 && (holds[index] === true || holds[index - 1] === true))
      yield passage(`${group}-pair/1`, 1, text, ends, index - 1, index)
  }
}

/** How a request begins and ends; what lies between need not be one. */
function* request(group: string, text: string): Generator<PassageExample, void, undefined> {
  const ends = unitEnds(text, Math.min(text.length, LONGEST_REQUEST))
  const last = ends.length - 1
  if (last < 0) return
  yield passage(`${group}/request`, 1, text, ends, 0, 0)
  if (last > 0) yield passage(`${group}/request`, 1, text, ends, 0, 1)
  if (last > 1) yield passage(`${group}/request`, 1, text, ends, last - 1, last)
}

function* invented(count: number, seed: number): Generator<PassageExample, void, undefined> {
  const random = createRandom(seed + 1)
  const perLanguage = Math.ceil(count / SYNTH_LANGUAGES.length)
  for (const lang of SYNTH_LANGUAGES)
    for (let index = 0; index < perLanguage; index += 1)
      yield* request(`invented-${lang === 'en' ? 'en' : 'other'}`, inventAssistantRequest(lang, random))
  const rows = [...generateSyntheticRows({ seed, perLanguage, generators: { 'indirect-injection': 1 } })]
  yield* documentsOf('invented', rows, random)
}

function passage(
  group: string,
  label: 0 | 1,
  text: string,
  ends: readonly number[],
  first: number,
  last: number,
): PassageExample {
  const start = first === 0 ? 0 : (ends[first - 1] ?? 0)
  return { text, start, ends: ends.slice(first, last + 1), label, group }
}
