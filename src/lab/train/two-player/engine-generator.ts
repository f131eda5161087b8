/**
 * A chat model as the generator: k samples of each seed and language at the paper's temperature, and ratings by the same model, which is never
 * tuned here (arXiv 2502.05163). What it would learn from is written down as preference pairs: `parapet lab export` makes data and a
 * configuration of them for tuning elsewhere.
 *
 * A call that fails or is refused by the server makes no proposal and no rating, and is counted. An answer without a number is rated 5.
 * Ratings are asked for at temperature 0, not at the 0.7 of the released script, so that the same text has the same level.
 */
import type { Reply, Target } from '../../redteam/prompts/index.ts'
import type { Message } from '../../../spec/index.ts'
import type { Generator, GeneratorFactory, Proposal, ProposeOptions } from './proposal.ts'
import { parseProposal, proposalMessages, ratingMessages } from './prompts.ts'
import { parseRating } from './rating.ts'
import { seedOf } from './seed-of.ts'

export interface EngineGeneratorOptions {
  readonly target: Target
  /** Reject ratings outside 1…5 instead of taking them as they come. */
  readonly strict?: boolean
  /** Longest proposal, in tokens. */
  readonly maxTokens?: number
  /** Calls at a time. */
  readonly parallel?: number
}

/** Longest rating, in tokens: a number and two sentences. */
const RATING_TOKENS = 120
/** Seeds after which proposals are kept on disk. */
const BATCH = 8

export function engineGenerator({
  target,
  strict = false,
  maxTokens = 400,
  parallel = 4,
}: EngineGeneratorOptions): GeneratorFactory {
  const ask = async (
    messages: readonly Message[],
    options: { maxTokens: number; temperature: number; seed: number; signal?: AbortSignal },
  ): Promise<string | null> => {
    const reply: Reply = await target.ask(messages, options)
    return reply.outcome === 'answered' ? reply.text : null
  }
  return () => {
    const generator: Generator = {
      id: target.id,
      rater: `the same model, un-tuned, from 1 to 5${strict ? '; other numbers are rejected' : ''}`,
      learns: false,
      batch: BATCH,
      async propose({ temperature, signal, ...options }) {
        const asked = askedFor(options)
        const during = signal === undefined ? {} : { signal }
        const answers = await inGroups(asked, parallel, ({ seed: row, language, draw }) =>
          ask(proposalMessages(row, language), { maxTokens, temperature, seed: draw, ...during }),
        )
        const proposals = asked.flatMap(({ seed: row, language }, at): readonly Proposal[] => {
          const answer = answers[at] ?? null
          const text = answer === null ? '' : parseProposal(answer, language)
          return text === '' ? [] : [{ seed: row, language, text, way: 'engine' }]
        })
        return { proposals, failed: asked.length - proposals.length }
      },
      async rate(proposals, { seed, signal }) {
        const during = signal === undefined ? {} : { signal }
        const answers = await inGroups(proposals, parallel, ({ text, language }, at) =>
          ask(ratingMessages(text, language), {
            maxTokens: RATING_TOKENS,
            temperature: 0,
            seed: seedOf(seed, at),
            ...during,
          }),
        )
        return answers.map((answer) => (answer === null ? null : parseRating(answer, { strict })))
      },
      learn: () => Promise.resolve({}),
      state: () => null,
      restore: () => undefined,
      probabilities: () => [],
      dispose: () => Promise.resolve(),
    }
    return Promise.resolve(generator)
  }
}

function askedFor({ seeds, languages, count, seed }: Omit<ProposeOptions, 'temperature' | 'signal'>) {
  return seeds.flatMap((row) =>
    languages.flatMap((language) =>
      Array.from({ length: count }, (_, sample) => ({
        seed: row,
        language,
        draw: seedOf(seed, row.id, language, sample),
      })),
    ),
  )
}

async function inGroups<Item, Result>(
  items: readonly Item[],
  size: number,
  work: (item: Item, at: number) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  for (let from = 0; from < items.length; from += size)
    results.push(...(await Promise.all(items.slice(from, from + size).map((item, at) => work(item, from + at)))))
  return results
}
