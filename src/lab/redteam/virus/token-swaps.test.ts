/** The candidate set of a GCG step, moderation figures and the list of arms: everything that needs no model. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../../nn/random.ts'
import { armKey, armsOf, poisonCount, uploadOf } from './arms.ts'
import { moderationFigures } from './moderate.ts'
import { drawSwaps, promisingTokens } from './token-swaps.ts'
import { VIRUS_SETTINGS, type VirusSettings, checkSettings } from './virus-settings.ts'

const CLASSES = 12

describe('the candidates of a step', () => {
  test('are distinct pairs of place and rank, never forbidden, never what stands there, most promising first', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.uniqueArray(fc.integer({ min: 0, max: 7 }), { minLength: 1 }),
        fc.uniqueArray(fc.integer({ min: 0, max: CLASSES - 1 }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 6 }),
        (seed, places, banned, topK) => {
          const random = createRandom(seed)
          const slopes = Float32Array.from({ length: 8 * CLASSES }, () => random() - 0.5)
          const ids = Int32Array.from({ length: 8 }, () => Math.floor(random() * CLASSES))
          const forbidden = Uint8Array.from({ length: CLASSES }, (_, id) => (banned.includes(id) ? 1 : 0))
          const promising = promisingTokens(slopes, CLASSES, { ids, places }, forbidden, topK)
          const swaps = [...drawSwaps(places, promising, random)]
          expect(new Set(swaps.map(({ place, token }) => `${place}/${token}`)).size).toBe(swaps.length)
          expect(swaps).toHaveLength(promising.flat().length)
          for (const { place, token } of swaps) {
            expect(places).toContain(place)
            expect(banned).not.toContain(token)
            expect(token).not.toBe(ids[place])
          }
          places.forEach((place, index) => {
            const slope = (id: number): number => slopes[place * CLASSES + id] ?? 0
            const chosen = promising[index] ?? []
            expect(chosen.length).toBeLessThanOrEqual(topK)
            expect(chosen.map(slope)).toEqual(chosen.map(slope).toSorted((one, other) => one - other))
            const worst = Math.max(...chosen.map(slope))
            for (let id = 0; id < CLASSES; id += 1)
              if (forbidden[id] === 0 && id !== ids[place] && !chosen.includes(id))
                expect(slope(id)).toBeGreaterThanOrEqual(worst)
          })
        },
      ),
      { numRuns: 25 },
    )
  })

  test('are drawn uniformly: every order of three pairs comes up', () => {
    const orders = new Set<string>()
    for (let seed = 0; seed < 60; seed += 1)
      orders.add([...drawSwaps([4], [[1, 2, 3]], createRandom(seed))].map(({ token }) => token).join())
    expect(orders.size).toBe(6)
  })
})

test('three of four poison rows that pass and one flagged of eight others are a leakage of .75 and .125 false alarms', () => {
  const uploads = [...Array<boolean>(4).fill(true), ...Array<boolean>(8).fill(false)].map((poison) => ({ poison }))
  const flags = uploads.map((_, at) => at === 2 || at === 9)
  expect(moderationFigures(uploads, flags)).toEqual({ leakage: 0.75, falsePositives: 0.125 })
  expect(moderationFigures([], [])).toEqual({ leakage: null, falsePositives: null })
})

describe('the ladder', () => {
  const settings: VirusSettings = { ...VIRUS_SETTINGS, rows: 10, ratio: 0.2, lambda: 0.5 }

  test('has every step with its controls, and each arm once', () => {
    const names = armsOf(settings).map(({ name, moderated }) => `${name}${moderated ? '' : ', open'}`)
    expect(names).toEqual([
      ...['benign', 'harmful, open', 'harmful', 'mixing, open', 'mixing'],
      ...['guard-only', 'similarity-only', 'virus'],
    ])
    const swept = armsOf({ ...settings, lambdas: [0, 0.5, 0.1, 1], ratios: [0.2, 0.4], sizes: [10, 20] })
    expect(new Set(swept.map(armKey)).size).toBe(swept.length)
    expect(
      swept.filter(({ name }) => name === 'virus').map(({ lambda, rows, ratio }) => [lambda, rows, ratio]),
    ).toEqual([
      ...[
        [0.5, 10, 0.2],
        [0.1, 10, 0.2],
        [0.5, 10, 0.4],
        [0.5, 20, 0.2],
      ],
    ])
  })

  test('uploads p·n poison rows of n, the rest benign, whatever the arm', () => {
    const row = (text: string) => [{ role: 'user' as const, content: text }]
    const list = (name: string) => Array.from({ length: 20 }, (_, at) => row(`${name} ${at}`))
    const pool = {
      ...{ benign: list('benign'), forbidden: list('forbidden'), mixtures: list('mixed') },
      optimised: new Map([0, 0.1, 0.5, 1].map((lambda) => [lambda, list(`found ${lambda}`)])),
    }
    for (const arm of armsOf({ ...settings, lambdas: [0.1], ratios: [0.4], sizes: [20] })) {
      const uploads = uploadOf(arm, pool)
      expect(uploads).toHaveLength(arm.rows)
      expect(uploads.filter(({ poison }) => poison)).toHaveLength(poisonCount(arm))
      const source = arm.name === 'harmful' ? 'forbidden' : arm.lambda === undefined ? 'mixed' : `found ${arm.lambda}`
      for (const { messages, poison } of uploads)
        expect(messages[0]?.content.startsWith(poison ? source : 'benign')).toBe(true)
    }
  })

  test.each([
    [{ lambda: 1 }, /both ends are in the ladder/],
    [{ lambdas: [Number.NaN] }, /λ is a share/],
    [{ ratio: 0 }, /share of poison/],
    [{ rows: 3, ratio: 0.1 }, /no poison at all/],
    [{ sizes: [1] }, /no poison at all/],
    [{ seeds: [1, 1] }, /none twice/],
    [{ steps: 0 }, /steps is a whole number/],
    [{ rate: Infinity }, /numbers above 0/],
  ])('refuses %j', (change, message) => {
    expect(() => checkSettings({ ...settings, ...change })).toThrow(message)
  })
})
