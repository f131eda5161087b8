/**
 * Puts the generators together: rows by language and generator, the same for the same seed, none twice.
 *
 * Each language and generator has its own random stream, so that leaving one out does not change the others.
 */
import { createHash } from 'node:crypto'
import { createRandom } from '../../nn/random.ts'
import type { TrainingRecord } from '../train/records.ts'
import { augmentRow } from './augment.ts'
import { benignAlarming } from './benign-alarming.ts'
import { benignWrapped } from './benign-wrapped.ts'
import { directInjection } from './direct-injection.ts'
import { indirectInjection, plantIn } from './indirect-injection.ts'
import { PHRASES } from './phrases/index.ts'
import { SYNTH_LANGUAGES, type SynthLanguage } from './phrases/phrases.ts'
import { refusal } from './refusal.ts'
import { inventName, type PayloadPool, type RowGenerator, type SynthContext } from './rows.ts'

export type GeneratorName = 'benign-alarming' | 'benign-wrapped' | 'direct-injection' | 'indirect-injection' | 'refusal'

export const GENERATORS: Readonly<Record<GeneratorName, RowGenerator>> = {
  'benign-alarming': benignAlarming,
  'benign-wrapped': benignWrapped,
  'direct-injection': directInjection,
  'indirect-injection': indirectInjection,
  refusal,
}

/** Share of a language's rows by generator. */
export const DEFAULT_MIX: Readonly<Record<GeneratorName, number>> = {
  'benign-alarming': 0.25,
  'benign-wrapped': 0.25,
  'direct-injection': 0.25,
  'indirect-injection': 0.15,
  refusal: 0.1,
}

export interface GenerateOptions {
  readonly seed: number
  /** Rows for each language. */
  readonly perLanguage: number
  /** Relative shares; a generator that is not named makes nothing. Default: `DEFAULT_MIX`. */
  readonly generators?: Partial<Readonly<Record<GeneratorName, number>>>
  readonly languages?: readonly SynthLanguage[]
  /** Data rows to wrap and to plant into. Without them there are no `prompt_harm` rows of label 1. */
  readonly payloads?: readonly TrainingRecord[]
  /** Share of rows whose surface is changed (see augment.ts). */
  readonly augmentRate?: number
}

/** Tries for each row wanted, before a generator counts as exhausted. */
const TRIES = 6

/** Rows in the order of languages and generators; a generator with too few different texts gives what it has. */
export function* generateSyntheticRows(options: GenerateOptions): Generator<TrainingRecord, void, undefined> {
  const { generators = DEFAULT_MIX, languages = SYNTH_LANGUAGES, payloads = [], perLanguage, seed } = options
  const shares = Object.entries(generators) as [GeneratorName, number][]
  const total = shares.reduce((sum, [, share]) => sum + share, 0)
  const poolOf = poolsByLanguage(payloads)
  const seen = new Set<string>()
  for (const lang of languages)
    for (const [name, share] of shares) {
      const wanted = Math.round((perLanguage * share) / total)
      yield* rowsOf(name, lang, wanted, seed, poolOf(lang), options.augmentRate ?? 0.35, seen)
    }
}

function* rowsOf(
  generator: GeneratorName,
  lang: SynthLanguage,
  wanted: number,
  seed: number,
  pool: PayloadPool,
  augmentRate: number,
  seen: Set<string>,
): Generator<TrainingRecord, void, undefined> {
  const random = createRandom(seedOf(`${seed}/${lang}/${generator}`))
  const others = SYNTH_LANGUAGES.filter((other) => other !== lang).map((other) => PHRASES[other])
  let made = 0
  for (let tries = 0; made < wanted && tries < wanted * TRIES; tries++) {
    const context: SynthContext = { lang, phrases: PHRASES[lang], others, random, pool, name: inventName(random) }
    for (const plain of GENERATORS[generator](context)) {
      const row = random() < augmentRate ? augmentRow(plain, { random }) : plain
      const key = createHash('sha256')
        .update(`${row.task}\n${row.prompt}\n${row.response ?? ''}`)
        .digest('base64')
      if (made >= wanted || seen.has(key)) continue
      seen.add(key)
      made++
      yield row
    }
  }
}

/** For each document of the data in a known language: one row with a planted instruction, one with words for people instead. */
export function* plantIntoDocuments(
  documents: readonly TrainingRecord[],
  seed: number,
): Generator<TrainingRecord, void, undefined> {
  const random = createRandom(seed)
  const pool: PayloadPool = { harmful: [], harmless: [], documents }
  for (const document of documents) {
    const lang = SYNTH_LANGUAGES.find((known) => known === document.lang)
    if (lang === undefined) continue
    const others = SYNTH_LANGUAGES.filter((other) => other !== lang).map((other) => PHRASES[other])
    yield* plantIn({ lang, phrases: PHRASES[lang], others, random, pool, name: inventName(random) }, document)
  }
}

const LONGEST_PAYLOAD = 800
const LONGEST_DOCUMENT = 8000

/** Payloads by language; a language without rows of a kind takes the English ones. */
function poolsByLanguage(payloads: readonly TrainingRecord[]): (lang: SynthLanguage) => PayloadPool {
  const short = payloads.filter(({ prompt }) => prompt.length > 0 && prompt.length <= LONGEST_PAYLOAD)
  const harmful = short.filter(({ task, label }) => task === 'prompt_harm' && label === 1)
  const harmless = short.filter(({ task, label }) => task === 'benign' || (task === 'prompt_harm' && label === 0))
  const documents = payloads.filter(
    ({ task, label, categories, prompt }) =>
      task === 'injection' && label === 0 && categories[0] === 'indirect' && prompt.length <= LONGEST_DOCUMENT,
  )
  const own = (rows: readonly TrainingRecord[], lang: string): readonly TrainingRecord[] => {
    const matching = rows.filter((row) => row.lang === lang)
    return matching.length > 0 ? matching : rows.filter((row) => row.lang === 'en')
  }
  return (lang) => ({ harmful: own(harmful, lang), harmless: own(harmless, lang), documents: own(documents, lang) })
}

function seedOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32LE(0)
}

export interface RowCount {
  readonly task: TrainingRecord['task']
  readonly lang: string
  readonly generator: string
  readonly negatives: number
  readonly positives: number
}

/** Rows by task, language and generator, with both labels counted. */
export function summariseRows(rows: Iterable<TrainingRecord>): readonly RowCount[] {
  const counts = new Map<string, RowCount>()
  for (const { task, lang, label, source } of rows) {
    const generator = (source.split(' < ')[0] ?? source).replace('parapet/lab:synth/', '')
    const key = `${task} ${lang} ${generator}`
    const count = counts.get(key) ?? { task, lang, generator, negatives: 0, positives: 0 }
    counts.set(
      key,
      label === 1 ? { ...count, positives: count.positives + 1 } : { ...count, negatives: count.negatives + 1 },
    )
  }
  return [...counts.values()]
}
