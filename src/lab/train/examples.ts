/**
 * From records to what the trainer learns from: texts with targets for the heads they say something about. A head that a record
 * says nothing about is left alone (masked), not taken for negative.
 */
import { hazardsOfCategories } from './hazard-map.ts'
import type { TrainingRecord } from './records.ts'

/** Outputs of the text model, applied to prompts, documents and (toxicity) responses. */
export const TEXT_OUTPUTS: readonly string[] = [
  ...['prompt_harm', 'injection_direct', 'injection_indirect', 'toxicity'],
  ...Array.from({ length: 13 }, (_, index) => `S${index + 1}`),
]
/** Outputs of the response model; `response_harm` also sees the prompt. */
export const RESPONSE_OUTPUTS: readonly string[] = ['response_harm', 'refusal']

export interface Example {
  /** Judged by the text model. */
  readonly text?: string
  /** Judged by the response model, `prompt` beside it. */
  readonly response?: string
  readonly prompt?: string
  /** Two letters; absent where it is mixed or unknown. */
  readonly language?: string
  /** Head to target; absent heads are masked. */
  readonly targets: Readonly<Record<string, 0 | 1>>
  /** Head to what the deep tier makes of it, a probability; absent where it was not asked. */
  readonly teacher?: Readonly<Record<string, number>>
  readonly weight: number
  /** File and label, for balancing. */
  readonly group: string
}

/** Harmless texts are no attack, not toxic, and in none of the hazard categories. */
const BENIGN: Readonly<Record<string, 0 | 1>> = Object.fromEntries(
  TEXT_OUTPUTS.filter((output) => output !== 'injection_indirect').map((output) => [output, 0 as const]),
)

/**
 * What a record teaches. Rows that were made in this repository are grouped by how they were made, task and language, whatever file
 * they stand in; all others by file and label.
 */
export function toExamples(record: TrainingRecord, file: string): readonly Example[] {
  const language = record.lang.slice(0, 2)
  const name = /parapet\/lab:/.test(record.source) ? originOf(record) : file
  return examplesOf(record, name).map((example) => ({ ...withJailbreakHarm(example), language }))
}

/** `…+parapet/lab:translate/words/de` of a toxicity row is `translate/words/de:toxicity:de`. */
function originOf({ source, task, lang }: TrainingRecord): string {
  // The last thing done to a row is a translation, or the first word of what invented it.
  const made = /\+parapet\/lab:(.*)/.exec(source)?.[1] ?? source.split(' < ')[0] ?? source
  const method = made.replace('parapet/lab:', '').split('/').slice(0, 3).join('/')
  return `${method}:${task}:${lang}`
}

/** Whether a row was translated here. */
export function isTranslated({ group }: Pick<Example, 'group'>): boolean {
  return group.startsWith('translate/')
}

/** Jailbreaks of the wild wrap harmful requests: files of them count as harmful prompts too. */
function withJailbreakHarm(example: Example): Example {
  if (example.targets['injection_direct'] !== 1 || !/jail|navirocker/.test(example.group)) return example
  return { ...example, targets: { ...example.targets, prompt_harm: 1 } }
}

/** Categories of toxic texts that make a prompt harmful, not only rude. */
const HARMFUL_TOXICITY =
  /sexually_explicit|threat|severe_toxicity|identity_attack|hateful|hate_|sghatecheck|race|gender|origin/

/** A text labelled for toxicity attacks no model; a clean one harms nobody, one that threatens or hates does. */
function toxicityTargets({ label, categories }: TrainingRecord): Example['targets'] {
  const harm: Example['targets'] =
    label === 0 ? { prompt_harm: 0 } : HARMFUL_TOXICITY.test(categories.join('|')) ? { prompt_harm: 1 } : {}
  return { toxicity: label, injection_direct: 0, ...harm, ...(label === 0 ? HARMLESS_TALK : knownHazards(categories)) }
}

/** Hazards that a text without toxicity is not. */
const HARMLESS_TALK = { S10: 0, S12: 0 } as const

/** A toxic text may be more than its label says: only the hazards that are named are known. */
function knownHazards(categories: readonly string[]): Example['targets'] {
  return Object.fromEntries([...hazardsOfCategories(categories)].map((hazard) => [hazard, 1 as const]))
}

function examplesOf(record: TrainingRecord, file: string): readonly Example[] {
  const group = `${file}/${record.label}`
  const { prompt } = record
  switch (record.task) {
    case 'prompt_harm':
      if (record.label === 0)
        return [{ text: prompt, targets: harmlessTargets(record), weight: HARD.test(file) ? HARD_WEIGHT : 1, group }]
      return [{ text: prompt, targets: { prompt_harm: 1, ...hazards(record) }, weight: 1, group }]
    case 'benign':
    case 'offtopic':
    case 'agent':
    case 'pii':
      return [...harmlessText(record, file), ...harmlessAnswer(record, file)]
    case 'injection':
      return [injectionExample(record, group)]
    case 'toxicity':
      return [{ text: prompt, targets: toxicityTargets(record), weight: 1, group }]
    case 'response_harm':
    case 'refusal': {
      const response = record.response ?? ''
      // Who refuses does no harm, nor who answers a harmless request.
      const implied: Readonly<Record<string, 0 | 1>> =
        record.task === 'refusal' && (record.label === 1 || HARMLESS_REQUESTS.test(file)) ? { response_harm: 0 } : {}
      const answer = {
        ...{ response, prompt, weight: 1, group: `${group}/${record.task}` },
        targets: { ...implied, [record.task]: record.label },
      }
      return record.task === 'response_harm' && record.label === 1
        ? [answer, ...hazardsOfAnswer(record, file)]
        : [answer]
    }
    default:
      return record.task satisfies never
  }
}

/** Answers in files of these names were given to harmless requests only. */
const HARMLESS_REQUESTS = /harmless_completions/

/** Harmless requests that sound harmful are few, and what users meet first when a guard is wrong. */
const HARD = /hard_negatives|benign-alarming/
const HARD_WEIGHT = 3

/** A harmless request inside a persona without rules does no harm, but the persona is an attack: nothing is said about injection. */
function harmlessTargets({ categories }: TrainingRecord): Example['targets'] {
  if (!categories.includes('jailbreak_shape')) return BENIGN
  const { injection_direct: _, ...rest } = BENIGN
  return rest
}

/** Ordinary answers stand beside requests that other rows teach already, or beside none. */
function harmlessText({ prompt, categories }: TrainingRecord, file: string): readonly Example[] {
  if (categories[0] === 'answer') return []
  return [{ text: prompt, targets: BENIGN, weight: 1, group: `${file}/benign` }]
}

/** The answer to a harmless request is harmless, and no refusal. */
function harmlessAnswer({ response, prompt }: TrainingRecord, file: string): readonly Example[] {
  if (response === null || response === '') return []
  const targets = { response_harm: 0, refusal: 0 } as const
  const group = `${file}/answer`
  const first = firstSentence(response)
  // Short answers are what users see most; harmful data has few of them, so their shortness must not count.
  const short =
    first.length < response.length ? [{ response: first, prompt, targets, weight: 1, group: `${group}-short` }] : []
  return [{ response, prompt, targets, weight: 1, group }, ...short]
}

function firstSentence(text: string): string {
  const end = /[.!?。！？\n]/.exec(text)?.index ?? text.length
  return text.slice(0, Math.min(end + 1, 200)).trim()
}

function injectionExample(record: TrainingRecord, group: string): Example {
  const indirect = record.categories[0] === 'indirect'
  const head = indirect ? 'injection_indirect' : 'injection_direct'
  const calm: Readonly<Record<string, 0 | 1>> = record.label === 0 && !indirect ? BENIGN : {}
  return { text: record.prompt, targets: { ...calm, [head]: record.label }, weight: 1, group }
}

/** The text model tells an answer's hazards too. */
function hazardsOfAnswer(record: TrainingRecord, file: string): readonly Example[] {
  const targets = hazards(record)
  if (Object.keys(targets).length === 0) return []
  return [{ text: record.response ?? '', targets, weight: 1, group: `${file}/answer-hazards` }]
}

/** The hazards a harmful prompt is labelled with are positive, all others negative; without a label all are masked. */
function hazards(record: TrainingRecord): Readonly<Record<string, 0 | 1>> {
  const own = hazardsOfCategories(record.categories)
  if (own.size === 0) return {}
  return Object.fromEntries(
    TEXT_OUTPUTS.filter((output) => /^S\d/.test(output)).map((output) => [
      output,
      own.has(output) ? (1 as const) : (0 as const),
    ]),
  )
}
