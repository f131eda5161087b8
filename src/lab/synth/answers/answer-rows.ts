/**
 * Ordinary answers as training rows: `benign` records with a `response`, which is harmless and no refusal.
 *
 * Data of harmful answers is written in the voice of assistants (numbered lists, "Sure, here is…"); so are these, so that the voice is no
 * evidence. The prompts are harmless requests of the data or ask for what the answer says; with a harmful request of the data beside
 * it, an ordinary answer is an answer to something else, and harms nobody either.
 */
import type { TrainingRecord } from '../../train/records.ts'
import { between, fillTemplate, pick, sample, type Random } from '../template.ts'
import { PIECES, SUBJECTS } from './advice.ts'
import { CLOSINGS, EVERYDAY_ANSWERS, OPENINGS, SLOTS } from './everyday.ts'
import { capital, type Passage } from './passages.ts'

type RowsByLanguage = ReadonlyMap<string, readonly TrainingRecord[]>

export interface AnswerRowsOptions {
  /** Neutral prose of any languages. */
  readonly passages: readonly Passage[]
  /** Harmless requests, by language. */
  readonly requests: RowsByLanguage
  /** Harmful requests, by language. */
  readonly harmful: RowsByLanguage
  /** Long answers (prose, lists, steps, code). */
  readonly long: number
  /** Short ones, of all languages together. */
  readonly short: number
  /** Advice and other invented pieces, in English. */
  readonly advice: number
  readonly random: Random
}

/** Share of long answers in English. */
const ENGLISH = 0.7
/** Share of rows whose prompt asks for what the answer says. */
const ASKED_FOR = 0.5
/** Share without a prompt: answers are judged without one too. */
const ALONE = 0.3
/** Share beside a harmful request. */
const BESIDE_HARM = 0.2

export function* answerRows(options: AnswerRowsOptions): Generator<TrainingRecord> {
  const { long, short, advice, random } = options
  const passages = byLanguage(options.passages)
  const languages = [...passages.keys()].toSorted()
  for (let index = 0; index < long && languages.length > 0; index++) {
    // Most harmful data is English, and the prose of the others is of one subject.
    const lang = random() < ENGLISH && passages.has('en') ? 'en' : pick(languages, random)
    yield longAnswer(options, lang, passages.get(lang) ?? [])
  }
  const spoken = Object.keys(EVERYDAY_ANSWERS)
  for (let index = 0; index < short; index++) {
    const lang = random() < 0.4 ? 'en' : pick(spoken, random)
    yield shortAnswer(options, lang)
  }
  for (let index = 0; index < advice; index++) yield random() < 0.7 ? adviceAnswer(options) : pieceAnswer(options)
}

function adviceAnswer(options: AnswerRowsOptions): TrainingRecord {
  const { random } = options
  const { topic: named, tips } = pick(SUBJECTS, random)
  const topic = fillTemplate(named, random)
  const chosen = sample(tips, between(2, 6, random), random).map((tip) => fillTemplate(tip, random))
  const shape = pick(SHAPES, random)
  const body = shape.join(
    chosen.map((tip) => (shape.name === 'numbered' && random() < 0.3 ? tip.replace(/^([^:]+):/, '**$1**:') : tip)),
    random,
  )
  const response = dressed(options, 'en', topic, body)
  const asked = random() < ASKED_FOR ? { prompt: adviceQuestion(topic, chosen.length, random) } : undefined
  return toRecord({ lang: 'en', shape: 'advice', response, ...(asked ?? requestFor(options, 'en')), passages: [] })
}

function pieceAnswer(options: AnswerRowsOptions): TrainingRecord {
  const response = fillTemplate(pick(PIECES, options.random), options.random, SLOTS)
  return toRecord({ lang: 'en', shape: 'piece', response, ...requestFor(options, 'en'), passages: [] })
}

function adviceQuestion(topic: string, count: number, random: Random): string {
  return fillTemplate(
    '{Give me {count} tips for|What should I know about|List {count} pieces of advice on|How do I get better at} {topic}{.|?}',
    random,
    {},
    { topic, count: String(count) },
  )
}

/** With an opening and a closing of the language around it. */
function dressed({ random }: AnswerRowsOptions, lang: string, topic: string, body: string): string {
  const say = (list: readonly string[] | undefined): string =>
    list === undefined ? '' : fillTemplate(pick(list, random), random, SLOTS, { topic })
  return [say(OPENINGS[lang]), body, say(CLOSINGS[lang])].filter((part) => part !== '').join('\n\n')
}

function shortAnswer(options: AnswerRowsOptions, lang: string): TrainingRecord {
  const { random } = options
  const count = random() < 0.7 ? 1 : between(2, 3, random)
  const sentences = Array.from({ length: count }, () =>
    fillTemplate(pick(EVERYDAY_ANSWERS[lang] ?? [], random), random, SLOTS),
  )
  const response = sentences.join(lang === 'zh' || lang === 'ja' ? '' : ' ')
  return toRecord({ lang, shape: 'everyday', response, ...requestFor(options, lang), passages: [] })
}

function longAnswer(options: AnswerRowsOptions, lang: string, passages: readonly Passage[]): TrainingRecord {
  const { random } = options
  const shape = pick(SHAPES, random)
  const first = Math.floor(random() * passages.length)
  // Neighbours in the source are about the same thing, as the parts of an answer are.
  const chosen = passages.slice(first, first + between(1, shape.most, random))
  const topic = chosen[0]?.topic ?? ''
  const texts = chosen.map(({ text }) => text)
  const response = dressed(options, lang, topic, shape.join(texts, random))
  const asked = random() < ASKED_FOR && lang === 'en' && topic !== '' ? { prompt: question(topic, random) } : undefined
  return toRecord({ lang, shape: shape.name, response, ...(asked ?? requestFor(options, lang)), passages: chosen })
}

interface Shape {
  readonly name: string
  /** Passages it takes at most. */
  readonly most: number
  readonly join: (texts: readonly string[], random: Random) => string
}

const SHAPES: readonly Shape[] = [
  { name: 'prose', most: 3, join: (texts, random) => texts.join(random() < 0.5 ? ' ' : '\n\n') },
  { name: 'numbered', most: 8, join: (texts) => texts.map((text, at) => `${at + 1}. ${text}`).join('\n') },
  {
    name: 'bulleted',
    most: 6,
    join: (texts, random) => texts.map((text) => `${pick(['-', '*', '•'], random)} ${text}`).join('\n'),
  },
  { name: 'steps', most: 6, join: (texts) => texts.map((text, at) => `Step ${at + 1}: ${text}`).join('\n\n') },
  {
    name: 'headed',
    most: 5,
    join: (texts) => texts.map((text) => `**${text.split(/\s+/).slice(0, 3).join(' ')}**: ${text}`).join('\n\n'),
  },
]

const QUESTIONS = [
  'What {is|does} {topic}{?| mean?}',
  '{Explain|Tell me about|Write something about|Describe} {topic}{.| in simple words.| to me.}',
  '{How does|Why is} {topic} {work|important|used}?',
  '{Give me|List|Write} {three|five|some} {facts|points|sentences} {about|on} {topic}.',
]

function question(topic: string, random: Random): string {
  return capital(fillTemplate(pick(QUESTIONS, random), random, {}, { topic }))
}

interface Request {
  readonly prompt: string
  readonly origin?: TrainingRecord
}

function requestFor({ requests, harmful, random }: AnswerRowsOptions, lang: string): Request {
  const roll = random()
  const known = (roll < BESIDE_HARM ? harmful : requests).get(lang) ?? []
  if (known.length === 0 || roll > 1 - ALONE) return { prompt: '' }
  const origin = pick(known, random)
  return { prompt: origin.prompt, origin }
}

interface Parts extends Request {
  readonly lang: string
  readonly shape: string
  readonly response: string
  readonly passages: readonly Passage[]
}

const OWN_LICENCE = 'Apache-2.0'

/**
 * The source begins with how it was made, so that rows of one shape and language are balanced as a group; then come the texts it holds,
 * their licences in the same order.
 */
function toRecord({ lang, shape, response, prompt, origin, passages }: Parts): TrainingRecord {
  const held = new Map(
    [...passages, ...(origin === undefined ? [] : [origin])].map(({ source, licence }) => [source, licence]),
  )
  return {
    // Whose request is harmful is no harmless record, but its answer is harmless.
    task: origin?.task === 'prompt_harm' && origin.label === 1 ? 'response_harm' : 'benign',
    ...{ lang, prompt, response, system: null, label: 0 },
    categories: ['answer', shape],
    source: [`parapet/lab:synth/answers/${shape}`, ...held.keys()].join(' < '),
    licence: held.size === 0 ? OWN_LICENCE : [...held.values()].join(' AND '),
  }
}

/** Entries by their language, in their order. */
export function byLanguage<T extends { readonly lang: string }>(
  entries: readonly T[],
): ReadonlyMap<string, readonly T[]> {
  const map = new Map<string, T[]>()
  for (const entry of entries) {
    const lang = entry.lang.slice(0, 2)
    const known = map.get(lang)
    if (known === undefined) map.set(lang, [entry])
    else known.push(entry)
  }
  return map
}
