/** The cheap decision of the language: on invented sentences, and null where it cannot tell. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { spokenLanguage } from './spoken-language.ts'

test.each([
  ['en', 'What should I cook for my friends when they are here on Sunday?'],
  ['de', 'Wie lange muss ich die Kartoffeln kochen, damit sie nicht zu weich werden?'],
  ['fr', 'Comment est-ce que je peux planter des tomates sur mon balcon sans une grande caisse ?'],
  ['es', '¿Cómo puedo hacer un pastel para el cumpleaños de mi hermana sin una receta?'],
  ['it', 'Come posso fare una torta per il compleanno di mia sorella con le mele?'],
  ['pt', 'Como posso fazer um bolo para o aniversário da minha irmã com as maçãs do jardim?'],
  ['zh', '请问明天去公园的公共汽车几点开?'],
  ['ja', '明日の公園行きのバスは何時に出ますか。'],
  ['ko', '내일 공원에 가는 버스는 몇 시에 출발하나요?'],
  ['ar', 'متى تغادر الحافلة إلى الحديقة غدا؟'],
  ['hi', 'कल पार्क जाने वाली बस कितने बजे निकलती है?'],
  ['ru', 'Во сколько завтра уходит автобус в парк?'],
])('%s', (language, sentence) => {
  expect(spokenLanguage(sentence)).toBe(language)
  expect(spokenLanguage(sentence.toUpperCase())).toBe(language)
})

test('what is short, mixed, no text or another language has none', () => {
  for (const text of ['', 'hi', 'x = 1 + 2;', '12:30', 'Tomate', 'коли їде автобус і куди', 'این کتاب را کجا پیدا کنم'])
    expect(spokenLanguage(text)).toBeNull()
  expect(spokenLanguage('公园公园公园 abcdefgh ijklmnop')).toBeNull()
})

test('only the beginning counts, so that a stream can decide', () => {
  const beginning = 'Wie lange muss ich die Kartoffeln kochen, damit sie nicht zu weich werden? '.repeat(6)
  expect(beginning.length).toBeGreaterThan(400)
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (rest) => {
      expect(spokenLanguage(beginning + rest)).toBe('de')
    }),
  )
})
