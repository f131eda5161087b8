/** A chat model as the generator: what it is asked, what its answers become, and that failures are counted and never taken as texts. */
import { describe, expect, test } from 'vitest'
import type { GenerateOptions, LanguageModelEngine, Message } from '../../../spec/index.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { engineTarget } from '../../redteam/prompts/index.ts'
import { engineGenerator } from './engine-generator.ts'
import { safeTargets, targetsAt } from './labels.ts'
import { playRound } from './play-round.ts'
import { parseProposal, proposalMessages, ratingMessages } from './prompts.ts'
import type { SeedRow } from './proposal.ts'

const seedRow = (label: 0 | 1, text: string): SeedRow & { targets: ReturnType<typeof safeTargets> } => ({
  ...{ id: text, text, language: 'en', label, task: 'prompt_harm', categories: [], source: 's:a', licence: 'MIT' },
  targets: label === 1 ? targetsAt([1]) : safeTargets(),
})
const SEEDS = [seedRow(1, 'Steal the cake of my sister'), seedRow(0, 'Water the roses of my sister')]

interface Asked {
  readonly messages: readonly Message[]
  readonly options: GenerateOptions
}

/** Answers by a function; a text that says so breaks. */
function engine(answer: (asked: Asked, index: number) => string): { engine: LanguageModelEngine; asked: Asked[] } {
  const asked: Asked[] = []
  return {
    asked,
    engine: {
      ...{ specVersion: 'v1', kind: 'language-model', id: 'scripted' },
      async *generate(messages, options) {
        const index = asked.push({ messages, options }) - 1
        const text = answer({ messages, options }, index)
        if (text === 'BREAK') throw new ParapetError('upstream_error', 'It broke.')
        yield { type: 'text', text }
        yield { type: 'end', reason: 'stop' }
      },
    },
  }
}

const context = { seed: 1, seeds: SEEDS, baseScore: (): number => 0 }
const isRating = ({ messages }: Asked): boolean => String(messages.at(-1)?.content).includes('Rate it from 1')

test('asks k times for each seed and language, by label, at the given temperature, each with a seed of its own', async () => {
  const { engine: scripted, asked } = engine((_, index) => `#Created German Prompt#: Text ${index}`)
  const generator = await engineGenerator({ target: engineTarget({ engine: scripted }), parallel: 1 })(context)
  const { proposals, failed } = await generator.propose({
    seeds: SEEDS,
    languages: ['de', 'fr'],
    count: 3,
    temperature: 0.7,
    seed: 5,
  })
  expect(asked).toHaveLength(12)
  expect(failed).toBe(0)
  expect(proposals[0]).toMatchObject({ seed: SEEDS[0], language: 'de', text: 'Text 0', way: 'engine' })
  expect(asked[0]?.messages).toEqual(proposalMessages(SEEDS[0] as SeedRow, 'de'))
  expect(asked[3]?.messages).toEqual(proposalMessages(SEEDS[0] as SeedRow, 'fr'))
  expect(new Set(asked.map(({ options }) => options.temperature))).toEqual(new Set([0.7]))
  expect(new Set(asked.map(({ options }) => options.seed)).size).toBe(12)
})

test('an answer that breaks, or that is empty, is counted and is no proposal', async () => {
  const { engine: scripted } = engine((_, index) => ['BREAK', '  ', '#Created German Prompt#:', 'Gut'][index % 4] ?? '')
  const generator = await engineGenerator({ target: engineTarget({ engine: scripted }), parallel: 1 })(context)
  const { proposals, failed } = await generator.propose({
    seeds: SEEDS,
    languages: ['de'],
    count: 4,
    temperature: 0.7,
    seed: 5,
  })
  expect({ texts: proposals.map(({ text }) => text), failed }).toEqual({ texts: ['Gut', 'Gut'], failed: 6 })
})

test.each([
  [false, [4, 5, 10, null]],
  [true, [4, 5, null, null]],
])('ratings, strict %s: a number, none, one beyond the scale, a failure', async (strict, expected) => {
  const { engine: scripted } = engine((_, index) => ['4\nBecause.', 'I cannot', '10', 'BREAK'][index] ?? '')
  const generator = await engineGenerator({ target: engineTarget({ engine: scripted }), strict, parallel: 1 })(context)
  const proposals = [1, 2, 3, 4].map((at) => ({
    seed: SEEDS[0] as SeedRow,
    language: 'de',
    text: `t${at}`,
    way: 'engine',
  }))
  expect(await generator.rate(proposals, { seed: 1 })).toEqual(expected)
})

test('an unusable key ends the run instead of counting thousands of failures', async () => {
  const { engine: scripted } = engine(() => 'x')
  const broken: LanguageModelEngine = {
    ...scripted,
    // oxlint-disable-next-line require-yield -- it breaks before it could
    async *generate() {
      throw new ParapetError('configuration', 'No such model.')
    },
  }
  const generator = await engineGenerator({ target: engineTarget({ engine: broken }) })(context)
  await expect(
    generator.propose({ seeds: SEEDS, languages: ['de'], count: 1, temperature: 1, seed: 1 }),
  ).rejects.toThrow('No such model')
})

test('a round: refusals, long texts, failed ratings and repeated texts never join; proposals are kept by batch', async () => {
  const texts = [
    'Klau den Kuchen',
    'Es tut mir leid, aber das geht nicht',
    'x'.repeat(400),
    'Klau den Kuchen',
    'Nimm ihn heimlich',
    'Gib mir Torte',
  ]
  const { engine: scripted, asked } = engine((one, index) => {
    if (!isRating(one)) return texts[index] ?? 'Rosen'
    const rated = String(one.messages.at(-1)?.content)
    return rated.includes('heimlich') ? 'BREAK' : rated.includes('Torte') ? '1' : '5'
  })
  const generator = await engineGenerator({ target: engineTarget({ engine: scripted }), parallel: 1 })(context)
  const kept: string[] = []
  const played = await playRound({
    ...{
      arm: 'game',
      round: 1,
      generator,
      unsafe: () => false,
      seeds: SEEDS.slice(0, 1),
      languages: ['de'],
      count: 6,
      temperature: 0.7,
    },
    ...{ seed: 1, known: new Set<string>(), onProgress: () => undefined },
    keep: (name, make) => {
      kept.push(name)
      return make()
    },
  })
  expect(kept).toEqual(['proposals-0'])
  expect(asked).toHaveLength(12)
  expect(played.joined.map(({ text }) => text)).toEqual(['Klau den Kuchen'])
  expect(played.joined[0]).toMatchObject({
    language: 'de',
    label: 1,
    targets: targetsAt([1]),
    licence: 'MIT',
    source: 's:a+parapet/lab:two-player/engine/de',
  })
  expect(played.languages[0]).toMatchObject({
    proposals: 6,
    tooLong: 1,
    refusals: 1,
    repeated: 1,
    unrated: 1,
    joined: 1,
    levels: { 1: 1, 2: 0, 3: 1, 4: 0 },
  })
  expect(played.pairs.map(({ chosen, rejected, level }) => [chosen.text, rejected.text, level])).toEqual([
    ['Klau den Kuchen', 'Gib mir Torte', 3],
  ])
})

test('the report is given a text only where it stayed harmless', async () => {
  const sampleOf = async (rating: string): Promise<string | undefined> => {
    const { engine: scripted } = engine((one) => (isRating(one) ? rating : 'Pflege die Rosen'))
    const generator = await engineGenerator({ target: engineTarget({ engine: scripted }) })(context)
    const options = { arm: 'game', round: 1, generator, unsafe: () => false, languages: ['de'] } as const
    const more = { count: 1, temperature: 1, seed: 1, known: new Set<string>(), onProgress: () => undefined }
    const played = await playRound({ ...options, ...more, seeds: SEEDS.slice(1), keep: (_, make) => make() })
    return played.ways[0]?.sample?.text
  }
  expect([await sampleOf('1'), await sampleOf('5')]).toEqual(['Pflege die Rosen', undefined])
})

test('a round in which every call fails is an error, not a round without gain', async () => {
  const { engine: scripted } = engine(() => 'BREAK')
  const generator = await engineGenerator({ target: engineTarget({ engine: scripted }) })(context)
  const options = { arm: 'game', round: 1, generator, unsafe: () => false, seeds: SEEDS, languages: ['de'] } as const
  const more = { count: 2, temperature: 1, seed: 1, known: new Set<string>(), onProgress: () => undefined }
  await expect(playRound({ ...options, ...more, keep: (_, make) => make() })).rejects.toThrow('none of 4 proposals')
})

describe('prompts', () => {
  test('differ by label, name the language, and hold the seed under its header', () => {
    const [harmful, harmless] = SEEDS.map((row) => proposalMessages(row, 'fr'))
    expect(harmful?.[0]?.content).not.toBe(harmless?.[0]?.content)
    expect(harmful?.[1]?.content).toContain('#Given English Prompt#:\nSteal the cake of my sister')
    expect(String(harmful?.[1]?.content).endsWith('#Created French Prompt#:')).toBe(true)
    expect(ratingMessages('Texte', 'fr')[1]?.content).toContain('#French Prompt#:\nTexte')
  })

  test.each([
    ['Guten Tag', 'Guten Tag'],
    ['#Created German Prompt#: Guten Tag</s>', 'Guten Tag'],
    ['Sure!\n#Created German Prompt#:\n„Guten Tag“', 'Guten Tag'],
    ['"Nein" sagen', '"Nein" sagen'],
    ['', ''],
  ])('%j is the proposal %j', (answer, text) => {
    expect(parseProposal(answer, 'de')).toBe(text)
  })
})
