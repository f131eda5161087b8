/**
 * Samples without a model: a grammar and recombination over the specification's own words, its system prompts and the library. Version
 * `grammar-1`; the same specification, seed and version give the same samples.
 *
 * It invents no meaning. Wording is that of the specification, its languages are those of its examples, and negatives are English. What
 * users will ask that no example resembles is not in it; an engine writes more varied samples.
 */
import { createRandom } from '../../../nn/random.ts'
import { meaningfulWords } from '../../../nn/topic-scope.ts'
import { BELONGS_NOWHERE, COURTESIES, LIBRARY } from '../library/index.ts'
import { type Part, PARTS, type TopicSample } from '../sample.ts'
import { labelledEdges, type Specification } from '../specification.ts'
import { pick, pickMany, placeOf } from './draw.ts'
import { SHAPE_COUNT, scopeText } from './scope-text.ts'

export const GRAMMAR_VERSION = 'grammar-1'

export interface GrammarOptions {
  readonly seed: number
  /** System prompts, real ones included. */
  readonly scopes: number
  /** Samples of each system prompt, half of them off topic. */
  readonly perScope: number
}

const POLITE: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => text,
  (text) => `Hi, ${lowered(text)}`,
  (text) => `${ended(text)} Thanks!`,
  (text) => `Hello! I have a question. ${text}`,
  (text) => text.toLowerCase(),
  (text) => text.replace(/[.?!]+$/, ''),
  (text) => `Quick question: ${lowered(text)}`,
  (text) => `I hope you can help me. ${ended(text)} I am in a bit of a hurry.`,
]
const ABOUT: readonly ((topic: string) => string)[] = [
  (topic) => `I have a question about ${topic}`,
  (topic) => `Can you help me with ${topic}?`,
  (topic) => `Tell me more about ${topic}`,
  (topic) => topic,
]
/** What is off topic, dressed up in a word of the scope. */
const EVASIONS: readonly ((topic: string, request: string) => string)[] = [
  (topic, request) => `Before we talk about ${topic}: ${lowered(request)}`,
  (topic, request) => `${ended(request)} I need it for ${topic}.`,
  (topic, request) => `This is not about ${topic}, but ${lowered(request)}`,
]
/** Share of either label that is of a slice. */
const [ABOUT_SHARE, COURTESY_SHARE, NOWHERE_SHARE, EVASION_SHARE] = [0.15, 0.15, 0.3, 0.08]

/** Samples by part. Requests and system prompts of one part occur in no other; the specification's own edge cases are shared out too. */
export function grammarSamples(
  specification: Specification,
  options: GrammarOptions,
): Readonly<Record<Part, readonly TopicSample[]>> {
  const parts = scopesByPart(specification, options)
  const words = meaningfulWords(
    [specification.name, specification.use, ...specification.topics.map(({ name }) => name)].join(' '),
  )
  return Object.fromEntries(
    PARTS.map((part) => {
      const random = createRandom(options.seed + PARTS.indexOf(part))
      const material = materialOf(specification, part, { seed: options.seed, words })
      return [part, parts[part].flatMap((system) => samplesOf(system, material, options.perScope, random))]
    }),
  ) as unknown as Readonly<Record<Part, readonly TopicSample[]>>
}

interface Material {
  readonly language: string
  readonly topics: readonly string[]
  readonly requests: readonly string[]
  readonly courtesies: readonly string[]
  readonly edges: readonly { readonly prompt: string; readonly label: 0 | 1 }[]
  readonly nowhere: readonly string[]
  readonly others: readonly string[]
}

/** The words of one part. Lists too short to be shared out are used whole by training alone. */
function materialOf(
  specification: Specification,
  part: Part,
  { seed, words }: { readonly seed: number; readonly words: ReadonlySet<string> },
): Material {
  const own = <T>(items: readonly T[], key: (item: T) => string): readonly T[] =>
    items.filter((item) => partOf(key(item), seed) === part)
  const same = (text: string): string => text
  const requests = specification.topics.flatMap(({ examples }) => examples)
  const mine = spread(requests, seed)[part]
  return {
    language: specification.languages[0] ?? 'en',
    topics: spread(
      specification.topics.map(({ name }) => name),
      seed,
    )[part],
    requests: mine.length === 0 ? requests : mine,
    courtesies: own(COURTESIES, same),
    edges: own(labelledEdges(specification), ({ prompt }) => prompt),
    nowhere: [...own(BELONGS_NOWHERE, same), ...own(specification.offTopic, same)],
    others: own(
      LIBRARY.filter(
        ({ name, topics }) => !overlaps(words, [name, ...topics.map((topic) => topic.name)].join(' ')),
      ).flatMap(({ topics }) => topics.flatMap((topic) => topic.requests)),
      same,
    ),
  }
}

/** Scopes that share a word with the application may be its own field. */
function overlaps(words: ReadonlySet<string>, text: string): boolean {
  return [...meaningfulWords(text)].some((word) => words.has(word))
}

const SHARES: Readonly<Record<Part, number>> = { train: 0.6, calibrate: 0.8, test: 1 }

function partOf(text: string, seed: number): Part {
  const place = placeOf(text, seed)
  return PARTS.find((part) => place < SHARES[part]) ?? 'test'
}

/** Shares a list out in the order of places, so that even a short one reaches each part. */
export function spread(items: readonly string[], seed: number): Readonly<Record<Part, readonly string[]>> {
  const order = [...new Set(items)].toSorted((one, other) => placeOf(one, seed) - placeOf(other, seed))
  const [train, calibrate] = [0.6, 0.8].map((share) => Math.max(1, Math.round(share * order.length))) as [
    number,
    number,
  ]
  return {
    train: order.slice(0, train),
    calibrate: order.slice(train, calibrate),
    test: order.slice(calibrate),
  }
}

function scopesByPart(
  specification: Specification,
  { seed, scopes }: GrammarOptions,
): Readonly<Record<Part, readonly string[]>> {
  const random = createRandom(seed)
  const made = new Set(specification.systemPrompts)
  const topics = specification.topics.map(({ name }) => name)
  for (let turn = 0; made.size < scopes && turn < 20 * scopes; turn += 1) {
    const shuffled = pickMany(topics, topics.length, random)
    made.add(
      turn % 3 === 0
        ? `${scopeText(0, specification.name, shuffled)} ${recombined(pick(specification.systemPrompts, random), random)}`
        : scopeText(
            Math.floor(random() * SHAPE_COUNT),
            specification.name,
            topics.length === 1 ? [...shuffled, specification.use] : shuffled,
          ),
    )
  }
  return spread([...made].slice(0, Math.max(scopes, 3)), seed)
}

/** Sentences of a system prompt in another order, some left out. */
function recombined(system: string, random: () => number): string {
  const sentences = system.split(/(?<=[.!?])\s|\n/).filter((sentence) => sentence.trim() !== '')
  return pickMany(sentences, Math.max(1, sentences.length - 1), random).join(' ')
}

function samplesOf(system: string, material: Material, perScope: number, random: () => number): readonly TopicSample[] {
  const { topics, requests, courtesies, edges, nowhere, others, language } = material
  const half = Math.ceil(perScope / 2)
  const sample = (prompt: string, label: 0 | 1, slice: TopicSample['slice'], spoken = 'en'): TopicSample => ({
    ...{ system, prompt, label, slice, language: spoken },
  })
  const polite = (text: string): string => pick(POLITE, random)(text)
  const on: TopicSample[] = edges
    .filter(({ label }) => label === 0)
    .map(({ prompt }) => sample(prompt, 0, 'edge', language))
  const off: TopicSample[] = edges
    .filter(({ label }) => label === 1)
    .map(({ prompt }) => sample(prompt, 1, 'edge', language))
  for (let turn = 0; turn < 2 * half; turn += 1) {
    const draw = random()
    if (draw < COURTESY_SHARE && courtesies.length > 0) on.push(sample(pick(courtesies, random), 0, 'courtesy'))
    else if (draw < COURTESY_SHARE + ABOUT_SHARE && topics.length > 0)
      on.push(sample(pick(ABOUT, random)(pick(topics, random)), 0, 'request', language))
    else on.push(sample(polite(pick(requests, random)), 0, 'request', language))
    const wrong = random()
    if (wrong < NOWHERE_SHARE && nowhere.length > 0) off.push(sample(polite(pick(nowhere, random)), 1, 'elsewhere'))
    else if (wrong < NOWHERE_SHARE + EVASION_SHARE && topics.length > 0)
      off.push(sample(pick(EVASIONS, random)(pick(topics, random), pick(others, random)), 1, 'evasion'))
    else off.push(sample(polite(pick(others, random)), 1, 'other scope'))
  }
  return [...firstDifferent(on, half), ...firstDifferent(off, half)]
}

function firstDifferent(samples: readonly TopicSample[], most: number): readonly TopicSample[] {
  return [...new Map(samples.map((sample) => [sample.prompt, sample])).values()].slice(0, most)
}

function ended(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`
}

function lowered(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
