/**
 * Samples from the library alone: what the general model learns off-topic detection from, and what keeps a model that is taught an
 * application from forgetting it. Requests of a scope against requests of others, of nowhere, and of its own topics that were left out.
 */
import { createRandom } from '../../../nn/random.ts'
import { BELONGS_NOWHERE, COURTESIES, LIBRARY, type LibraryScope } from '../library/index.ts'
import type { TopicSample } from '../sample.ts'
import { pick, pickMany } from './draw.ts'
import { wordsKey } from './share-out.ts'
import { SHAPE_COUNT, scopeText } from './scope-text.ts'

/** A sample, and whose scope it is. */
export interface LibrarySample extends TopicSample {
  readonly scope: string
}

export interface LibraryOptions {
  readonly seed: number
  /** System prompts of each scope. */
  readonly perScope: number
  /** Default: the whole library. */
  readonly library?: readonly LibraryScope[]
}

/** Of the negatives, those that belong nowhere. */
const NOWHERE_SHARE = 0.3
/** One in so many system prompts has two topics, and one has one. */
const VARIANTS = 5
const COURTESIES_EACH = 6

export function librarySamples({ seed, perScope, library = LIBRARY }: LibraryOptions): readonly LibrarySample[] {
  const random = createRandom(seed)
  return library.flatMap((scope) =>
    Array.from({ length: perScope }, (_, turn) => samplesOf(scope, library, turn, random)).flat(),
  )
}

/** Keys (`wordsKey`) of all that the general model was taught of the library: its scores on them are too good to calibrate or measure with. */
export function learntTexts(): ReadonlySet<string> {
  const requests = LIBRARY.flatMap(({ topics }) => topics.flatMap((topic) => topic.requests))
  return new Set([...requests, ...BELONGS_NOWHERE, ...COURTESIES].map(wordsKey))
}

function samplesOf(
  scope: LibraryScope,
  library: readonly LibraryScope[],
  turn: number,
  random: () => number,
): readonly LibrarySample[] {
  const wanted = turn % VARIANTS === 3 ? 2 : turn % VARIANTS === 4 ? 1 : scope.topics.length
  const topics = pickMany(scope.topics, wanted, random)
  const system = scopeText(
    Math.floor(random() * SHAPE_COUNT),
    scope.name,
    topics.map(({ name }) => name),
  )
  const sample = (prompt: string, label: 0 | 1, slice: TopicSample['slice']): LibrarySample => ({
    ...{ scope: scope.name, system, prompt, label, slice, language: 'en' },
  })
  const own = topics.flatMap(({ requests }) => requests)
  const leftOut = scope.topics.filter((topic) => !topics.includes(topic)).map(({ requests }) => pick(requests, random))
  const others = library.filter((other) => other !== scope)
  const nowhere = Math.ceil(NOWHERE_SHARE * own.length)
  return [
    ...own.map((prompt) => sample(prompt, 0, 'request')),
    ...pickMany(COURTESIES, COURTESIES_EACH, random).map((prompt) => sample(prompt, 0, 'courtesy')),
    ...pickMany(BELONGS_NOWHERE, nowhere, random).map((prompt) => sample(prompt, 1, 'elsewhere')),
    ...Array.from({ length: own.length - nowhere }, () =>
      sample(pick(pick(pick(others, random).topics, random).requests, random), 1, 'other scope'),
    ),
    ...leftOut.map((prompt) => sample(prompt, 1, 'edge')),
  ]
}
