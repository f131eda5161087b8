/**
 * The quick ways past a recogniser change nothing: with its gate and its anchor a recogniser finds what it finds without them, in
 * texts put together from values, words of their surroundings, and mistakes.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createPatternScanner } from '../../core/scan/index.ts'
import { createTextView } from '../../core/text/index.ts'
import { ADDRESSES } from './address.ts'
import type { Shape } from './candidate.ts'
import { toRecogniser } from './candidate.ts'
import { digitRows, forgetProfile, profileOf } from './profile.ts'
import { NATIONAL } from './recognisers-national.ts'
import { INTRODUCTIONS, PERSONAL } from './recognisers-personal.ts'
import { TECHNICAL } from './recognisers-technical.ts'

const SHAPES: readonly Shape[] = [...TECHNICAL, ...NATIONAL, ...PERSONAL, ...ADDRESSES, ...INTRODUCTIONS]

/** A text of each kind, some of them without what its checks ask for. */
const VALUES: readonly string[] = [
  'joe.doe@example.com',
  'postgres://user:hunter2@db.internal/x',
  '4111 1111 1111 1111',
  'DE89 3704 0044 0532 0130 00',
  'BIC: DEUTDEFF',
  '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa',
  '0x52908400098527886E0F7030069857D2E4169EE7',
  '198.51.100.7',
  '2001:db8::8a2e:370:7334',
  'fe80::1',
  '00:1B:44:11:3A:B7',
  'SSN 123-45-6789',
  'QQ 12 34 56 C',
  'Personalausweis L01X00T47',
  'RSSMRA85T10A562S',
  'RSS MRA 85T10 A562S',
  'codice fiscale RSSMRALRTMLAPQNS',
  'CNPJ 12.ABC.345/01DE-35',
  'empresa 12ABC34501DE 35',
  'PAN ABCPE1234F',
  'pan card ABCPE 1234 F',
  '12345678Z',
  'X1234567L',
  'born on 12 March 1985',
  'dob: March 3rd, 1985',
  'date of birth: September. 3rd, 1985',
  'urodzona października 3, 1985',
  'geboren am 01.02.85',
  '生年月日 1985年 3月 12日',
  'geb. 1985-03-12',
  'passport no. X1234567',
  'passport 12AB34567',
  "driver's license number is A56319335",
  'DL: AB-1234-567',
  '221 Baker Street, London NW1 6XE',
  '12 allée des Tilleuls',
  'Calle de Alcalá, 45',
  'Via Roma12',
  'Lindenstraße 5, 10969 Berlin',
  'An der Alten Post 3',
  'Keizersgracht 12',
  'P.O. Box 1234',
  'PSC 123 Box 4567 APO AE 09498',
  'Apt. #5B',
  'Springfield, IL 62704',
  'D-10969 Berlin',
  'zip code 12345',
  'postal code 100-0001',
  'PLZ 1234 AB',
  '〒100-0001',
  '北京市朝阳区建国路88号',
  'My name is Anna Schmidt',
  "my name's Bo Lind",
  'I am called Bo',
  'name: Bo Lind',
  'full name is Élodie Martin',
  'ich heiße Karl',
  'ich heisse Karl',
  'mein name ist Karl',
  'mon nom est Luc',
  'me llamo José',
  'mi nombre es Ana',
  'mi chiamo Luca',
  'meu nome é Ana',
  'chamo-me Rui',
  'me chamo Rui',
  'mijn naam is Piet',
  'ik heet Piet',
  'nazywam się Jan Kowalski',
  'mam na imię Ewa',
  'benim adım Ayşe',
  'tên tôi là Nguyen',
  'nama saya Budi',
  'моё имя Анна',
  'je m’appelle Anne',
  'il mio nome è Łucja',
  'меня зовут Анна Петрова',
  '我叫王小明。',
  '私は田中です',
  '제 이름은 김민수입니다',
  '+49 30 901820',
  '10:30–11:45, 2.11.2, 1,250.00, 2024-05-01',
]
const PLAIN = [
  'the',
  'Order',
  '12',
  '1999',
  'from',
  'x',
  'May',
  'of',
  'No.',
  '2nd',
  'demonstration',
  'CF',
  'c.f. 3',
  '—',
  'é',
]
const BETWEEN = [' ', ' ', ' ', '', ', ', '. ', ': ', '-', '/', '\n', '年', '  ']
const ODD = [...'0123456789aZ .-/:@#é–ßя字은']

/** A text from these pieces, each perhaps with a character changed, taken out or put in. */
const piece = fc
  .record({
    text: fc.constantFrom(...VALUES, ...VALUES, ...PLAIN),
    at: fc.nat(40),
    odd: fc.constantFrom(...ODD),
    change: fc.constantFrom('none', 'none', 'none', 'replace', 'insert', 'remove'),
  })
  .map(({ text, at, odd, change }) => {
    const place = at % (text.length + 1)
    if (change === 'none') return text
    const rest = text.slice(change === 'insert' ? place : place + 1)
    return text.slice(0, place) + (change === 'remove' ? '' : odd) + rest
  })
const texts = fc
  .array(fc.tuple(piece, fc.constantFrom(...BETWEEN)), { minLength: 1, maxLength: 8 })
  .map((parts) => parts.flat().join(''))

describe('a recogniser finds the same with and without its quick tests', () => {
  const pairs = SHAPES.map((shape) => {
    const { anchor: _anchor, ...rest } = shape
    const slow = createPatternScanner([toRecogniser({ ...rest, gate: () => true }, 0.1)])
    return { kind: shape.kind, gate: shape.gate, quick: createPatternScanner([toRecogniser(shape, 0.1)]), slow }
  })

  test('over texts put together from values', () => {
    let found = 0
    fc.assert(
      fc.property(texts, (text) => {
        const view = createTextView(text)
        for (const { kind, quick, slow } of pairs) {
          const expected = slow.scan(view)
          found += expected.length
          // Four digits are enough for the judge of licences and five for the gate, which is part of what the recogniser is.
          if (kind === 'driver_licence' && profileOf(view.normalised).digits < 5) continue
          expect(quick.scan(view), `${kind} in ${JSON.stringify(text)}`).toEqual(expected)
        }
        forgetProfile()
      }),
      { numRuns: 1500 },
    )
    expect(found).toBeGreaterThan(500)
  })

  test('and every value above is found by something', () => {
    const silent = VALUES.filter((value) => {
      const view = createTextView(value)
      return pairs.every(({ slow }) => slow.scan(view).length === 0)
    })
    expect(silent).toEqual([
      'QQ 12 34 56 C',
      // Telephone numbers have a recogniser of another make; the rest stands for ordinary numbers.
      '+49 30 901820',
      '10:30–11:45, 2.11.2, 1,250.00, 2024-05-01',
    ])
  })
})

describe('the profile', () => {
  test('rows of digits, whether the profile of the text is at hand or not', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('1', '2', 'a', ' ', '-', 'é') }), (text) => {
        const expected = [...text.matchAll(/[0-9]+/g)].map(({ index }) => index)
        forgetProfile()
        expect(digitRows(text)).toEqual(expected)
        profileOf(text)
        expect(digitRows(text)).toEqual(expected)
        forgetProfile()
      }),
    )
  })

  test('counts', () => {
    expect(profileOf('AB12cd 3.4.5 (6) x@y.z a:b')).toMatchObject({
      digits: 6,
      run: 6,
      solid: 2,
      capitals: 2,
      coded: 6,
      mixed: 6,
      dots: 2,
      at: true,
      colons: 1,
      hyphens: 0,
      colonPair: false,
    })
    expect(profileOf('fe80::1 and a-b')).toMatchObject({ colonPair: true, colons: 2, hyphens: 1 })
    forgetProfile()
  })
})
