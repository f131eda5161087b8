/**
 * Invented training text from templates, for what the public sources lack: direct injections in twelve languages, harmless requests
 * of the same shape, harmless technical requests with violent verbs, and documents with a planted instruction.
 *
 * All of it is made here; nothing is quoted. It carries no harmful content: an injection is an instruction to drop instructions.
 */
import type { Example } from './examples.ts'
import { TEXT_OUTPUTS } from './examples.ts'
import type { RecordFile } from './records.ts'
import {
  ANSWERS,
  CALM,
  CARRIERS,
  EVERYDAY,
  EXTRACTIONS,
  GOALS,
  NOTES,
  OVERRIDES,
  PERSONAS,
  TECHNICAL,
} from './synthetic-phrases.ts'

type Random = () => number

/** Everything that is not an attack, as negatives. */
const CALM_TARGETS: Readonly<Record<string, 0 | 1>> = Object.fromEntries(
  TEXT_OUTPUTS.filter((output) => output !== 'injection_indirect').map((output) => [output, 0 as const]),
)

/** Invented examples, `count` of each kind, around harmless requests and documents of the files; none when there are no such. */
export function syntheticFrom(files: readonly RecordFile[], random: Random, count: number): readonly Example[] {
  const rows = files.flatMap((file) => file.records.map((record) => ({ file: file.name, record })))
  const requests = rows
    .filter(
      ({ file, record }) =>
        (record.task === 'benign' || record.task === 'offtopic') &&
        file !== 'xquad_benign' &&
        record.prompt.length < 300,
    )
    .map(({ record }) => record.prompt)
  const documents = rows
    .flatMap(({ file, record }) => {
      if (record.task === 'refusal') return record.label === 0 ? [record.response ?? ''] : []
      return ['xquad_benign', 'presidio_pii', 'benign_misc'].includes(file) ? [record.prompt] : []
    })
    .map((text) => text.slice(0, 1500))
    .filter((text) => text.length > 80)
  if (count === 0 || requests.length === 0 || documents.length === 0) return []
  return syntheticExamples({ random, requests, documents, count })
}

export interface SyntheticOptions {
  readonly random: Random
  /** Harmless user requests of the training data, as carriers. */
  readonly requests: readonly string[]
  /** Harmless documents of the training data. */
  readonly documents: readonly string[]
  /** How many of each kind. */
  readonly count: number
}

/** Examples of every kind, `count` each. */
export function syntheticExamples({ random, requests, documents, count }: SyntheticOptions): readonly Example[] {
  const examples: Example[] = []
  const add = (group: string, text: string, targets: Example['targets']): void => {
    examples.push({ text: disguise(text, random), targets, weight: 1, group: `synthetic-${group}` })
  }
  for (let index = 0; index < count; index++) {
    const request = pick(requests, random)
    const document = pick(documents, random)
    const attack = attackText(random)
    add('attack', random() < 0.5 ? join(attack, request, random) : attack, { injection_direct: 1 })
    add('calm', calmText(random, request), CALM_TARGETS)
    add('everyday', fill(pick(EVERYDAY, random), random), CALM_TARGETS)
    const answer = fill(pick(ANSWERS, random), random)
    examples.push({
      response: answer,
      prompt: request,
      targets: { response_harm: 0, refusal: 0 },
      weight: 1,
      group: 'synthetic-answer',
    })
    add('technical', fill(pick(TECHNICAL, random), random), CALM_TARGETS)
    const instruction = random() < 0.6 ? pick(NOTES, random)(pick(GOALS, random)) : attack
    add('planted', plant(document, instruction, random), { injection_indirect: 1 })
    const clean = { injection_indirect: 0, toxicity: 0, injection_direct: 0 } as const
    add('document', document, clean)
  }
  return examples
}

function attackText(random: Random): string {
  const languages = Object.keys(OVERRIDES)
  const language = random() < 0.5 ? 'en' : pick(languages, random)
  const override = fill(pick(OVERRIDES[language] ?? [], random), random)
  const kind = random()
  if (kind < 0.35) return `${override} ${fill(pick(EXTRACTIONS[language] ?? EXTRACTIONS['en'] ?? [], random), random)}`
  if (kind < 0.55) return fill(pick(PERSONAS, random), random)
  if (kind < 0.7) return fill(pick(EXTRACTIONS[language] ?? EXTRACTIONS['en'] ?? [], random), random)
  return random() < 0.5 ? override : `${override} ${pick(GOALS, random)}`
}

function calmText(random: Random, request: string): string {
  const calm = fill(pick(CALM, random), random)
  return random() < 0.3 ? join(calm, request, random) : calm
}

function join(first: string, second: string, random: Random): string {
  const [before, after] = random() < 0.5 ? [first, second] : [second, first]
  return `${before}${pick(CARRIERS, random)}${after}`
}

/** Puts a sentence at the start, at the end or between two sentences of a document. */
function plant(document: string, sentence: string, random: Random): string {
  const at = document.indexOf('. ', Math.floor(random() * document.length))
  if (random() < 0.2) return `${sentence}\n${document}`
  return at < 0 ? `${document}\n${sentence}` : `${document.slice(0, at + 2)}${sentence} ${document.slice(at + 2)}`
}

/** Replaces `{a|b|c}` by one of its choices. */
function fill(template: string, random: Random): string {
  return template.replaceAll(/\{([^{}]*)\}/g, (_whole, choices: string) => pick(choices.split('|'), random))
}

/** Now and then another case, spacing or punctuation, on both labels alike. */
function disguise(text: string, random: Random): string {
  const roll = random()
  if (roll < 0.08) return text.toUpperCase()
  if (roll < 0.16) return text.toLowerCase()
  if (roll < 0.2) return text.replaceAll(/[.,!?]/g, '')
  if (roll < 0.23) return text.replaceAll('o', '0').replaceAll('e', '3')
  return text
}

function pick<T>(list: readonly T[], random: Random): T {
  const item = list[Math.floor(random() * list.length)]
  if (item === undefined) throw new RangeError('cannot pick from an empty list')
  return item
}
