/** Limits of a build: how they are written, and that no evidence is no pass. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RedTeamRow } from '../run/row.ts'
import { applyGates, checkFamilies, checkGates, parseGate } from './gate.ts'
import { renderJunit } from './junit.ts'
import { summarise } from './summary.ts'

const row = (at: number, more: Partial<RedTeamRow> = {}): RedTeamRow => ({
  ...{ id: `${at}`, kind: 'attack', seed: 1, setting: 'none', goal: `g${at}`, attack: 'base64', family: 'encoding' },
  ...{
    language: 'en',
    outcome: 'refused',
    reason: '',
    queries: 1,
    calls: 1,
    promptTokens: 1,
    answerTokens: 1,
    length: 5,
  },
  ...{ judges: {}, truth: null },
  ...more,
})
const rows = [
  row(1, { outcome: 'success' }),
  row(2),
  row(3),
  row(4, { outcome: 'blocked' }),
  row(5, { outcome: 'failed' }),
]
const fails = (text: string, given = rows): readonly boolean[] =>
  applyGates([parseGate(text)], summarise(given)).map(({ failed }) => failed)

describe('a limit', () => {
  test.each([
    ['asr>0.25', false],
    ['asr>=0.25', true],
    ['asr>24%', true],
    [' asr[encoding] > .2 ', true],
    ['asr[role-play]>0.9', true],
    ['over-refusal>0.5', true],
    ['failures>0.2', false],
    ['failures>0.19', true],
    ['asr@none>0.3', false],
  ])('%s: passed is %s', (text, failed) => {
    expect(fails(text)).toEqual([failed])
  })

  test('on nothing but failures is not kept', () => {
    expect(fails('asr>0.5', [row(1, { outcome: 'judge_failed' })])).toEqual([true])
    expect(fails('asr@other>0.5')).toEqual([true])
    expect(fails('asr>1', [])).toEqual([true])
  })

  test('does not count what gets through by chance or without an attack, which can be asked for by name', () => {
    const controls = [
      row(6, { outcome: 'success', family: 'chance' }),
      row(7, { outcome: 'success', family: 'control' }),
    ]
    expect(fails('asr>0.25', [...rows, ...controls])).toEqual([false])
    expect(fails('asr[chance]>0.5', [...rows, ...controls])).toEqual([true])
    expect(summarise(controls).settings[0]).toMatchObject({ asr: { rows: 0 }, plain: { hits: 1 }, cheapest: null })
  })

  test('holds for every setting unless one is named', () => {
    const both = [...rows, row(6, { setting: 'guard' })]
    expect(fails('asr>0.1', both)).toEqual([true, false])
    expect(fails('asr@guard>0.1', both)).toEqual([false])
  })

  test.each([
    '',
    'asr',
    'asr<0.1',
    'asr>2',
    'asr>1e9',
    'asr[nothing]>0.1',
    'speed>1',
    'failures[encoding]>0.1',
    'asr>0.1; ls',
  ])('"%s" is none', (text) => {
    expect(() => parseGate(text)).toThrow(expect.objectContaining({ code: 'configuration' }))
  })

  test('of a setting that is not there is said before anything is asked', () => {
    expect(() => checkGates([parseGate('asr@wall>0.1')], ['none'])).toThrow(/none/)
    expect(() => checkFamilies([parseGate('asr[search]>0.1')], ['encoding'])).toThrow(/there are encoding/)
    checkFamilies([parseGate('asr[encoding]>0.1'), parseGate('asr[control]>0.1')], ['encoding'])
  })
})

test('any names make well-formed XML attributes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 0xff_ff }), { maxLength: 8 }).map((units) => String.fromCharCode(...units)),
      (name) => {
        const xml = renderJunit(summarise([row(1, { attack: name, setting: name })]), [])
        expect(xml.replaceAll(/"[^"<]*"/g, '""')).not.toMatch(/[<>][^<>]*=""[^<>]*""""|[\u0000-\u0008]/)
        expect(xml.match(/<testcase /g)).toHaveLength(1)
      },
    ),
  )
})
