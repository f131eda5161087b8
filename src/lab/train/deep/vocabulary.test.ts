/** New pieces: chosen by what they save, the same each time, and without harm to English. */
import { describe, expect, test } from 'vitest'
import { UnigramTokenizer } from '../../../nn/tokenizer/unigram.ts'
import type { TrainingRecord } from '../records.ts'
import { type Pieces, extendVocabulary, textsByLanguage } from './vocabulary.ts'

const LETTERS = [...'abcdefghijklmnopqrstuvwxyz']
const BASE: Pieces = [
  ['<unk>', 0],
  ['▁', -3],
  ['▁the', -2],
  ['▁garden', -6],
  ['▁water', -6],
  ...LETTERS.map((letter): [string, number] => [letter, -5]),
]
const GERMAN = [
  'die Blumen und die Gärten',
  'die Gärten im Mai',
  'und die Blumen im Topf',
  'die Blumen giessen',
  'Gärten und Topf',
]
const CHINESE = ['给花园浇水', '花园里的花', '我的花园', '花园很大', '浇水']
const ENGLISH = ['the garden', 'water the garden', 'the water of the garden']
const OPTIONS = {
  base: BASE,
  reserved: 1,
  texts: new Map([
    ['de', [...GERMAN, ...GERMAN, ...GERMAN]],
    ['zh', CHINESE],
  ]),
  english: ENGLISH,
  budgets: { de: 12, zh: 4 },
}

describe('an extended vocabulary', () => {
  const { pieces, languages, englishShare } = extendVocabulary(OPTIONS)
  const added = pieces.slice(BASE.length).map(([piece]) => piece)

  test('keeps the base and adds what the budgets allow, each piece once', () => {
    expect(pieces.slice(0, BASE.length)).toEqual(BASE)
    expect(languages['de']?.pieces).toBe(12)
    // Of the Chinese parts only those met four times or more count.
    expect(added.filter((piece) => /\p{Script=Han}/u.test(piece))).toEqual(['花园', '花', '园'])
    expect(new Set(pieces.map(([piece]) => piece)).size).toBe(pieces.length)
  })

  test('saves tokens in its languages', () => {
    const [old, fresh] = [BASE, pieces].map((list) => new UnigramTokenizer({ pieces: list, reserved: 1 }))
    const tokens = (tokenizer: UnigramTokenizer | undefined): number =>
      GERMAN.reduce((sum, text) => sum + (tokenizer?.encode(text).length ?? 0), 0)
    expect(tokens(fresh)).toBeLessThan(0.8 * tokens(old))
    expect(languages['de']?.charactersPerToken).toBeCloseTo(GERMAN.join('').length / tokens(fresh), 9)
  })

  test('leaves English nearly as it was: the measured share is below the limit', () => {
    expect(englishShare).toBeLessThan(0.03)
    // Without the penalty `die`, more frequent in German than letter by letter in English, would take over.
    const frequent = extendVocabulary({ ...OPTIONS, english: ['die die die'] })
    const die = frequent.pieces.find(([piece]) => piece === '▁die')?.[1] ?? 0
    expect(die).toBeLessThan(pieces.find(([piece]) => piece === '▁die')?.[1] ?? 0)
  })

  test('depends on the texts alone, and scores are float32', () => {
    expect(extendVocabulary(OPTIONS).pieces).toEqual(pieces)
    expect(pieces.slice(BASE.length).every(([, score]) => Math.fround(score) === score && score < 0)).toBe(true)
  })

  test('a language without texts adds nothing', () => {
    const none = extendVocabulary({ ...OPTIONS, texts: new Map(), english: [] })
    expect(none.pieces).toEqual(BASE)
    expect(none.languages['zh']).toEqual({ texts: 0, pieces: 0, charactersPerToken: 0 })
    expect(none.englishShare).toBe(0)
  })
})

test('texts of records are sorted by language, prompt and response together', () => {
  const record = (lang: string, prompt: string, response: string | null): TrainingRecord => ({
    ...{ task: 'benign', label: 0, lang, prompt, response },
    ...{ system: null, categories: [], source: 'invented', licence: 'CC0' },
  })
  const texts = textsByLanguage([
    record('de-AT', 'Servus', 'Griaß di'),
    record('en', 'Hello', null),
    record('de', 'Hallo', null),
  ])
  expect([...texts.keys()]).toEqual(['de', 'en'])
  expect(texts.get('de')?.map((text) => text.trim())).toEqual(['Servus Griaß di', 'Hallo'])
})
