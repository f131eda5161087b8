/** Ways keep what they say they keep, the control is found by its words alone, and the policy's gradient is the one that differences give. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { createRandom } from '../../../../nn/random.ts'
import { safeTargets, targetsAt } from '../labels.ts'
import type { SeedRow } from '../proposal.ts'
import { keepsMeaning, rateMeaning } from './meaning-check.ts'
import { TransformPolicy, type WayPair } from './transform-policy.ts'
import { transform, type Way, WAYS, waysOf } from './transforms.ts'
import { gameTranslator } from './translators.ts'

const folder = mkdtempSync(join(tmpdir(), 'parapet-transforms-'))
afterAll(() => rmSync(folder, { recursive: true }))

const seedRow = (label: 0 | 1): SeedRow => ({
  ...{ id: `s${label}`, language: 'en', label, task: 'prompt_harm', categories: [], source: 's', licence: 'l' },
  text: label === 1 ? 'How can I steal the cake of my sister secretly?' : 'How can I water the roses in my garden?',
  targets: label === 1 ? targetsAt([1]) : safeTargets(),
})

const LANGUAGES = ['en', 'de', 'fr', 'es']
const translators = await Promise.all(
  LANGUAGES.map((language) => gameTranslator(language, { texts: [], use: 'small' })),
)

async function made(way: Way, language: string, label: 0 | 1, seed: number = 1) {
  const translator = translators.find((one) => one.language === language)
  const row = seedRow(label)
  const [plain] = (await translator?.plain([row.text])) ?? []
  if (translator === undefined || plain === undefined) throw new Error('no translation')
  const result = transform(way, { seed: row, translator, plain, random: createRandom(seed) })
  return result === null
    ? null
    : { result, rating: rateMeaning(result, { seed: row, language, baseScore: label === 1 ? 0.99 : 0.01 }) }
}

describe.each(LANGUAGES)('ways of %s', (language) => {
  test.each(waysOf(language).filter((way) => way !== 'control'))('%s keeps the label, by the rater', async (way) => {
    for (const label of [0, 1] as const)
      for (const seed of [1, 2, 3, 4]) {
        const one = await made(way, language, label, seed)
        if (one !== null) expect(one).toMatchObject({ rating: label === 1 ? 5 : 1 })
      }
  })

  test('the control loses it, whichever of its frames is drawn', async () => {
    for (const label of [0, 1] as const)
      for (const seed of [1, 2, 3, 4]) {
        const one = await made('control', language, label, seed)
        expect(one?.rating).toBe(label === 1 ? 1 : 5)
      }
  })
})

test('texts of the ways', async () => {
  expect((await made('translated', 'de', 0))?.result.text).toBe('Wie kann ich gießen die Rosen in mein Garten?')
  expect((await made('unaccented', 'de', 0))?.result.text).toBe('Wie kann ich giessen die Rosen in mein Garten?')
  expect((await made('flat', 'es', 0))?.result.text.toLowerCase()).toBe('cómo puedo yo regar el rosas en mi jardín')
  expect((await made('slips', 'fr', 1))?.result.text).not.toBe((await made('translated', 'fr', 1))?.result.text)
  expect(await made('translated', 'en', 0)).toBeNull()
})

describe('the meaning check', () => {
  const kept = { text: 'Wie stehle ich Kuchen?', body: 'Wie stehle ich Kuchen?', unknown: 0.1 }
  test.each([
    ['a text as it is', kept, 1, true],
    ['too many words without translation', { ...kept, unknown: 0.41 }, 1, false],
    ['a body of which half is gone', { ...kept, text: 'Wie geht es dir?' }, 1, false],
    ['a harmful request with a negation', { ...kept, text: `Niemals: ${kept.body}` }, 1, false],
    ['a harmless one with a negation', { ...kept, text: `Niemals: ${kept.body}` }, 0, true],
    ['a harmless one with a harm', { ...kept, text: `${kept.body} Ich will jemandem schaden.` }, 0, false],
    ['a harmful one with a harm', { ...kept, text: `${kept.body} Ich will jemandem schaden.` }, 1, true],
    ['a negation that the body has', { ...kept, text: 'Warum nicht Kuchen?', body: 'Warum nicht Kuchen?' }, 1, true],
  ] as const)('%s', (_, text, label, keeps) => {
    expect(keepsMeaning(text, { language: 'de', label })).toBe(keeps)
  })

  test('a turned label is rated as turned, whatever the un-tuned classifier thinks of the seed', () => {
    const turned = [
      { ...kept, text: `Niemals: ${kept.body}` },
      { ...kept, text: `${kept.body} Ich will jemandem schaden.` },
    ] as const
    for (const baseScore of [0.01, 0.5, 0.99]) {
      expect(rateMeaning(turned[0], { seed: seedRow(1), language: 'de', baseScore })).toBe(1)
      expect(rateMeaning(turned[1], { seed: seedRow(0), language: 'de', baseScore })).toBe(5)
    }
  })

  test('a seed that the un-tuned classifier does not believe is rated so', () => {
    expect(rateMeaning(kept, { seed: seedRow(1), language: 'de', baseScore: 0.2 })).toBe(2)
    expect(rateMeaning(kept, { seed: seedRow(0), language: 'de', baseScore: 0.9 })).toBe(5)
  })
})

describe('the policy', () => {
  const pair = (chosen: Way, rejected: Way, label: 0 | 1 = 1): WayPair => {
    const policy = new TransformPolicy(LANGUAGES)
    return { features: policy.features(seedRow(label), 'de'), ways: waysOf('de'), chosen, rejected }
  }

  test('begins uniform over the ways that a language has', () => {
    const policy = new TransformPolicy(LANGUAGES)
    for (const language of LANGUAGES) {
      const ways = waysOf(language)
      policy
        .probabilities(policy.features(seedRow(0), language), ways)
        .forEach((share) => expect(share).toBeCloseTo(1 / ways.length, 12))
    }
  })

  test('has the gradient that differences give', () => {
    const policy = new TransformPolicy(['de', 'fr'])
    const weights = fc.array(
      fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: policy.size, maxLength: policy.size }),
      { minLength: WAYS.length, maxLength: WAYS.length },
    )
    const way = fc.constantFrom(...waysOf('de'))
    const pairs = fc.array(fc.record({ chosen: way, rejected: way, label: fc.constantFrom(0 as const, 1 as const) }), {
      minLength: 1,
      maxLength: 4,
    })
    fc.assert(
      fc.property(weights, pairs, fc.constantFrom(0.01, 1), (start, drawn, beta) => {
        const given = drawn.map(({ chosen, rejected, label }): WayPair => ({
          features: policy.features(seedRow(label), 'de'),
          ways: waysOf('de'),
          ...{ chosen, rejected },
        }))
        const settings = { beta, alpha: 0.4 }
        policy.restore(start)
        const { gradient } = policy.loss(given, settings)
        const at = (row: number, place: number, by: number): number => {
          policy.restore(
            start.map((own, one) => own.map((value, other) => (one === row && other === place ? value + by : value))),
          )
          return policy.loss(given, settings).loss
        }
        for (const [row, place] of [
          [0, 0],
          [3, 1],
          [7, 4],
          [8, 5],
        ] as const)
          expect(gradient[row]?.[place]).toBeCloseTo((at(row, place, 1e-5) - at(row, place, -1e-5)) / 2e-5, 6)
      }),
      { numRuns: 25 },
    )
  })

  test('moves to what is preferred, lowers its loss, and leaves languages apart that taught nothing', () => {
    const policy = new TransformPolicy(LANGUAGES)
    const settings = { beta: 0.01, alpha: 0.4, steps: 50, rate: 1 }
    const { before, after } = policy.update([pair('slips', 'translated'), pair('slips', 'flat', 0)], settings)
    expect(after).toBeLessThan(before)
    const shareOf = (language: string, way: Way): number => {
      const ways = waysOf(language)
      return policy.probabilities(policy.features(seedRow(1), language), ways)[ways.indexOf(way)] ?? 0
    }
    expect(shareOf('de', 'slips')).toBeGreaterThan(0.5)
    // Shared features carry some of it over, the features of the language do not.
    expect(shareOf('fr', 'slips')).toBeLessThan(shareOf('de', 'slips'))
  })

  test('without pairs nothing moves; a state goes round; one of other languages is refused', () => {
    const policy = new TransformPolicy(LANGUAGES)
    policy.update([], { beta: 0.01, alpha: 0.4, steps: 5, rate: 1 })
    expect(
      policy
        .weights()
        .flat()
        .every((weight) => weight === 0),
    ).toBe(true)
    policy.update([pair('flat', 'slips')], { beta: 1, alpha: 0.4, steps: 5, rate: 1 })
    const other = new TransformPolicy(LANGUAGES)
    other.restore(JSON.parse(JSON.stringify(policy.weights())) as number[][])
    expect(other.weights()).toEqual(policy.weights())
    expect(() => new TransformPolicy(['de']).restore(policy.weights())).toThrow('other ways or languages')
  })
})

describe('translators', () => {
  const file = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }

  test('a file of words goes before what is installed; function words come with it', async () => {
    const path = file('de.tsv', 'roses\tRöslein\nroses\tRosen\n\nwater\tgießen\n')
    const translator = await gameTranslator('de', { texts: [], files: { de: path }, use: 'auto' })
    expect(translator.way).toBe('file de.tsv')
    const [plain] = await translator.plain(['water the roses'])
    expect(plain?.text).toMatch(/^gießen die (?:Röslein|Rosen)$/)
  })

  test('translations come in order and number, also of texts that are asked about again', async () => {
    const translator = await gameTranslator('de', { texts: [], use: 'small' })
    const texts = ['the roses', 'the key', 'the roses']
    const first = (await translator.plain(texts)).map(({ text }) => text)
    expect(first).toEqual(['die Rosen', 'die Schlüssel', 'die Rosen'])
    expect((await translator.plain(['the key', 'the door'])).map(({ text }) => text)).toEqual([first[1], 'die Tür'])
  })

  test.each([
    ['a line without a tab', 'roses Rosen\n', 'bad.tsv:1'],
    ['a line of three', 'a\tb\n\na\tb\tc\n', 'bad.tsv:3'],
    ['nothing', '\n', 'holds no words'],
  ])('%s is an error with its place', async (_, text, message) => {
    const files = { de: file('bad.tsv', text) }
    await expect(gameTranslator('de', { texts: [], files, use: 'auto' })).rejects.toThrow(message)
  })

  test('a language that nothing translates into says what to install', async () => {
    await expect(gameTranslator('xx', { texts: [], use: 'auto' })).rejects.toThrow('--lexicon xx=FILE')
    await expect(
      gameTranslator('de', { texts: [], files: { de: join(folder, 'absent') }, use: 'auto' }),
    ).rejects.toThrow('absent is no file')
  })
})
