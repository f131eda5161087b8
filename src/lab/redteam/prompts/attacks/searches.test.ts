/** Searches over suffixes and templates: on a scorer that can be worked out by hand, and on the shipped model. */
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { MODEL_FILES } from '../../../../engines/embedded/index.ts'
import { createRandom } from '../../../../nn/random.ts'
import { worldGoals } from '../goals/world-goals.ts'
import { openLocalModel } from '../targets/local-model.ts'
import type { TargetScorer } from './attack.ts'
import { gcgSuffix, searchAlongGradients } from './gcg-suffix.ts'
import { searchSuffix } from './suffix-search.ts'
import { evolveTemplate } from './template-evolution.ts'

const about = { request: 'ask', target: 'answer', random: createRandom(3) }

/** The more often the text holds the word, the likelier the target. */
const counting = (word: string): TargetScorer => ({
  tokens: [' xx', ' good', ' yy', ' zz'],
  score: async (candidates) => candidates.map(({ messages }) => String(messages[0]?.content).split(word).length - 1),
})

const rising = (scores: readonly number[]): boolean =>
  scores.every((score, at) => at === 0 || score >= (scores[at - 1] ?? 0))

describe('on a scorer that can be worked out by hand', () => {
  test('a suffix becomes the best there is, and its score never falls', async () => {
    const { suffix, scores } = await searchSuffix(counting('good'), about, { length: 3, rounds: 30, candidates: 8 })
    expect(suffix).toBe(' good good good')
    expect(scores).toHaveLength(31)
    expect(scores.at(-1)).toBe(3)
    expect(rising(scores)).toBe(true)
  })

  test('the control is a suffix at random, with no round', async () => {
    const { scores } = await searchSuffix(counting('good'), about, { length: 3, rounds: 0, candidates: 8 })
    expect(scores).toHaveLength(1)
  })

  test('templates evolve to hold what helps, keep the request once, and never get worse', async () => {
    const { template, scores } = await evolveTemplate(counting('This'), about, { population: 12, generations: 12 })
    expect(scores.at(-1)).toBeGreaterThan(scores[0] ?? 0)
    expect(rising(scores)).toBe(true)
    expect(template.split('{request}')).toHaveLength(2)
  })
})

describe('along gradients', () => {
  /** Log-probabilities: below 0. */
  const unlikely = (word: string): TargetScorer => ({
    ...counting(word),
    score: async (candidates) => (await counting(word).score(candidates)).map((count) => count - 10),
  })
  const options = { length: 2, rounds: 12, candidates: 4, topK: 3 }
  /** The true gradient of the scorer above: every place would better hold the word. */
  const swapping = (word: string, drawn: string[][]): TargetScorer & Required<Pick<TargetScorer, 'swaps'>> => ({
    ...unlikely(word),
    async swaps({ suffix }, { count, random }) {
      const tokens = suffix.split(' ')
      const made = tokens.map((_, place) => tokens.with(Math.floor(random() * tokens.length), `${word}${place}`))
      drawn.push(made.map((each) => each.join(' ')))
      return drawn.at(-1)?.slice(0, count) ?? []
    },
  })

  test('the best of the incumbent and its swaps stays, and the course never falls', async () => {
    const drawn: string[][] = []
    const { suffix, scores, scored } = await searchAlongGradients(swapping('good', drawn), about, options)
    expect(suffix.split('good').length - 11).toBe(scores.at(-1))
    expect(rising(scores)).toBe(true)
    expect(scored).toBe(1 + drawn.flat().length)
  })

  test('a target that is all but certain ends it', async () => {
    const sure: TargetScorer = { ...counting('x'), score: async (many) => many.map(() => -0.001) }
    const found = await searchAlongGradients({ ...sure, swaps: async () => expect.fail() }, about, options)
    expect(found).toMatchObject({ scores: [-0.001], scored: 1 })
  })

  test('nothing is tried where the draw is empty, and a stop ends it', async () => {
    const none = { ...unlikely('good'), swaps: async () => [] }
    expect(await searchAlongGradients(none, about, options)).toMatchObject({ scored: 1 })
    const stopped = { ...about, signal: AbortSignal.abort() }
    await expect(searchAlongGradients(swapping('good', []), stopped, options)).rejects.toThrow(/abort/i)
  })

  test('without gradients the attack asks nothing', async () => {
    const attack = gcgSuffix(options)
    expect(attack.needs).toBe('gradients')
    await attack.run({
      ...{ ...about, language: 'en', steps: [], shots: () => [], scorer: counting('good'), attacker: null },
      ...{ once: (_, work) => work(), searched: () => expect.fail(), ask: () => expect.fail() },
    })
  })
})

test('on the shipped model swaps change one token, along the gradient and as text; the search is the same again', async () => {
  const model = await openLocalModel({ path: fileURLToPath(MODEL_FILES.chat), id: 'demo' })
  const { scorer } = model
  try {
    const [goal] = worldGoals({ count: 1 }).goals(1)
    if (scorer?.swaps === undefined || goal === undefined) throw new Error('onnxruntime-node is not installed')
    const whiteBox = { ...scorer, swaps: scorer.swaps }
    const subject = { request: goal.texts['en'] ?? '', target: goal.targets['en'] ?? '' }
    const suffix = 'tree stone water'
    const draw = { topK: 4, count: 8, random: createRandom(2) }
    const swaps = await whiteBox.swaps({ ...subject, suffix }, draw)
    expect(swaps.length).toBeGreaterThan(4)
    expect(new Set([...swaps, suffix]).size).toBe(swaps.length + 1)
    const gains = await whiteBox.score(
      [suffix, ...swaps].map((each) => ({
        ...{ messages: [{ role: 'user', content: `${subject.request} ${each}` }], target: subject.target },
      })),
    )
    // To first order all of them help; exactly, many do.
    expect(Math.max(...gains.slice(1))).toBeGreaterThan(gains[0] ?? 0)
    const options = { length: 3, rounds: 2, candidates: 4, topK: 8 }
    const search = () => searchAlongGradients(whiteBox, { ...subject, random: createRandom(7) }, options)
    const found = await search()
    expect(found.scores.at(-1)).toBeGreaterThan(found.scores[0] ?? 0)
    expect(await search()).toEqual(found)
    const long = await whiteBox.swaps({ ...subject, suffix: 'word '.repeat(2000) }, draw)
    expect(long).toEqual([])
  } finally {
    await model.dispose()
  }
})

test('on the shipped model a short search makes the wanted answer likelier, and an overlong question is never chosen', async () => {
  const model = await openLocalModel({ path: fileURLToPath(MODEL_FILES.chat), id: 'demo' })
  const { scorer } = model
  try {
    const [goal] = worldGoals({ count: 1 }).goals(1)
    if (scorer === null || goal === undefined) throw new Error('onnxruntime-node is not installed')
    expect(scorer.tokens.length).toBeGreaterThan(100)
    const target = goal.targets['en'] ?? ''
    const request = goal.texts['en'] ?? ''
    const { scores } = await searchSuffix(
      scorer,
      { request, target, random: createRandom(1) },
      { length: 4, rounds: 4, candidates: 8 },
    )
    expect(scores.at(-1)).toBeGreaterThan(scores[0] ?? 0)
    const long = { messages: [{ role: 'user', content: 'word '.repeat(2000) }], target } as const
    const short = { messages: [{ role: 'user', content: request }], target } as const
    const [ofLong, ofShort] = await scorer.score([long, short])
    expect(ofLong).toBe(-Infinity)
    expect(ofShort).toBeLessThan(0)
    expect(ofShort).toBeGreaterThan(-20)
  } finally {
    await model.dispose()
  }
})
