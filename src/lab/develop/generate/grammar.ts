/**
 * Samples without a model: a grammar and recombination over the specification's own words, its system prompts and the library. Version
 * `grammar-3`; the same specification, seed and version give the same samples. What calibrates and measures comes from texts that no model
 * of the package was taught with.
 *
 * It invents no meaning, and writes in the first language of the specification alone, if it knows it. What users will ask that no example
 * resembles is not in it; an engine writes more varied samples.
 */
import { createRandom } from '../../../nn/random.ts'
import { meaningfulWords } from '../../../nn/topic-scope.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { BELONGS_NOWHERE, COURTESIES, LIBRARY } from '../library/index.ts'
import { GRAMMAR_LANGUAGES, type GrammarLanguage, HELD_BACK, isGrammarLanguage } from '../library/languages.ts'
import { type Part, PARTS, type TopicSample } from '../sample.ts'
import { labelledEdges, type Specification } from '../specification.ts'
import { pick, pickMany } from './draw.ts'
import { type Ends, shareOut, UNTAUGHT, USUAL, wordsKey } from './share-out.ts'
import { type Wording, WORDING } from './wording.ts'

export const GRAMMAR_VERSION = 'grammar-3'

export interface GrammarOptions {
  readonly seed: number
  /** System prompts, real ones included. */
  readonly scopes: number
  /** Samples of each system prompt, half of them off topic. */
  readonly perScope: number
}

/** Share of either label that is of a slice. */
const [ABOUT_SHARE, COURTESY_SHARE, NOWHERE_SHARE, EVASION_SHARE] = [0.15, 0.15, 0.3, 0.08]
/** Different examples without which the three parts would share some. */
const LEAST_EXAMPLES = 5
/** Small words are left out of comparison in English by a list, elsewhere by this length. */
const TELLING = 6
/** Draws tried for each system prompt that is wanted: short lists of topics have few orders. */
const TRIES = 20

/** Throws `configuration`, with what to do, where the grammar cannot write for this application. */
export function checkForGrammar({ languages, topics }: Specification): void {
  const [language = 'en'] = languages
  if (!isGrammarLanguage(language))
    throw new ParapetError(
      'configuration',
      `Without a model, samples are written in ${GRAMMAR_LANGUAGES.join(', ')} and not in ${language}, the first of languages. Give a model that writes them: --engine.`,
    )
  const different = new Set(topics.flatMap(({ examples }) => examples).map(wordsKey)).size
  if (different < LEAST_EXAMPLES)
    throw new ParapetError(
      'configuration',
      `topics has ${different} different examples; without a model at least ${LEAST_EXAMPLES} are needed to teach, calibrate and measure on different ones. Write twenty or more, or give a model that writes samples: --engine.`,
    )
}

/** Samples by part. Requests, wordings and system prompts of one part occur in no other. Throws as `checkForGrammar`. */
export function grammarSamples(
  specification: Specification,
  options: GrammarOptions,
): Readonly<Record<Part, readonly TopicSample[]>> {
  checkForGrammar(specification)
  const language = specification.languages[0] as GrammarLanguage
  const wording = wordingByPart(language, options.seed)
  const material = materialByPart(specification, language, options.seed)
  const scopes = scopesByPart(specification, wording, options)
  return Object.fromEntries(
    PARTS.map((part) => {
      const random = createRandom(options.seed + PARTS.indexOf(part))
      return [
        part,
        scopes[part].flatMap((system) =>
          samplesOf(system, { ...material[part], ...wording[part] }, options.perScope, random),
        ),
      ]
    }),
  ) as unknown as Readonly<Record<Part, readonly TopicSample[]>>
}

interface Material {
  readonly language: string
  /** All of them: each system prompt names them, and evasions pretend. */
  readonly topics: readonly string[]
  /** Topics that on-topic samples of this part ask about. */
  readonly asked: readonly string[]
  readonly requests: readonly string[]
  readonly courtesies: readonly string[]
  readonly edges: readonly { readonly prompt: string; readonly label: 0 | 1 }[]
  readonly nowhere: readonly string[]
  readonly others: readonly string[]
}

function wordingByPart(language: GrammarLanguage, seed: number): Readonly<Record<Part, Wording>> {
  const { polite, about, evasions, shapes } = WORDING[language]
  const shared = [evasions, shapes].map((list) =>
    shareOut([...list.keys()], { seed, text: (place) => `wording ${100 + place} of ${100 + list.length}` }),
  )
  return Object.fromEntries(
    PARTS.map((part): [Part, Wording] => [
      part,
      {
        ...{ polite, about },
        evasions: (shared[0]?.[part] ?? []).flatMap((place) => evasions[place] ?? []),
        shapes: (shared[1]?.[part] ?? []).flatMap((place) => shapes[place] ?? []),
      },
    ]),
  ) as unknown as Readonly<Record<Part, Wording>>
}

function materialByPart(
  specification: Specification,
  language: GrammarLanguage,
  seed: number,
): Readonly<Record<Part, Material>> {
  const { topics, offTopic } = specification
  const examples = topics.flatMap((topic) => topic.examples)
  const named = topics.map((topic) => topic.name)
  const words = new Set(
    [...meaningfulWords([specification.name, specification.use, ...named].join(' '))].filter(
      (word) => language === 'en' || word.length >= TELLING,
    ),
  )
  const edges = labelledEdges(specification)
  const ownKeys = new Set([...examples, ...edges.map(({ prompt }) => prompt), ...offTopic].map(wordsKey))
  // What shares a word with the application may belong to it, and what the owner labelled has its label.
  const foreign = (text: string): boolean =>
    !ownKeys.has(wordsKey(text)) && ![...meaningfulWords(text)].some((word) => words.has(word))
  const texts = (items: readonly string[], ends: Ends = USUAL): Readonly<Record<Part, readonly string[]>> =>
    shareOut(items, { seed, text: (item) => item, ends })
  const requests = texts(examples)
  const asked = texts(named)
  const own = {
    edges: shareOut(
      edges.filter(({ prompt }) => !examples.some((example) => wordsKey(example) === wordsKey(prompt))),
      { seed, text: ({ prompt }) => prompt },
    ),
    offTopic: texts(offTopic.filter((text) => !edges.some(({ prompt }) => wordsKey(prompt) === wordsKey(text)))),
  }
  // The general model learnt from the English library: only what is held back of it is new.
  const ends = language === 'en' ? UNTAUGHT : USUAL
  const held = HELD_BACK[language]
  const scopes = shareOut(
    held.scopes.filter(({ name }) => foreign(name)),
    { seed, text: ({ name }) => name, ends },
  )
  const elsewhere = texts(held.elsewhere.filter(foreign), ends)
  const courtesies = texts(
    held.courtesies.filter((text) => !ownKeys.has(wordsKey(text))),
    ends,
  )
  const library = LIBRARY.filter((scope) => foreign([scope.name, ...scope.topics.map(({ name }) => name)].join(' ')))
  const taught =
    language === 'en'
      ? {
          others: library.flatMap((scope) => scope.topics.flatMap((topic) => topic.requests)).filter(foreign),
          nowhere: BELONGS_NOWHERE.filter(foreign),
          courtesies: COURTESIES.filter((text) => !ownKeys.has(wordsKey(text))),
        }
      : { others: [], nowhere: [], courtesies: [] }
  const known = new Set(Object.values(taught).flat().map(wordsKey))
  return Object.fromEntries(
    PARTS.map((part): [Part, Material] => {
      const more = part === 'train' ? taught : { others: [], nowhere: [], courtesies: [] }
      const fresh = (items: readonly string[]): readonly string[] => items.filter((text) => !known.has(wordsKey(text)))
      return [
        part,
        {
          ...{ language, topics: named, requests: requests[part], edges: own.edges[part] },
          asked: asked[part],
          courtesies: [...more.courtesies, ...fresh(courtesies[part])],
          nowhere: [...more.nowhere, ...own.offTopic[part], ...fresh(elsewhere[part])],
          others: [...more.others, ...fresh(scopes[part].flatMap((scope) => scope.requests)).filter(foreign)],
        },
      ]
    }),
  ) as unknown as Readonly<Record<Part, Material>>
}

/** Real system prompts, what is recombined of those of a part, and wordings of that part alone. */
function scopesByPart(
  { name, use, topics, systemPrompts }: Specification,
  wording: Readonly<Record<Part, Wording>>,
  { seed, scopes }: GrammarOptions,
): Readonly<Record<Part, readonly string[]>> {
  const real = shareOut(systemPrompts, { seed, text: (system) => system })
  const counts = { train: 0.6, calibrate: 0.2, test: 0.2 }
  const named = topics.map((topic) => topic.name)
  return Object.fromEntries(
    PARTS.map((part, at) => {
      const random = createRandom(seed + 7 * (at + 1))
      const wanted = Math.max(1, Math.round(counts[part] * scopes), real[part].length)
      const made = new Map(real[part].map((system) => [wordsOf(system), system]))
      for (let turn = 0; made.size < wanted && turn < TRIES * wanted; turn += 1) {
        const shuffled = pickMany(named, named.length, random)
        const listed = shuffled.length === 1 ? [...shuffled, use] : shuffled
        const shape = pick(wording[part].shapes, random)(name, listed, Math.floor(10 * random()))
        const system =
          turn % 3 === 0 && real[part].length > 0 ? `${shape} ${recombined(pick(real[part], random), random)}` : shape
        if (!made.has(wordsOf(system))) made.set(wordsOf(system), system)
      }
      return [part, [...made.values()]]
    }),
  ) as unknown as Readonly<Record<Part, readonly string[]>>
}

/** Other orders of the same words are other system prompts here: they show whether order matters. */
function wordsOf(system: string): string {
  return system.toLowerCase()
}

/** Sentences of a system prompt in another order, some left out. */
function recombined(system: string, random: () => number): string {
  const sentences = system.split(/(?<=[.!?])\s|\n/).filter((sentence) => sentence.trim() !== '')
  return pickMany(sentences, Math.max(1, sentences.length - 1), random).join(' ')
}

function samplesOf(
  system: string,
  material: Material & Wording,
  perScope: number,
  random: () => number,
): readonly TopicSample[] {
  const { topics, asked, requests, courtesies, edges, nowhere, others, language } = material
  const half = Math.ceil(perScope / 2)
  const sample = (prompt: string, from: string, label: 0 | 1, slice: TopicSample['slice']): TopicSample => ({
    ...{ system, prompt, label, slice, language, from },
  })
  const polite = (text: string): string => pick(material.polite, random)(text)
  const drawn = (items: readonly string[]): string | undefined => (items.length === 0 ? undefined : pick(items, random))
  const [on, off] = ([0, 1] as const).map((wanted) =>
    edges.filter(({ label }) => label === wanted).map(({ prompt, label }) => sample(prompt, prompt, label, 'edge')),
  ) as [TopicSample[], TopicSample[]]
  for (let turn = 0; turn < 2 * half; turn += 1) {
    const draw = random()
    const courtesy = draw < COURTESY_SHARE ? drawn(courtesies) : undefined
    const about = draw >= COURTESY_SHARE && draw < COURTESY_SHARE + ABOUT_SHARE ? drawn(asked) : undefined
    const request = drawn(requests)
    if (courtesy !== undefined) on.push(sample(courtesy, courtesy, 0, 'courtesy'))
    else if (about !== undefined) on.push(sample(pick(material.about, random)(about), about, 0, 'topic'))
    else if (request !== undefined) on.push(sample(polite(request), request, 0, 'request'))
    const wrong = random()
    const away = wrong < NOWHERE_SHARE ? drawn(nowhere) : undefined
    const other = drawn(others)
    const topic = drawn(topics) ?? ''
    if (away !== undefined) off.push(sample(polite(away), away, 1, 'elsewhere'))
    else if (other === undefined) continue
    else if (wrong >= NOWHERE_SHARE && wrong < NOWHERE_SHARE + EVASION_SHARE)
      off.push(sample(pick(material.evasions, random)(topic, other), other, 1, 'evasion'))
    else off.push(sample(polite(other), other, 1, 'other scope'))
  }
  return [...firstDifferent(on, half), ...firstDifferent(off, half)]
}

function firstDifferent(samples: readonly TopicSample[], most: number): readonly TopicSample[] {
  return [...new Map(samples.map((sample) => [sample.prompt, sample])).values()].slice(0, most)
}
