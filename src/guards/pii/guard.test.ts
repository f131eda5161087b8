/** The PII guard: what it finds, what it leaves alone, and that a stream equals the whole text. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createPatternScanner } from '../../core/scan/index.ts'
import { createStreamBuffer, createTextView } from '../../core/text/index.ts'
import { ParapetError } from '../../spec/errors.ts'
import type { Caller } from '../../spec/exchange.ts'
import type { Finding, Guard, GuardReport } from '../../spec/guard.ts'
import type { Stage } from '../../spec/stage.ts'
import type { PseudonymVault } from '../../spec/vault.ts'
import { ADDRESSES } from './address.ts'
import type { Shape } from './candidate.ts'
import { toRecogniser } from './candidate.ts'
import { createPiiGuard } from './index.ts'
import type { PiiGuardOptions } from './index.ts'
import { loadNameFinder } from './names.ts'
import { NATIONAL } from './recognisers-national.ts'
import { PERSONAL } from './recognisers-personal.ts'
import { TECHNICAL } from './recognisers-technical.ts'

const signal = new AbortController().signal
const CALLER: Caller = { user: 'anna', conversation: 'c1' }

function guardOf(options: Partial<PiiGuardOptions> = {}): Guard {
  return createPiiGuard({ id: 'pii', mode: 'mask', ...options })
}

function findingsOf(guard: Guard, text: string, stage: Stage = 'input', caller: Caller = CALLER): readonly Finding[] {
  const report = guard.check({ stage, field: 'prompt', text: createTextView(text), caller, signal })
  return (report as GuardReport).findings
}

function applyFindings(text: string, findings: readonly Finding[]): string {
  let out = text
  for (const { span, replacement } of [...findings].reverse()) {
    if (span !== undefined) out = out.slice(0, span.start) + (replacement ?? '') + out.slice(span.end)
  }
  return out
}

function mask(text: string, options: Partial<PiiGuardOptions> = {}): string {
  return applyFindings(text, findingsOf(guardOf(options), text))
}

/** A vault without encryption. */
function plainVault(): PseudonymVault {
  const tables = new Map<string, string[]>()
  const tableOf = (caller: Caller): string[] => {
    const id = JSON.stringify([caller.user, caller.conversation])
    const table = tables.get(id) ?? []
    tables.set(id, table)
    return table
  }
  return {
    pseudonym(kind, value, caller) {
      const table = tableOf(caller)
      const entry = `${kind}\n${value}`
      if (!table.includes(entry)) table.push(entry)
      return `<${kind.toUpperCase()}_${table.indexOf(entry) + 1}>`
    },
    reveal(pseudonym, caller) {
      const [, kind = '', index = ''] = /^<([A-Z_]+)_(\d+)>$/.exec(pseudonym) ?? []
      const entry = tableOf(caller)[Number(index) - 1]
      return entry?.startsWith(`${kind.toLowerCase()}\n`) === true ? entry.slice(kind.length + 1) : null
    },
  }
}

describe('finds', () => {
  test.each([
    ['write to joe.doe+x@mail.example.co.uk now', 'write to [EMAIL] now'],
    ['메일은 joe@example.kr입니다', '메일은 [EMAIL]입니다'],
    ['pay with 4111 1111 1111 1111.', 'pay with [CARD].'],
    ['4111111111111111,5555555555554444', '[CARD],[CARD]'],
    ['IBAN DE89 3704 0044 0532 0130 00 is mine', 'IBAN [IBAN] is mine'],
    ['BIC: DEUTDEFF', 'BIC: [BIC]'],
    ['call +49 30 901820 or (415) 555-2671', 'call [PHONE] or [PHONE]'],
    ['Ｃard ４１１１１１１１１１１１１１１１ ok', 'Ｃard [CARD] ok'],
    ['my SSN is 123 45 6789', 'my SSN is [US_SSN]'],
    ['NHS number 943 476 5919', 'NHS number [UK_NHS]'],
    ['Steuer-ID 86 095 742 719', 'Steuer-ID [DE_TAX_ID]'],
    ['Personalausweis L01X00T47', 'Personalausweis [DE_ID_CARD]'],
    ['n° 2 55 08 14 168 025 38', 'n° [FR_NIR]'],
    ['CPF 111.444.777-35 e CNPJ 12.ABC.345/01DE-35', 'CPF [BR_CPF] e CNPJ [BR_CNPJ]'],
    ['आधार 2341 2341 2346 है', 'आधार [IN_AADHAAR] है'],
    ['주민등록번호는 201030-3123456입니다', '주민등록번호는 [KR_RRN]입니다'],
    ['身份证号码是11010519491231002X。', '身份证号码是[CN_RESIDENT_ID]。'],
    ['マイナンバーは1234 5678 9018です', 'マイナンバーは[JP_MY_NUMBER]です'],
    ['from 2001:db8::8a2e:370:7334 and 198.51.100.7.', 'from [IP] and [IP].'],
    ['mac 00:1B:44:11:3A:B7', 'mac [MAC]'],
    ['postgres://user:hunter2@db.internal/x', 'postgres://[URL_CREDENTIALS][EMAIL]/x'],
    ['born on 12 March 1985', 'born on [DATE_OF_BIRTH]'],
    ['passport no. X1234567', 'passport no. [PASSPORT]'],
    ["driver's license number is A56319335", "driver's license number is [DRIVER_LICENCE]"],
    ['send to 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', 'send to [CRYPTO_WALLET]'],
    ['I live at 221 Baker Street, London NW1 6XE.', 'I live at [ADDRESS].'],
    ['Er wohnt Lindenstraße 5, 10969 Berlin.', 'Er wohnt [ADDRESS].'],
    ['My name is Anna Schmidt.', 'My name is [NAME].'],
  ])('%s', (text, expected) => {
    expect(mask(text)).toBe(expected)
  })
})

describe('leaves alone', () => {
  test.each([
    'order number 123-45-6789',
    'card 4111 1111 1111 1112',
    'IBAN DE88 3704 0044 0532 0130 00',
    'commit 4111111111111111abcdef0123456789abcdef01',
    'id 550e8400-e29b-41d4-a716-446655440000',
    'ISBN 978-3-16-148410-0 costs $1,234,567.89',
    'released 2024-05-01 12:34:56, version 1.2.3.4, epoch 1700000000000',
    'at 48.858370, 2.294481 since 1999-2003',
    'const it = std::vector<int>::iterator and a@b',
    '943 476 5919 and 86 095 742 719 and 234123412346',
    'π is 3.14159265358979, order no. 12345678Z',
  ])('%s', (text) => {
    expect(findingsOf(guardOf(), text)).toEqual([])
  })

  test('kinds and countries can be narrowed', () => {
    expect(mask('joe@example.com 123-45-6789', { kinds: ['us_ssn'] })).toBe('joe@example.com [US_SSN]')
    expect(mask('SSN 123-45-6789', { countries: ['DE'], kinds: ['us_ssn'] })).toBe('SSN 123-45-6789')
  })
})

/** Values with a name, each found in the carriers below whatever stands around. */
const VALUES = [
  'joe.doe@example.com',
  '4111 1111 1111 1111',
  'DE89 3704 0044 0532 0130 00',
  '123-45-6789',
  '111.444.777-35',
  '+49 30 901820',
  '2001:db8::8a2e:370:7334',
  '198.51.100.7',
  '00:1B:44:11:3A:B7',
  '11010519491231002X',
  'RSSMRA85T10A562S',
  '２５５０８１４１６８０２５３８',
  '221 Baker Street, London NW1 6XE',
]

/** More values, whose borders depend on what stands around. */
const ADDRESSED = [
  'Calle Mayor 5, 28013 Madrid',
  '12 bis, rue de la Paix, 75002 Paris',
  'Lindenstraße 5, 10969 Berlin',
  'P.O. Box 101',
  'Springfield, IL 62704',
  'Am Alten Markt 7',
  'Suite 256',
  '東京都千代田区丸の内1-1-1',
  'born on 12 March 1985',
  '生年月日 1985年3月12日',
  'My name is Anna van der Berg',
  '我叫王小明,',
  'swift DEUTDEFF500',
  'postgres://user:hunter2@db.internal/x',
  '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa',
  'passport X1234567',
  'account number 12345678',
  'ｊｏｅ＠ｅｘａｍｐｌｅ．ｃｏｍ',
]

const filler = fc.constantFrom(
  'hello',
  'the order',
  'phone',
  'in 2024',
  'Rua',
  'é à',
  '価格は',
  '값',
  'a1b2',
  '(',
  '-',
  '\n',
  '12',
  '4111 1111',
  'x@',
  'http://a:',
  '<b>',
  '🙂',
  'e\u0301',
)
const planted = fc
  .array(
    fc.oneof({ weight: 3, arbitrary: filler }, { weight: 1, arbitrary: fc.constantFrom(...VALUES, ...ADDRESSED) }),
    { maxLength: 25 },
  )
  .map((parts) => parts.join(' '))
const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 })

async function streamFindings(
  guard: Guard,
  text: string,
  sizes: readonly number[],
  stage: Stage = 'input',
): Promise<readonly Finding[]> {
  const session = guard.open?.({ stage, field: 'prompt', caller: CALLER, signal })
  if (session === undefined) throw new Error('The guard has no stream session')
  const buffer = createStreamBuffer()
  const all: Finding[] = []
  let settled = 0
  for (let at = 0, turn = 0; ; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    if (at < text.length) buffer.append(text.slice(at, at + size))
    else buffer.finish()
    at += size
    const step = await session.advance(buffer)
    for (const finding of step.findings) expect(finding.span?.start ?? -1).toBeGreaterThanOrEqual(settled)
    expect(step.settled).toBeGreaterThanOrEqual(settled)
    expect(step.keep).toBeLessThanOrEqual(step.settled)
    settled = step.settled
    all.push(...step.findings)
    buffer.release(step.keep)
    if (buffer.ended) return all
  }
}

describe('invariants', () => {
  test('a stream finds what the whole text finds, and never lets a planted character go first', async () => {
    const guard = guardOf()
    await fc.assert(
      fc.asyncProperty(planted, cuts, async (text, sizes) => {
        expect(await streamFindings(guard, text, sizes)).toEqual(findingsOf(guard, text))
      }),
      { numRuns: 300 },
    )
  })

  test('pseudonyms are numbered alike in a stream and in the whole text', async () => {
    await fc.assert(
      fc.asyncProperty(planted, cuts, async (text, sizes) => {
        const streamed = await streamFindings(guardOf({ mode: 'pseudonym', vault: plainVault() }), text, sizes)
        expect(streamed).toEqual(findingsOf(guardOf({ mode: 'pseudonym', vault: plainVault() }), text))
      }),
      { numRuns: 100 },
    )
  })

  test('findings do not overlap and stand in order', () => {
    const inOrder = (text: string): void => {
      let end = 0
      for (const { span } of findingsOf(guardOf(), text)) {
        expect(span?.start ?? -1).toBeGreaterThanOrEqual(end)
        end = span?.end ?? 0
      }
    }
    inOrder('phone 12 111.444.777-35 12')
    fc.assert(fc.property(planted, inOrder), { numRuns: 1000 })
  })

  test('what surrounds a stronger finding is masked on both sides of it', async () => {
    const text = 'phone 12 111.444.777-35 12'
    expect(mask(text)).toBe('phone [PHONE][BR_CPF][PHONE]')
    for (const sizes of [[1], [3], [7], [40]]) {
      expect(await streamFindings(guardOf(), text, sizes)).toEqual(findingsOf(guardOf(), text))
    }
  })

  test('a mask leaves no planted value, and masking again changes nothing', () => {
    const words = fc.constantFrom('hello there', 'please see', 'and also', 'um, well', 'é à')
    const sentence = fc.array(fc.tuple(words, fc.constantFrom(...VALUES)), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(sentence, (pairs) => {
        const masked = mask(pairs.map(([word, value]) => `${word}: ${value};`).join(' '))
        for (const [, value] of pairs) expect(masked).not.toContain(value)
        expect(mask(masked)).toBe(masked)
      }),
    )
  })

  test('pseudonyms come back, also where the text already held something of their shape', () => {
    const tricky = fc.constantFrom(
      '<EMAIL_1>',
      '&lt;EMAIL_1&gt;',
      '<email_1>',
      '<LITERAL_1>',
      '\\u003cEMAIL_1\\u003e',
      '<EMAIL\\_1>',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(planted, tricky), { maxLength: 6 }), (parts) => {
        const text = parts.join(' ')
        const guard = guardOf({ mode: 'pseudonym', vault: plainVault() })
        const changed = applyFindings(text, findingsOf(guard, text))
        expect(guard.restore?.restore(changed, CALLER)).toBe(text)
      }),
      { numRuns: 300 },
    )
  })

  test('the work on digits grows with their number', () => {
    for (const unit of ['1', '1 ', '12-', 'a1', '1.', 'AB12 ']) {
      const small = judgedCandidates(unit.repeat(5000))
      expect(judgedCandidates(unit.repeat(20_000))).toBeLessThanOrEqual(small * 4 + 100)
    }
  })

  test('a megabyte of digits is worked through', () => {
    expect(findingsOf(guardOf(), '1'.repeat(1_000_000))).toEqual([])
  })
})

/** How many candidates the patterns proposed; each costs a constant, since all patterns are bounded. */
function judgedCandidates(text: string): number {
  let count = 0
  const counted = (shape: Shape): Shape => ({
    ...shape,
    judge: (candidate) => {
      count++
      return shape.judge(candidate)
    },
  })
  const shapes = [...TECHNICAL, ...NATIONAL, ...PERSONAL, ...ADDRESSES]
  createPatternScanner(shapes.map((shape) => toRecogniser(counted(shape), 0.5))).scan(createTextView(text))
  return count
}

describe('modes', () => {
  test('detect only flags', () => {
    expect(findingsOf(guardOf({ mode: 'detect' }), 'joe@example.com')).toEqual([
      { label: 'pii.email', score: 1, span: { start: 0, end: 15 }, action: 'flag' },
    ])
  })

  test('hash writes eight digits of the keyed hash', () => {
    expect(mask('joe@example.com', { mode: 'hash', hash: () => '0123456789abcdef' })).toBe('[EMAIL:01234567]')
  })

  test('pseudonyms are put back for the same conversation only, however the model spells them', () => {
    const guard = guardOf({ mode: 'pseudonym', vault: plainVault() })
    const text = 'I am joe@example.com'
    expect(applyFindings(text, findingsOf(guard, text))).toBe('I am <EMAIL_1>')
    const restore = (answer: string, caller: Caller = CALLER): string | undefined =>
      guard.restore?.restore(answer, caller)
    expect(restore('Hi `<EMAIL_1>`, <EMAIL\\_1> and &lt;EMAIL_1&gt;')).toBe(
      'Hi `joe@example.com`, joe@example.com and joe@example.com',
    )
    expect(restore('<EMAIL_1> <EMAIL_2>', { user: 'eve', conversation: 'c1' })).toBe('<EMAIL_1> <EMAIL_2>')
    // What the model writes may be a pseudonym; what it brings up itself is masked.
    expect(findingsOf(guard, '<EMAIL_1>', 'output')).toEqual([])
    expect(findingsOf(guard, 'x@example.com', 'output')[0]?.replacement).toBe('[EMAIL]')
    expect(guard.cacheable).toBe(false)
  })

  test('settings that cannot work are refused with a remedy', () => {
    const refused = (options: object): string => {
      try {
        guardOf(options)
      } catch (error) {
        if (ParapetError.isInstance(error)) return error.code
      }
      return 'accepted'
    }
    expect(refused({ mode: 'pseudonym' })).toBe('vault_key_missing')
    expect(refused({ mode: 'hash' })).toBe('configuration')
    expect(refused({ kinds: ['shoe_size'] })).toBe('configuration')
    expect(refused({ countries: ['XX'] })).toBe('configuration')
  })
})

describe('names', () => {
  test('by a finder that is handed in; such a guard has no stream session', async () => {
    const guard = guardOf({
      names: true,
      nameFinder: (text) => [{ start: text.indexOf('Ada'), end: text.indexOf('Ada') + 12 }],
    })
    const text = 'Yesterday Ada Lovelace met Dr. Babbage.'
    const report = await guard.check({
      stage: 'input',
      field: 'prompt',
      text: createTextView(text),
      caller: CALLER,
      signal,
    })
    expect(applyFindings(text, report.findings)).toBe('Yesterday [NAME] met Dr. [NAME].')
    expect(guard.open).toBeUndefined()
  })

  test('a missing package is named', async () => {
    const loading = loadNameFinder(() => Promise.reject(new Error('not found')))
    await expect(loading).rejects.toThrow('npm install compromise')
  })
})
