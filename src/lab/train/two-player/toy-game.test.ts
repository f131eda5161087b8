/** The game in closed form: the driver reaches the equilibrium that algebra gives, or says that there is none to reach. */
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../../nn/random.ts'
import { bestClassifier, bestGenerator, gameValue, mirroredEquilibrium, mirroredGame, playToyGame } from './toy-game.ts'

const START = [0.6, 0.5, 0.5, 0.4].map((share) => [share, 1 - share])

/** Known answers, from the closed form and computed apart from this code. */
const TABLE = [
  {
    beta: 2,
    ratio: 0.5,
    theta: [0.822745, 0.613512, 0.386488, 0.177255],
    phi: [0.425899, 0.295923, 0.18642, 0.091757],
    value: 0.515919,
  },
  {
    beta: 5,
    ratio: 0.2,
    theta: [0.872007, 0.64052, 0.35948, 0.127993],
    phi: [0.466605, 0.297782, 0.167124, 0.068488],
    value: 0.48258,
  },
  {
    beta: 100,
    ratio: 0.01,
    theta: [0.907189, 0.66514, 0.33486, 0.092811],
    phi: [0.498212, 0.299857, 0.150961, 0.05097],
    value: 0.455555,
  },
]

describe.each(TABLE)('with β $beta', ({ beta, ratio, theta, phi, value }) => {
  const game = mirroredGame(beta)
  const played = playToyGame(game, START)

  test('both players end at the equilibrium', () => {
    expect(played.converged).toBe(true)
    played.classifier.forEach(([share], text) => {
      expect(share).toBeCloseTo(theta[text] ?? 0, 6)
      expect(Math.abs((share ?? 0) - (mirroredEquilibrium(beta)[text] ?? 0))).toBeLessThan(1e-9)
    })
    played.generator[0]?.forEach((share, text) => expect(share).toBeCloseTo(phi[text] ?? 0, 6))
    expect(played.generator[1]).toEqual(played.generator[0]?.toReversed().map((share) => expect.closeTo(share, 9)))
    expect(played.value).toBeCloseTo(value, 6)
  })

  test('the error shrinks by 1/β in two rounds', () => {
    expect(played.ratio).not.toBeNull()
    expect(Math.abs((played.ratio ?? 0) / ratio - 1)).toBeLessThan(0.01)
  })

  test('no deviation of one player alone helps it', () => {
    const random = createRandom(7)
    const draw = (size: number): readonly number[] => {
      const raw = Array.from({ length: size }, () => 0.01 + random())
      const total = raw.reduce((sum, one) => sum + one, 0)
      return raw.map((one) => one / total)
    }
    for (let trial = 0; trial < 500; trial++) {
      const generator = [draw(4), draw(4)]
      const classifier = [draw(2), draw(2), draw(2), draw(2)]
      expect(gameValue(game, generator, played.classifier)).toBeLessThanOrEqual(played.value + 1e-9)
      expect(gameValue(game, played.generator, classifier)).toBeGreaterThanOrEqual(played.value - 1e-9)
    }
  })
})

test.each([0.25, 0.5, 1])('with β %d it swings for ever, and the driver says so', (beta) => {
  const played = playToyGame(mirroredGame(beta), START)
  expect(played.converged).toBe(false)
  expect(played.ratio).toBeCloseTo(1, 6)
})

test('the smaller β, the more the generator leaves what the classifier gets right', () => {
  const shares = [2, 5, 100].map((beta) => playToyGame(mirroredGame(beta), START).generator[0]?.[0] ?? 0)
  expect(shares).toEqual(shares.toSorted((left, right) => left - right))
  expect(shares[0]).toBeLessThan(0.5)
})

test('a best response to a classifier that knows nothing is the reference; the best classifier counts masses', () => {
  const game = mirroredGame(3)
  const ignorant = [0.5, 0.5, 0.5, 0.5].map((share) => [share, share])
  const answer = bestGenerator(game, ignorant)
  answer[0]?.forEach((share, text) => expect(share).toBeCloseTo(game.seeds[0]?.reference[text] ?? 0, 12))
  expect(bestClassifier(game, answer)[0]?.[0]).toBeCloseTo(0.5 / 0.55, 9)
})

test.each([
  ['β of 0', { ...mirroredGame(1), beta: 0 }, START],
  ['no seeds', { ...mirroredGame(1), seeds: [] }, START],
  [
    'weights that do not add up',
    { ...mirroredGame(1), seeds: mirroredGame(1).seeds.map((seed) => ({ ...seed, weight: 0.4 })) },
    START,
  ],
  [
    'a label that is none',
    { ...mirroredGame(1), seeds: mirroredGame(1).seeds.map((seed) => ({ ...seed, label: 2 })) },
    START,
  ],
  [
    'a text without reference',
    { ...mirroredGame(1), seeds: mirroredGame(1).seeds.map((seed) => ({ ...seed, reference: [1, 0, 0, 0] })) },
    START,
  ],
  ['a sure classifier', mirroredGame(1), [[1, 0], ...START.slice(1)]],
])('%s is refused', (_, game, start) => {
  expect(() => playToyGame(game, start)).toThrow(expect.objectContaining({ code: 'configuration' }))
})
