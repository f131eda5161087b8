import { expect, test } from 'vitest'
import { atomsOf, datesAgree, sameQuantity } from './atoms.ts'
import { deny, wordSet } from './polarity.ts'
import { sentencesOf } from './sentences.ts'

test.each([
  ['It weighs 1,250 grams.', [1250, 1.25]],
  ['Es wiegt 1.250,5 Gramm.', [1250.5]],
  ['Il pèse 1 250 grammes.', [1250]],
  ['It grew by 3.5 %.', [3.5]],
  ['It has twelve rooms.', [12]],
  ['Er hat fünf Räder.', [5]],
  ['The A4 page has no number.', []],
])('numbers of %j', (text, values) => {
  expect(atomsOf(text).numbers.flatMap((number) => number.values)).toEqual(values)
})

test.each([
  ['on 3 May 1987', { day: 3, month: 5, year: 1987 }],
  ['on May 3rd, 1987', { day: 3, month: 5, year: 1987 }],
  ['am 3. Mai 1987', { day: 3, month: 5, year: 1987 }],
  ['seit dem 3. Mai 1987', { day: 3, month: 5, year: 1987 }],
  ['le 1er août 1987', { day: 1, month: 8, year: 1987 }],
  ['el 3 de mayo de 1987', { day: 3, month: 5, year: 1987 }],
  ['1987-05-03', { day: 3, month: 5, year: 1987 }],
  ['05/31/1987', { day: 31, month: 5, year: 1987 }],
  ['in May 1987', { month: 5, year: 1987 }],
])('the date of %j is no number', (text, date) => {
  const { dates, numbers } = atomsOf(text)
  expect(dates).toMatchObject([date])
  expect(numbers).toEqual([])
})

test('dates agree where nothing that both say differs, numbers where one reading is common', () => {
  const [long, short, other] = ['3 May 1987', 'May 1987', '4 May 1987'].map((text) => atomsOf(text).dates[0])
  if (long === undefined || short === undefined || other === undefined) throw new Error('no dates')
  expect([datesAgree(long, short), datesAgree(long, other)]).toEqual([true, false])
  const [english, german] = ['1,250', '1.250'].map((text) => atomsOf(text).numbers[0])
  if (english === undefined || german === undefined) throw new Error('no numbers')
  expect(sameQuantity(english, german)).toBe(true)
})

test.each([
  ['Dogs are allowed.', 'Dogs are not allowed.', true],
  ["Dogs aren't allowed.", 'Dogs are not allowed.', false],
  ['The shop is open.', 'The shop is closed.', true],
  ['The shop is not open.', 'The shop is closed.', false],
  ['Hunde sind verboten.', 'Hunde sind erlaubt.', true],
  ['Les chiens ne sont pas admis.', 'Les chiens sont admis.', true],
  ['Nunca llueve.', 'No llueve nunca.', false],
])('%j denies %j: %s', (claim, sentence, denies) => {
  expect(deny(wordSet(claim), wordSet(sentence))).toBe(denies)
})

test('sentences end at marks, not at abbreviations, decimals and ordinals', () => {
  const text = 'Dr. Mora paid 3.5 % on 1. Mai 2020 [1]. "Why?" she asked.\n- One point\n2. Two\n今日は。明日も。'
  expect(sentencesOf(text).map((sentence) => sentence.text)).toEqual([
    'Dr. Mora paid 3.5 % on 1. Mai 2020 [1].',
    '"Why?"',
    'she asked.',
    'One point',
    'Two',
    '今日は。',
    '明日も。',
  ])
  for (const { start, end, text: sentence } of sentencesOf(text)) expect(text.slice(start, end)).toBe(sentence)
})
