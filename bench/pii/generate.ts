/**
 * A seeded set of sentences in twelve languages with personal data planted in them, and hard negatives of the same shapes.
 *
 * Shares no code with the recognisers: check digits are computed here a second time, mostly by trying all of them against the
 * published definition in exact integer arithmetic. Every value is random; none is known to belong to anybody.
 */
import { seededRandom } from './measure.ts'
import type { LabelledRow } from './measure.ts'

class Source {
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new RangeError('there is nothing to pick from')
    return item
  }

  digits(count: number): string {
    return Array.from({ length: count }, () => String(this.below(10))).join('')
  }

  from(alphabet: string, count: number): string {
    return Array.from({ length: count }, () => alphabet[this.below(alphabet.length)]).join('')
  }
}

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const numerals = (text: string): number[] => [...text].map(Number)
const two = (value: number): string => String(value).padStart(2, '0')
const grouped = (text: string, sizes: readonly number[], join: string): string => {
  let at = 0
  return sizes.map((size) => text.slice(at, (at += size))).join(join)
}

function luhnComplete(body: string): string {
  for (let check = 0; check < 10; check++) {
    const sum = numerals(`${body}${check}`)
      .reverse()
      .map((digit, index) => (index % 2 === 1 ? ([0, 2, 4, 6, 8, 1, 3, 5, 7, 9][digit] ?? 0) : digit))
      .reduce((left, right) => left + right, 0)
    if (sum % 10 === 0) return `${body}${check}`
  }
  return body
}

function bigOf(text: string): bigint {
  return BigInt([...text].map((char) => (/\d/.test(char) ? char : String(char.charCodeAt(0) - 55))).join(''))
}

function makeIban(source: Source): string {
  const [country, account] = source.pick([
    ['DE', source.digits(18)],
    ['FR', source.digits(10) + source.from(UPPER + '0123456789', 11) + source.digits(2)],
    ['GB', source.from(UPPER, 4) + source.digits(14)],
    ['ES', source.digits(20)],
    ['NL', source.from(UPPER, 4) + source.digits(10)],
    ['IT', source.from(UPPER, 1) + source.digits(22)],
  ] as const)
  const check = 98n - (bigOf(`${account}${country}00`) % 97n)
  return `${country}${two(Number(check))}${account}`
}

function makeAadhaar(source: Source): string {
  const multiply = (left: number, right: number): number => {
    // Dihedral group of order ten: r^a or s·r^a.
    if (left < 5) return right < 5 ? (left + right) % 5 : 5 + ((left + right - 5) % 5)
    return right < 5 ? 5 + ((left - 5 - right + 5) % 5) : (left - right + 5) % 5
  }
  const permute = (digit: number, times: number): number => {
    let value = digit
    for (let count = 0; count < times % 8; count++) value = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4][value] ?? 0
    return value
  }
  const body = `${2 + source.below(8)}${source.digits(10)}`
  for (let check = 0; check < 10; check++) {
    const value = numerals(`${body}${check}`)
      .reverse()
      .reduce((left, digit, index) => multiply(left, permute(digit, index)), 0)
    if (value === 0) return `${body}${check}`
  }
  return body
}

function makeSteuerId(source: Source): string {
  for (;;) {
    const distinct = [...'0123456789'].sort(() => source.below(3) - 1)
    const kept = distinct.slice(0, 9)
    const repeated = source.pick(kept)
    kept.splice(source.below(10), 0, repeated)
    const body = kept.join('')
    if (body.startsWith('0') || /(\d)\1\1/.test(body)) continue
    let product = 10
    for (const digit of numerals(body)) {
      let sum = (digit + product) % 10
      if (sum === 0) sum = 10
      product = (sum * 2) % 11
    }
    return `${body}${11 - product === 10 ? 0 : 11 - product}`
  }
}

function weighted(text: string, weights: readonly number[]): number {
  return numerals(text).reduce((sum, digit, index) => sum + digit * (weights[index] ?? 0), 0)
}

function makeNhs(source: Source): string {
  for (;;) {
    const body = source.digits(9)
    const check = 11 - (weighted(body, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)
    if (check !== 10) return `${body}${check % 11}`
  }
}

function brazilian(body: string, cycle: number): string {
  let value = body
  for (let round = 0; round < 2; round++) {
    const sum = [...value]
      .reverse()
      .reduce((left, char, index) => left + (char.charCodeAt(0) - 48) * (2 + (index % (cycle - 1))), 0)
    value += sum % 11 < 2 ? '0' : String(11 - (sum % 11))
  }
  return value
}

const CF_ODD = 'BAFHJNPRTVCESULDGIMOQKWZYX'

function makeCodiceFiscale(source: Source): string {
  const consonants = 'BCDFGLMNPRSTVZ'
  const day = two(1 + source.below(28) + source.pick([0, 40]))
  const body = `${source.from(consonants, 6)}${source.digits(2)}${source.from('ABCDEHLMPRST', 1)}${day}${source.from('ABCDEFGHIL', 1)}${source.digits(3)}`
  const sum = [...body].reduce((left, char, index) => {
    const position = /\d/.test(char) ? Number(char) : char.charCodeAt(0) - 65
    return left + (index % 2 === 0 ? CF_ODD.charCodeAt(position) - 65 : position)
  }, 0)
  return body + UPPER.charAt(sum % 26)
}

function makeNir(source: Source): string {
  const department = source.pick(['13', '75', '69', '2A', '2B', '59'])
  const body = `${source.pick(['1', '2'])}${source.digits(2)}${two(1 + source.below(12))}${department}${two(1 + source.below(99)).padStart(3, '0')}${String(1 + source.below(998)).padStart(3, '0')}`
  const number = BigInt(body.replace('2A', '19').replace('2B', '18'))
  return `${body}${two(Number(97n - (number % 97n)))}`
}

function makeResidentId(source: Source): string {
  const body = `${source.pick(['110105', '310101', '440524', '510104'])}${1950 + source.below(55)}${two(1 + source.below(12))}${two(1 + source.below(28))}${source.digits(3)}`
  const sum = numerals(body).reduce((left, digit, index) => left + digit * (2 ** (17 - index) % 11), 0)
  return body + '10X98765432'.charAt(sum % 11)
}

function makeRrn(source: Source): string {
  const body = `${two(50 + source.below(50))}${two(1 + source.below(12))}${two(1 + source.below(28))}${source.pick(['1', '2'])}${source.digits(5)}`
  return `${body}${(11 - (weighted(body, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11)) % 10}`
}

function makeMyNumber(source: Source): string {
  const body = `${1 + source.below(9)}${source.digits(10)}`
  const sum = numerals(body)
    .reverse()
    .reduce((left, digit, index) => left + digit * (index < 6 ? index + 2 : index - 4), 0)
  return `${body}${sum % 11 <= 1 ? 0 : 11 - (sum % 11)}`
}

function makeNif(source: Source): string {
  const body = `${source.pick(['1', '2', '5'])}${source.digits(7)}`
  const rest = numerals(body).reduce((left, digit, index) => left + digit * (9 - index), 0) % 11
  return `${body}${rest < 2 ? 0 : 11 - rest}`
}

function makeIdCard(source: Source): string {
  const body = `${source.from('LMPRTCFGHJ', 1)}${source.from('0123456789CFGHJKLMNPRTVWXYZ', 6)}${source.digits(2)}`
  const sum = [...body].reduce((left, char, index) => left + Number(bigOf(char)) * ([7, 3, 1][index % 3] ?? 0), 0)
  return `${body}${sum % 10}`
}

const DNI = 'TRWAGMYFPDXBNJZSQVHLCKE'

/** A kind, how to make a value, and how people write it. `word`: what stands before it (weak numbers need it). */
interface Plan {
  readonly kind: string
  readonly languages: readonly string[]
  readonly word: string
  readonly make: (source: Source) => string
  readonly forms: readonly ((value: string) => string)[]
  /** Whether changing one digit makes it invalid. */
  readonly checked: boolean
}

const same = (value: string): string => value
const ALL = ['en', 'de', 'fr', 'es', 'it', 'pt', 'ko', 'zh', 'ja', 'hi', 'ru', 'tr']

const PLANS: readonly Plan[] = [
  {
    kind: 'email',
    languages: ALL,
    word: 'e-mail',
    make: (s) =>
      `${s.from('abcdefghijklmnop', 6)}${s.pick(['.', '_', '-', '+'])}${s.from('qrstuvwxyz0123', 4)}@${s.from('abcdefghij', 7)}.${s.pick(['com', 'org', 'co.uk', 'de', 'com.br', 'jp'])}`,
    forms: [same],
    checked: false,
  },
  {
    kind: 'card',
    languages: ALL,
    word: 'card',
    make: (s) =>
      luhnComplete(s.pick(['4', '51', '2300', '55', '6011', '3530']).padEnd(4, String(1 + s.below(8))) + s.digits(11)),
    forms: [same, (v) => grouped(v, [4, 4, 4, 4], ' '), (v) => grouped(v, [4, 4, 4, 4], '-')],
    checked: true,
  },
  {
    kind: 'iban',
    languages: ALL,
    word: 'IBAN',
    make: makeIban,
    forms: [same, (v) => v.replace(/(.{4})(?=.)/g, '$1 '), (v) => v.toLowerCase()],
    checked: true,
  },
  {
    kind: 'us_ssn',
    languages: ['en', 'es'],
    word: 'SSN',
    make: (s) => `${two(10 + s.below(50))}${1 + s.below(9)}${two(1 + s.below(99))}${s.digits(3)}${1 + s.below(9)}`,
    forms: [(v) => grouped(v, [3, 2, 4], '-'), same, (v) => grouped(v, [3, 2, 4], ' ')],
    checked: false,
  },
  {
    kind: 'uk_nino',
    languages: ['en'],
    word: 'national insurance number',
    make: (s) => `${s.pick(['AB', 'CE', 'JK', 'PW', 'SR'])}${s.digits(6)}${s.pick(['A', 'B', 'C', 'D'])}`,
    forms: [same, (v) => grouped(v, [2, 2, 2, 2, 1], ' ')],
    checked: false,
  },
  {
    kind: 'uk_nhs',
    languages: ['en'],
    word: 'NHS number',
    make: makeNhs,
    forms: [same, (v) => grouped(v, [3, 3, 4], ' ')],
    checked: true,
  },
  {
    kind: 'de_tax_id',
    languages: ['de', 'en'],
    word: 'Steuer-ID',
    make: makeSteuerId,
    forms: [same, (v) => grouped(v, [2, 3, 3, 3], ' ')],
    checked: true,
  },
  { kind: 'de_id_card', languages: ['de'], word: 'Personalausweis', make: makeIdCard, forms: [same], checked: true },
  {
    kind: 'fr_nir',
    languages: ['fr'],
    word: 'NIR',
    make: makeNir,
    forms: [same, (v) => grouped(v, [1, 2, 2, 2, 3, 3, 2], ' ')],
    checked: true,
  },
  {
    kind: 'es_dni',
    languages: ['es'],
    word: 'DNI',
    make: (s) => {
      const n = s.digits(8)
      return n + DNI.charAt(Number(n) % 23)
    },
    forms: [same, (v) => `${v.slice(0, 8)}-${v.slice(8)}`],
    checked: true,
  },
  {
    kind: 'es_nie',
    languages: ['es'],
    word: 'NIE',
    make: (s) => {
      const p = s.below(3)
      const n = s.digits(7)
      return `${'XYZ'.charAt(p)}${n}${DNI.charAt(Number(`${p}${n}`) % 23)}`
    },
    forms: [same, (v) => grouped(v, [1, 7, 1], '-')],
    checked: true,
  },
  {
    kind: 'it_codice_fiscale',
    languages: ['it', 'en'],
    word: 'codice fiscale',
    make: makeCodiceFiscale,
    forms: [same, (v) => v.toLowerCase()],
    checked: true,
  },
  {
    kind: 'pt_nif',
    languages: ['pt'],
    word: 'NIF',
    make: makeNif,
    forms: [same, (v) => grouped(v, [3, 3, 3], ' ')],
    checked: true,
  },
  {
    kind: 'br_cpf',
    languages: ['pt', 'en'],
    word: 'CPF',
    make: (s) => brazilian(s.digits(9), 12),
    forms: [same, (v) => `${grouped(v.slice(0, 9), [3, 3, 3], '.')}-${v.slice(9)}`],
    checked: true,
  },
  {
    kind: 'br_cnpj',
    languages: ['pt'],
    word: 'CNPJ',
    make: (s) => brazilian(s.pick([s.digits(12), s.from(`${UPPER}0123456789`, 12)]), 9),
    forms: [same, (v) => `${v.slice(0, 2)}.${v.slice(2, 5)}.${v.slice(5, 8)}/${v.slice(8, 12)}-${v.slice(12)}`],
    checked: true,
  },
  {
    kind: 'in_aadhaar',
    languages: ['hi', 'en'],
    word: 'Aadhaar',
    make: makeAadhaar,
    forms: [same, (v) => grouped(v, [4, 4, 4], ' ')],
    checked: true,
  },
  {
    kind: 'in_pan',
    languages: ['hi', 'en'],
    word: 'PAN',
    make: (s) => `${s.from(UPPER, 3)}P${s.from(UPPER, 1)}${1 + s.below(9)}${s.digits(3)}${s.from(UPPER, 1)}`,
    forms: [same],
    checked: false,
  },
  {
    kind: 'kr_rrn',
    languages: ['ko'],
    word: '주민등록번호',
    make: makeRrn,
    forms: [(v) => `${v.slice(0, 6)}-${v.slice(6)}`, same],
    checked: false,
  },
  {
    kind: 'cn_resident_id',
    languages: ['zh', 'en'],
    word: '身份证',
    make: makeResidentId,
    forms: [same],
    checked: true,
  },
  {
    kind: 'jp_my_number',
    languages: ['ja'],
    word: 'マイナンバー',
    make: makeMyNumber,
    forms: [same, (v) => grouped(v, [4, 4, 4], ' ')],
    checked: true,
  },
  {
    kind: 'phone',
    languages: ALL,
    word: 'tel',
    make: (s) =>
      s.pick([
        `+1 415 ${2 + s.below(7)}${s.digits(2)} ${s.digits(4)}`,
        `+49 30 ${1 + s.below(9)}${s.digits(6)}`,
        `+44 20 7${s.digits(3)} ${s.digits(4)}`,
        `+33 6 ${grouped(s.digits(8), [2, 2, 2, 2], ' ')}`,
        `+55 11 9${s.digits(4)}-${s.digits(4)}`,
        `+81 90-${1 + s.below(9)}${s.digits(3)}-${s.digits(4)}`,
        `+82 10-${2 + s.below(8)}${s.digits(3)}-${s.digits(4)}`,
      ]),
    forms: [same],
    checked: false,
  },
  {
    kind: 'ip',
    languages: ALL,
    word: 'IP',
    make: (s) =>
      s.pick([
        `${1 + s.below(223)}.${s.below(256)}.${s.below(256)}.${1 + s.below(254)}`,
        `2001:db8:${s.from('123456789abcdef', 4)}::${s.from('123456789abcdef', 3)}`,
      ]),
    forms: [same],
    checked: false,
  },
  {
    kind: 'mac',
    languages: ALL,
    word: 'MAC',
    make: (s) =>
      Array.from({ length: 6 }, () => s.from('0123456789ABCDEF', 2))
        .join(':')
        .replace(/^../, 'A4'),
    forms: [same],
    checked: false,
  },
]

/** Carrier sentences: `@` is the word and value. */
const CARRIERS: Readonly<Record<string, readonly string[]>> = {
  en: ['Please use @ for my file.', 'Hello, I would like to update this: @ and nothing else.', '(@)'],
  de: ['Bitte verwenden Sie @ für meine Akte.', 'Guten Tag, hier sind meine Angaben: @.', '„@“ ist richtig.'],
  fr: ['Merci d’utiliser @ pour mon dossier.', 'Bonjour, voici mes données : @.'],
  es: ['Use @ para mi expediente.', 'Hola, estos son mis datos: @.'],
  it: ['Usi @ per la mia pratica.', 'Buongiorno, ecco i miei dati: @.'],
  pt: ['Use @ no meu processo.', 'Olá, seguem os meus dados: @.'],
  ko: ['제 정보는 @입니다.', '안녕하세요, @ 확인해 주세요.'],
  zh: ['我的资料是@,请更新。', '您好,@谢谢。'],
  ja: ['私の情報は@です。', 'こんにちは、@を確認してください。'],
  hi: ['कृपया @ का उपयोग करें।', 'नमस्ते, मेरा विवरण: @.'],
  ru: ['Пожалуйста, используйте @ для моего дела.', 'Здравствуйте, мои данные: @.'],
  tr: ['Lütfen dosyam için @ kullanın.', 'Merhaba, bilgilerim: @.'],
}

/** Words that announce some other number. */
const ORDER: Readonly<Record<string, string>> = {
  en: 'order number',
  de: 'Bestellnummer',
  fr: 'commande',
  es: 'pedido',
  it: 'ordine',
  pt: 'encomenda',
  ko: '주문번호',
  zh: '订单号',
  ja: '注文番号',
  hi: 'ऑर्डर',
  ru: 'заказ',
  tr: 'sipariş',
}

function fullWidth(text: string): string {
  return text.replace(/[0-9]/g, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0))
}

function place(language: string, source: Source, before: string, value: string, kind: string | null): LabelledRow {
  const [head = '', tail = ''] = source.pick(CARRIERS[language] ?? CARRIERS['en'] ?? ['@']).split('@')
  const start = head.length + before.length
  return {
    text: `${head}${before}${value}${tail}`,
    language,
    spans: kind === null ? [] : [{ kind, start, end: start + value.length }],
  }
}

/** Shapes that are nobody's data. */
function innocent(source: Source): string {
  const hex = (count: number): string => source.from('0123456789abcdef', count)
  return source.pick([
    `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`,
    hex(40),
    `2023-0${1 + source.below(9)}-1${source.below(10)}T12:${two(source.below(60))}:00Z`,
    `17${source.digits(8)}`,
    `17${source.digits(11)}`,
    `ISBN 978-3-16-148410-0`,
    `v${source.below(20)}.${source.below(20)}.${source.below(20)}`,
    `${source.below(90)}.${source.digits(6)}, ${source.below(180)}.${source.digits(6)}`,
    `$${1 + source.below(9)},${source.digits(3)},${source.digits(3)}.${source.digits(2)}`,
    `3.14159265358979`,
    `SKU-${source.digits(6)}-${source.digits(4)}`,
    `${source.from(UPPER, 2)}-${source.digits(12)}`,
    `10:${two(source.below(60))}:${two(source.below(60))}`,
    `std::vector<int>::iterator`,
    `@${source.from('abcdefg', 6)}`,
    `foo@bar`,
  ])
}

/** `per` rows a kind and language, and as many negatives. */
export function generateRows(seed: number, per: number): readonly LabelledRow[] {
  const source = new Source(seed)
  const rows: LabelledRow[] = []
  for (const plan of PLANS) {
    for (const language of plan.languages) {
      for (let count = 0; count < per; count++) {
        const value = plan.make(source)
        const form = source.pick(plan.forms)(value)
        const written =
          ['ja', 'zh', 'ko'].includes(language) && plan.checked && source.below(4) === 0 ? fullWidth(form) : form
        rows.push(place(language, source, `${plan.word}: `, written, plan.kind))
        if (plan.checked) rows.push(place(language, source, `${plan.word}: `, oneDigitOff(form, source), null))
        const order = `${ORDER[language]}: `
        rows.push(
          place(language, source, order, plan.kind === 'us_ssn' ? form : source.digits(7 + source.below(6)), null),
        )
        rows.push(place(language, source, '', innocent(source), null))
      }
    }
  }
  return rows
}

/** Every scheme here catches one wrong digit. The change stays away from the ends, where it could alter the kind of number. */
function oneDigitOff(form: string, source: Source): string {
  const places = [...form].flatMap((char, index) =>
    /\d/.test(char) && index > 3 && index < form.length - 1 ? [index] : [],
  )
  if (places.length === 0) return form.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
  const index = source.pick(places)
  return `${form.slice(0, index)}${(Number(form[index]) + 1 + source.below(8)) % 10}${form.slice(index + 1)}`
}
