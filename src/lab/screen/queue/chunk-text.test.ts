/** Rows, settings and records on their way through a queue: what comes out is what went in, and what is damaged or foreign is told. */
import { describe, expect, test } from 'vitest'
import { fitSurprisal } from '../surprisal/surprisal.ts'
import { rowsFromText, rowsToText } from './chunk-text.ts'
import { pack } from './packed-text.ts'
import { recordsFromText, recordsToText } from './row-records.ts'
import { difference, setupFromText, setupToText } from './shared-setup.ts'

test('rows come out as they stood in their file: zero characters, bytes that are no UTF-8, rows of nothing', () => {
  const rows = [
    { line: 1, bytes: Uint8Array.from([0x7b, 0, 0xff, 0x0a, 0xed, 0xa0, 0x80]) },
    { line: 3, bytes: null, problem: 'The row is longer than 32 MiB. Split it.' },
    { line: 4, bytes: new Uint8Array() },
    { line: 9, bytes: Buffer.from('{"prompt":"é"}') },
  ]
  const back = rowsFromText(rowsToText(rows))
  expect(back.map((row) => ({ ...row, bytes: row.bytes && [...row.bytes] }))).toEqual(
    rows.map((row) => ({ ...row, bytes: row.bytes && [...row.bytes] })),
  )
})

test.each(['', 'AAAA', pack(Buffer.from('[[1,5]]\nabc')), pack(Buffer.from('[[1]]\n')), pack(Buffer.from('no JSON'))])(
  'rows %j are damaged',
  (text) => expect(() => rowsFromText(text)).toThrow('damaged'),
)

describe('a setup', () => {
  const guard = { name: 'shipped', passages: true, sha256: 'ab' }
  const guards = [guard]
  const surprisal = fitSurprisal([['a plain sentence of words'], ['another one'], ['and a third, with 3 digits']])

  test('comes out as it went in', () => {
    const setup = { version: '1.2.3', guards, forms: ['openai', null] as const, surprisal }
    const { surprisal: back, ...rest } = setupFromText(setupToText(setup))
    expect({ ...rest, mean: back.mean, peak: back.peak }).toEqual({
      ...{ version: '1.2.3', guards, forms: ['openai', null] },
      ...{ mean: surprisal.mean, peak: surprisal.peak },
    })
    // Half a million numbers each: compared as bytes.
    expect(
      back.halves.map((half, at) =>
        Buffer.from(half.buffer).equals(Buffer.from(surprisal.halves[at]?.buffer ?? new ArrayBuffer(0))),
      ),
    ).toEqual([true, true])
  })

  test.each(['', '{}', '[]', 'null'])('%j is none', (text) => {
    expect(() => setupFromText(text)).toThrow('damaged')
  })

  test('other guards, another order, or another version differ', () => {
    const own = { version: '1.2.3', guards }
    expect(difference(own, own)).toBeNull()
    expect(difference(own, { ...own, version: '1.2.4' })).toContain('1.2.4')
    expect(difference(own, { ...own, guards: [{ ...guard, sha256: 'cd' }] })).toContain('--guard')
    expect(difference(own, { ...own, guards: [{ ...guard, passages: false }] })).toContain('--guard')
    expect(difference(own, { ...own, guards: [] })).toContain('--guard')
  })
})

describe('records', () => {
  const packedRecords = (lines: string): string => `setup\n${pack(Buffer.from(lines))}`
  const records = [
    { line: 1, scores: { answers: 0.5 }, hash: 'a' },
    { line: 2, problem: 'This is not JSON.' },
  ]

  test('come out as they went in', () => {
    expect(recordsFromText(recordsToText('setup', records), 'setup', [1, 2])).toEqual(records)
  })

  test.each([
    ['another setup', recordsToText('other', records), [1, 2]],
    ['other rows', recordsToText('setup', records), [1, 3]],
    ['too few', recordsToText('setup', records.slice(1)), [1, 2]],
    ['neither score nor problem', recordsToText('setup', [{ line: 1 }]), [1]],
    ['a score that is none', packedRecords('{"line":1,"scores":{"answers":null}}'), [1]],
    ['nothing', packedRecords('null'), [1]],
    ['what cannot be unpacked', 'setup\n{}', [1]],
    ['no JSON', packedRecords('{'), [1]],
  ])('of %s do not count', (_, text, lines) => {
    expect(() => recordsFromText(text, 'setup', lines)).toThrow('not of this screen')
  })
})
