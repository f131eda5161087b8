/** Moderation figures, the list of arms and the checks of settings: everything of Virus that needs no model. */
import { describe, expect, test } from 'vitest'
import { armKey, armsOf, poisonCount, uploadOf } from './arms.ts'
import { moderationFigures } from './moderate.ts'
import { VIRUS_SETTINGS, type VirusSettings, checkSettings } from './virus-settings.ts'

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
