import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { targetFrequency } from './lexicon-files.ts'
import type { Lexicon } from './lexicon.ts'
import {
  cedictPairs,
  cleanTerm,
  decodeDictNumber,
  dingPairs,
  edictPairs,
  freedictTargets,
  lexiconOf,
  muellerTargets,
  rankTargets,
  readDictd,
} from './lexicon.ts'
import { baseForms, translateWords } from './word-by-word.ts'

let folder: string
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'parapet-lexicon-'))))
afterAll(() => rmSync(folder, { recursive: true }))

const LEXICON: Lexicon = new Map([
  ['cake', ['Kuchen', 'Torte']],
  ['bake', ['backen']],
  ['city', ['Stadt']],
  ['city hall', ['Rathaus']],
  ['stop', ['anhalten']],
])
const german = (text: string, share = 1): string =>
  translateWords(text, new Map([...LEXICON, ['cake', ['Kuchen']]]), { language: 'de', seed: 1, share }).text

test('a dictd dictionary is read by its base-64 index', () => {
  const entries = [
    'bimble /bim/ <n>\n1. Bamm, Bumm (dated)\n      "a bimble"  - ein Bamm\n see: {bamble}\n',
    'zorb /z/\nZorbe\n',
  ]
  const data = Buffer.from(entries.join(''))
  const first = Buffer.byteLength(entries[0] ?? '')
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  const number = (value: number): string => `${digits[value >> 6] ?? ''}${digits[value & 63] ?? ''}`
  const rows = [
    '00databaseshort\tA\tA',
    `bimble\tA\t${number(first)}`,
    `zorb\t${number(first)}\t${number(data.length - first)}`,
  ]
  writeFileSync(join(folder, 'toy.index'), `${rows.join('\n')}\n`)
  writeFileSync(join(folder, 'toy.dict.dz'), gzipSync(data))
  const read = readDictd(join(folder, 'toy'))
  expect(read.map(({ headword, entry }) => [headword, freedictTargets(entry)])).toEqual([
    ['bimble', ['Bamm', 'Bumm']],
    ['zorb', ['Zorbe']],
  ])
  expect(decodeDictNumber('BA')).toBe(64)
  expect(() => decodeDictNumber('B?')).toThrow('not a number of a dictd index')
  expect(() => readDictd(join(folder, 'none'))).toThrow('lists the Debian packages')
})

test('Ding, EDICT, CC-CEDICT and Mueller lines become pairs', () => {
  const ding =
    'Bamm {m}; Bumm {m} | Bamme {pl} :: bimble {a; b} [Br.] | bimbles\netw. zorben {vt} :: to zorb sth.\n# remark :: no'
  expect([...lexiconOf(dingPairs(ding))]).toEqual([
    ['bimble', ['Bamm', 'Bumm']],
    ['bimbles', ['Bamme']],
    ['zorb', ['zorben']],
  ])
  const edict = 'header\n木々 [きぎ] /(n) many trees/\n木 [き] /(n) tree/wood/(P)/\n'
  expect([...lexiconOf(edictPairs(edict)).keys()]).toEqual(['tree', 'wood', 'many trees'])
  const cedict = '# remark\n貓 猫 [mao1] /cat/CL:隻|只[zhi1]/\n'
  expect([...lexiconOf(cedictPairs(cedict))]).toEqual([['cat', ['猫']]])
  const mueller =
    'zorb\n   [zɔ:b]\n   1. _n.\n      1) шар; клубок (ниток); to roll a zorb катить шар\n      2) _разг. мяч, ком\n'
  expect(muellerTargets(mueller)).toEqual(['шар', 'клубок', 'мяч', 'ком'])
})

test('terms lose marks and placeholders', () => {
  expect(cleanTerm(' 1. jdn. (heimlich) {vt} anrufen [tel.] ; ')).toBe('anrufen')
  expect(cleanTerm('sb.')).toBe('')
})

test('targets found in more pairs come first; frequent, unshared and short ones rank higher', () => {
  const pairs: [string, string][] = [
    ['big', 'riesig'],
    ['big', 'groß'],
    ['big', 'groß'],
    ['huge', 'riesig'],
  ]
  const lexicon = lexiconOf(pairs)
  expect(lexicon.get('big')).toEqual(['groß', 'riesig'])
  const frequency = targetFrequency(['riesig riesig riesig riesig riesig riesig riesig riesig', '猫が猫'])
  expect(rankTargets(lexicon, frequency).get('big')).toEqual(['riesig', 'groß'])
  expect([frequency('riesig'), frequency('sehr riesig'), frequency('が猫')]).toEqual([8, 0, 1])
})

test('phrases, base forms and function words; names stay and count as unknown', () => {
  const result = translateWords('Mia is baking in the city hall. Cities stopped!', LEXICON, { language: 'de', seed: 1 })
  expect(result).toEqual({ text: 'Mia ist backen in die Rathaus. Stadt anhalten!', words: 9, unknown: 1 })
})

test('contractions are opened and words without a counterpart go', () => {
  expect(german("I can't bake.")).toBe('Ich kann nicht backen.')
  expect(german('Yes, I bake')).toBe('Ja, ich backen')
  const lexicon: Lexicon = new Map([
    ['cat', ['猫']],
    ['big', ['大きい']],
  ])
  expect(translateWords('The big cat, Mia', lexicon, { language: 'ja', seed: 1 }).text).toBe('大きい猫, Mia')
})

test('a share of the words stays English', () => {
  const cakes = Array.from({ length: 400 }, () => 'cake').join(' ')
  const translated = german(cakes, 0.25)
    .split(' ')
    .filter((word) => word === 'Kuchen').length
  expect(translated).toBeGreaterThan(60)
  expect(translated).toBeLessThan(140)
  expect(german(cakes, 0)).toBe(cakes)
})

test('the first sense is the commonest, the seed decides, and the same seed decides alike', () => {
  const cakes = Array.from({ length: 500 }, () => 'cake').join(' ')
  const once = translateWords(cakes, LEXICON, { language: 'de', seed: 3 }).text
  const first = once.split(' ').filter((word) => word === 'Kuchen').length
  // Weights 1 and 1/4 give 80 %.
  expect(first / 500).toBeGreaterThan(0.7)
  expect(first / 500).toBeLessThan(0.9)
  expect(translateWords(cakes, LEXICON, { language: 'de', seed: 3 }).text).toBe(once)
  expect(translateWords(cakes, LEXICON, { language: 'de', seed: 4 }).text).not.toBe(once)
})

test('any text: unknown never exceeds words', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 80 }), fc.integer(), (text, seed) => {
      const { words, unknown } = translateWords(text, LEXICON, { language: 'de', seed })
      expect(unknown).toBeLessThanOrEqual(words)
    }),
  )
})

test.each([
  ['cities', 'city'],
  ['knives', 'knife'],
  ['boxes', 'box'],
  ['stopped', 'stop'],
  ['making', 'make'],
  ['happiest', 'happy'],
  ['slowly', 'slow'],
])('%s comes from %s', (form, base) => {
  expect(baseForms(form)).toContain(base)
})
