/** From a specification to a split of clean samples, by an engine or by the grammar, with an account of what was made. */
import { ParapetError } from '../../../spec/errors.ts'
import { PARTS, type Split, type TopicSample } from '../sample.ts'
import { labelledEdges, type Specification } from '../specification.ts'
import { cleanSamples, type Dropped, sourceKey, splitBySystem, withoutRepeats } from './clean.ts'
import type { EngineSamples } from './engine-samples.ts'
import { GRAMMAR_VERSION, grammarSamples } from './grammar.ts'
import { ENGINE_VERSION } from './meta-prompt.ts'
import { normalised, shareOut, wordsKey } from './share-out.ts'

export interface MadeSamples {
  /** Which generator, with its version. */
  readonly generator: string
  readonly split: Split
  readonly dropped: Dropped
  /** Null without an engine. */
  readonly engine: Omit<EngineSamples, 'samples'> | null
  readonly diversity: Diversity
}

/** How varied the prompts of a set are. */
export interface Diversity {
  readonly systemPrompts: number
  readonly prompts: number
  readonly words: number
  /** Different pairs of neighbouring words among all such pairs (distinct-2, Li et al. 2016). */
  readonly distinctPairs: number
}

/** Fewer system prompts cannot be split in three. */
const LEAST_SYSTEMS = 3

export function makeSamples(
  specification: Specification,
  options: {
    readonly seed: number
    readonly scopes: number
    readonly perScope: number
    readonly engine: EngineSamples | null
  },
): MadeSamples {
  const { seed, engine } = options
  const { split, dropped } = cleaned(
    engine === null
      ? grammarSamples(specification, options)
      : withEdges(specification, splitBySystem(engine.samples, seed), seed),
  )
  const all = PARTS.flatMap((part) => split[part])
  for (const part of PARTS)
    if (![0, 1].every((label) => split[part].some((sample) => sample.label === label)))
      throw new ParapetError('input_invalid', whyTooFew(part, engine))
  const { samples: _samples, ...account } = engine ?? { samples: [] }
  return {
    generator: engine === null ? GRAMMAR_VERSION : ENGINE_VERSION,
    ...{ split, dropped, diversity: diversityOf(all) },
    engine: engine === null ? null : (account as Omit<EngineSamples, 'samples'>),
  }
}

function whyTooFew(part: string, engine: EngineSamples | null): string {
  const why = `There are too few samples: ${part} has not both labels.`
  if (engine === null) return `${why} Give more examples of topics, or raise --scopes and --per-scope.`
  const { asked, outcomes } = engine
  return `${why} Of ${asked} replies ${outcomes.samples} could be used; at least ${LEAST_SYSTEMS} with different system prompts and prompts are needed. Raise --replies, or ask a more capable model.`
}

/** Labelled edge cases stand beside every system prompt of one part: an edge case that was learnt is not measured. */
function withEdges(specification: Specification, split: Split, seed: number): Split {
  const language = specification.languages[0] ?? 'en'
  const edges = shareOut(labelledEdges(specification), { seed, text: ({ prompt }) => prompt })
  // What the owner labelled has its label, and is in the part of its own.
  const owned = new Set(labelledEdges(specification).map(({ prompt }) => wordsKey(prompt)))
  return Object.fromEntries(
    PARTS.map((part) => [
      part,
      [...new Set(split[part].map(({ system }) => system))].flatMap((system) => [
        ...edges[part].map(({ prompt, label }): TopicSample => ({ system, prompt, label, slice: 'edge', language })),
        ...split[part].filter((sample) => sample.system === system && !owned.has(sourceKey(sample))),
      ]),
    ]),
  ) as unknown as Split
}

function cleaned(split: Split): { readonly split: Split; readonly dropped: Dropped } {
  const parts = PARTS.map((part) => cleanSamples(split[part]))
  const sum = (key: keyof Omit<Dropped, 'repeated'>): number =>
    parts.reduce((total, { dropped }) => total + dropped[key], 0)
  const {
    split: apart,
    repeated,
    unbalanced,
  } = withoutRepeats(Object.fromEntries(PARTS.map((part, at) => [part, parts[at]?.kept ?? []])) as unknown as Split)
  return {
    split: apart,
    dropped: {
      ...{ duplicates: sum('duplicates'), contradictions: sum('contradictions'), repeated },
      unbalanced: sum('unbalanced') + unbalanced,
    },
  }
}

export function diversityOf(samples: readonly TopicSample[]): Diversity {
  const prompts = [...new Set(samples.map(({ prompt }) => normalised(prompt)))]
  const words = prompts.map((prompt) => prompt.split(' '))
  const pairs = words.flatMap((list) => list.slice(1).map((word, at) => `${list[at] ?? ''} ${word}`))
  return {
    systemPrompts: new Set(samples.map(({ system }) => system)).size,
    prompts: prompts.length,
    words: new Set(words.flat()).size,
    distinctPairs: pairs.length === 0 ? 0 : new Set(pairs).size / pairs.length,
  }
}
