/** Searches over suffixes and templates: on a scorer that can be worked out by hand, and on the shipped model. */
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { MODEL_FILES } from '../../../../engines/embedded/index.ts'
import { createRandom } from '../../../../nn/random.ts'
import { worldGoals } from '../goals/world-goals.ts'
import { openLocalModel } from '../targets/local-model.ts'
import type { TargetScorer } from './attack.ts'
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
