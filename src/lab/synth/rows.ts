/**
 * What every generator works with: the phrases of a language, a random stream, rows of the data as payloads; and how a row is made.
 *
 * A row that holds a payload keeps that payload's licence and names its source, so that a manifest stays true.
 */
import type { TrainingRecord } from '../train/records.ts'
import type { Phrases, SynthLanguage } from './phrases/phrases.ts'
import { between, fillTemplate, pick, type Random } from './template.ts'

/** Data rows by use, for one language. Empty lists are allowed: then nothing but invented text is made. */
export interface PayloadPool {
  /** `prompt_harm` rows of label 1: the only harmful text the generators ever use. */
  readonly harmful: readonly TrainingRecord[]
  readonly harmless: readonly TrainingRecord[]
  /** Clean documents (`injection` rows of label 0 that start with `indirect`). */
  readonly documents: readonly TrainingRecord[]
}

export interface SynthContext {
  readonly lang: SynthLanguage
  readonly phrases: Phrases
  /** Phrases of the other languages, for language switching. */
  readonly others: readonly Phrases[]
  readonly random: Random
  readonly pool: PayloadPool
  /** An invented proper name, the same throughout one row. */
  readonly name: string
}

/** One or more rows; where there are several, they share their frame and differ in what decides the label. */
export type RowGenerator = (context: SynthContext) => readonly TrainingRecord[]

/** A request with the data row it came from, if any. */
export interface Payload {
  readonly text: string
  readonly origin?: TrainingRecord
}

export interface RowParts {
  readonly generator: string
  readonly task: TrainingRecord['task']
  readonly label: 0 | 1
  readonly prompt: string
  readonly response?: string
  readonly system?: string
  readonly categories: readonly string[]
  readonly origins?: readonly (TrainingRecord | undefined)[]
}

const OWN_LICENCE = 'Apache-2.0'

export function toRow({ lang }: SynthContext, parts: RowParts): TrainingRecord {
  const origins = (parts.origins ?? []).filter((origin) => origin !== undefined)
  const licences = new Set(origins.map(({ licence }) => licence))
  return {
    task: parts.task,
    lang,
    prompt: parts.prompt,
    response: parts.response ?? null,
    system: parts.system ?? null,
    label: parts.label,
    categories: parts.categories,
    source: [`parapet/lab:synth/${parts.generator}`, ...origins.map(({ source }) => source)].join(' < '),
    licence: licences.size === 0 ? OWN_LICENCE : [...licences].join(' AND '),
  }
}

/** Fills a template with the language's slots and the row's name. */
export function say(
  context: SynthContext,
  template: string,
  given: Readonly<Record<string, string>> = {},
  phrases: Phrases = context.phrases,
): string {
  const { random, name } = context
  return fillTemplate(template, random, phrases.slots, { name, ...given })
}

/** One of a phrase list, filled. */
export function sayOne(
  context: SynthContext,
  list: readonly string[],
  given: Readonly<Record<string, string>> = {},
): string {
  return say(context, pick(list, context.random), given)
}

const UNSPACED: ReadonlySet<string> = new Set(['zh', 'ja'])

/** Joins sentences as the language does. */
export function joinSentences({ lang }: SynthContext, sentences: readonly string[]): string {
  return sentences.filter((sentence) => sentence !== '').join(UNSPACED.has(lang) ? '' : ' ')
}

/** Joins parts by a space or by one or two line breaks, the same for both labels. */
export function joinParts(context: SynthContext, parts: readonly string[]): string {
  const roll = context.random()
  if (roll < 0.5) return joinSentences(context, parts)
  return parts.filter((part) => part !== '').join(roll < 0.75 ? '\n' : '\n\n')
}

/** An invented harmless request: with alarming words more often than not. */
export function inventRequest(context: SynthContext): string {
  const { dangers, alarming, everyday } = context.phrases
  const roll = context.random()
  return sayOne(context, roll < 0.35 ? dangers : roll < 0.65 ? alarming : everyday)
}

/** A harmless request, invented or from the data. */
export function harmlessPayload(context: SynthContext): Payload {
  const { random, pool } = context
  if (pool.harmless.length === 0 || random() < 0.5) return { text: inventRequest(context) }
  const origin = pick(pool.harmless, random)
  return { text: origin.prompt, origin }
}

/** A harmful request of the data, or none where the pool has none. */
export function harmfulPayload({ random, pool }: SynthContext): Payload | undefined {
  if (pool.harmful.length === 0) return undefined
  const origin = pick(pool.harmful, random)
  return { text: origin.prompt, origin }
}

/** Puts openers, fillers and closers around a text, now and then. */
export function dress(context: SynthContext, text: string): string {
  const { random, phrases } = context
  const before = [
    ...(random() < 0.35 ? [sayOne(context, phrases.openers)] : []),
    ...(random() < 0.15 ? [sayOne(context, phrases.fillers)] : []),
  ]
  const after = [
    ...(random() < 0.1 ? [sayOne(context, phrases.fillers)] : []),
    ...(random() < 0.3 ? [sayOne(context, phrases.closers)] : []),
  ]
  return joinParts(context, [...before, text, ...after])
}

const SYLLABLES = [
  'ka',
  'lo',
  'mi',
  'ver',
  'zan',
  'tri',
  'no',
  'bel',
  'dor',
  'su',
  'phe',
  'rix',
  'ul',
  'ta',
  'qui',
  'mor',
  'ae',
  'jin',
]
const SUFFIXES = ['', '', '', 'Bot', 'GPT', 'AI', 'X', '-7', '-Prime', '2']

/** A name nobody has, so that no name decides a label. */
export function inventName(random: Random): string {
  const stem = Array.from({ length: between(2, 3, random) }, () => pick(SYLLABLES, random)).join('')
  return `${stem.charAt(0).toUpperCase()}${stem.slice(1)}${pick(SUFFIXES, random)}`
}
