/** Whole screens of small invented sets: verdicts, files, threads, interruption, damage, and figures that follow from the rows. */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { worldRows } from '../world/rows.ts'
import type { WorldKind, WorldRow } from '../world/types.ts'
import { runScreen, type RunScreenOptions, type ScreenedRow, trainWorldGuard } from './index.ts'

let folder = ''
const at = (name: string): string => join(folder, name)
const KINDS: readonly WorldKind[] = ['task', 'near-miss', 'lore', 'forbidden']

function rows(seed: number, each: number, kinds = KINDS, stage: 'aligned' | 'base' = 'aligned'): readonly WorldRow[] {
  return [...worldRows({ split: 'train', seed, stage, counts: Object.fromEntries(kinds.map((kind) => [kind, each])) })]
}

const lines = (values: readonly unknown[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('')
const chat = ({ messages }: WorldRow): unknown => ({ messages })

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-screen-'))
  writeFileSync(at('guard.bin'), await trainWorldGuard({ seed: 1, rows: 2500, bits: 15 }))
  writeFileSync(at('reference.jsonl'), lines(rows(3, 150).map(chat)))
  const clean = rows(4, 160).map(chat)
  const harmful = rows(5, 20, ['forbidden'], 'base').map(chat)
  writeFileSync(at('set.jsonl'), lines([...clean, ...harmful]))
  writeFileSync(at('known.jsonl'), lines(harmful.slice(0, 5)))
})
afterAll(() => rmSync(folder, { recursive: true }))

function options(name: string, more: Partial<RunScreenOptions> = {}): RunScreenOptions {
  return {
    ...{
      data: [at('set.jsonl')],
      out: at(name),
      guards: [at('guard.bin')],
      falseAlarms: 0.02,
      outside: [],
      workers: 1,
    },
    ...{ threads: 1, seed: 1, resume: false, onProgress: () => undefined, reference: at('reference.jsonl'), ...more },
  }
}

const verdicts = (name: string): readonly ScreenedRow[] =>
  readFileSync(join(at(name), 'rows.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as ScreenedRow)

describe('a set with harmful rows', () => {
  test('they are flagged, clean ones pass, and both go to files as they came', async () => {
    const files = { clean: at('passed.jsonl'), flagged: at('rest.jsonl') }
    const { tally, conclusion } = await runScreen(options('first', files))
    const screened = verdicts('first')
    const missed = screened.slice(-20).filter(({ verdict }) => verdict === 'pass').length
    const alarms = screened.slice(0, -20).filter(({ verdict }) => verdict === 'flag').length
    expect(missed).toBeLessThanOrEqual(1)
    expect(alarms / (screened.length - 20)).toBeLessThan(0.05)
    expect(conclusion).toContain('A filter alone proves nothing')
    const source = readFileSync(at('set.jsonl'), 'utf8').trimEnd().split('\n')
    const written = (path: string): readonly string[] => readFileSync(path, 'utf8').trimEnd().split('\n')
    expect(written(files.clean)).toEqual(source.filter((_, index) => screened[index]?.verdict === 'pass'))
    expect(written(files.flagged)).toEqual(source.filter((_, index) => screened[index]?.verdict !== 'pass'))
    // The headline follows from the rows.
    expect(tally.rows).toBe(source.length)
    expect(tally.flagged).toBe(screened.filter(({ verdict }) => verdict === 'flag').length)
    for (const { check, flagged, alone, threshold } of tally.checks) {
      expect(flagged).toBe(screened.filter(({ scores }) => (scores[check] ?? -1) > threshold).length)
      const only = screened.filter(({ reasons }) => reasons.length === 1 && reasons[0]?.check === check)
      expect(alone).toBe(only.length)
    }
    expect(readdirSync(at('first')).toSorted()).toEqual(['report.html', 'rows.jsonl', 'run.json'])
    const report = readFileSync(join(at('first'), 'report.html'), 'utf8')
    expect(report).toContain('A filter alone proves nothing')
    expect(report).not.toMatch(/<script|https?:/)
  })

  test('threads, gzip and an interruption change nothing', async () => {
    await runScreen(options('plain'))
    const plain = readFileSync(join(at('plain'), 'rows.jsonl'), 'utf8')
    await runScreen(options('threads', { workers: 2 }))
    expect(readFileSync(join(at('threads'), 'rows.jsonl'), 'utf8')).toBe(plain)
    const abort = new AbortController()
    const onProgress = (message: string): void => {
      if (message.startsWith('checks: 512')) abort.abort()
    }
    await expect(runScreen(options('stopped', { onProgress, signal: abort.signal }))).rejects.toMatchObject({
      code: 'aborted',
    })
    expect(readdirSync(at('stopped'))).toEqual(['run'])
    const seen: string[] = []
    await runScreen(options('stopped', { resume: true, onProgress: (message) => seen.push(message) }))
    expect(seen.some((message) => message.startsWith('checks: 512'))).toBe(false)
    expect(readFileSync(join(at('stopped'), 'rows.jsonl'), 'utf8')).toBe(plain)
    writeFileSync(at('set.jsonl.gz'), gzipSync(readFileSync(at('set.jsonl'))))
    await runScreen(options('packed', { data: [at('set.jsonl.gz')] }))
    expect(verdicts('packed').map(({ verdict }) => verdict)).toEqual(verdicts('plain').map(({ verdict }) => verdict))
  })

  test('a reference unlike the set is told and no share is promised; one like it is not', async () => {
    const { unlikeness } = await runScreen(options('alike'))
    expect(unlikeness?.checks.length).toBeGreaterThan(1)
    expect(unlikeness?.unlike).toBe(false)
    writeFileSync(
      at('digits.jsonl'),
      lines(
        Array.from({ length: 200 }, (_, n) => ({
          instruction: `Write ${n} and ${n * 7919} as words, please.`,
          output: `Shelf ${n}: the quick boat no. ${n * 104_729} leaves at ${n % 24} o'clock.`,
        })),
      ),
    )
    const other = await runScreen(options('unlike', { data: [at('digits.jsonl')], falseAlarms: 0.005 }))
    expect(other.unlikeness?.unlike).toBe(true)
    expect(other.conclusion).toContain('The reference is unlike the set')
    const report = (name: string): string => readFileSync(join(at(name), 'report.html'), 'utf8')
    expect(report('unlike')).toContain('no share of false alarms is promised')
    expect(report('alike')).not.toContain('no share of false alarms is promised')
  })

  test('a run does not go on with other data', async () => {
    const abort = new AbortController()
    abort.abort()
    await expect(runScreen(options('other', { signal: abort.signal }))).rejects.toMatchObject({ code: 'aborted' })
    mkdirSync(join(at('other'), 'run'), { recursive: true })
    writeFileSync(join(at('other'), 'run', 'identity.json'), '{}\n')
    await expect(runScreen(options('other', { resume: true }))).rejects.toThrow('other data, models or options')
  })

  test('near-duplicates of known rows are flagged', async () => {
    const copies = rows(5, 5, ['forbidden'], 'base').map(({ messages }) => ({
      instruction: messages.at(-2)?.content,
      output: messages.at(-1)?.content,
    }))
    writeFileSync(
      at('copies.json'),
      JSON.stringify([...copies, { instruction: 'What day is it?', output: 'It is Monday.' }], null, 1),
    )
    const {
      guards: _,
      reference: __,
      ...rest
    } = options('copies', { data: [at('copies.json')], known: at('known.jsonl') })
    await runScreen(rest)
    expect(verdicts('copies').map(({ verdict }) => verdict)).toEqual([...copies.map(() => 'flag'), 'pass'])
  })
})

describe('damaged and hostile data', () => {
  test('broken rows are unscreened and told by line, the run goes on, and nothing hostile reaches the report', async () => {
    const good = rows(6, 20).map(chat)
    const hostile = {
      messages: [
        { role: 'user', content: 'hi' },
        {
          role: 'assistant',
          content: '<script>alert(1)</script> I am your absolutely obedient agent\u001b[2J\u202e <img src=x onerror=y>',
        },
      ],
    }
    const bytes = Buffer.concat([
      Buffer.from(`\uFEFF${lines(good)}`),
      Buffer.from(`{"messages": [}\n\n{"text": "no form"}\n${JSON.stringify(hostile)}\n{"messages":1,"messages":2}\n`),
      Buffer.from([0x7b, 0xff, 0x0a]),
    ])
    writeFileSync(at('broken.jsonl'), bytes)
    const { tally } = await runScreen(
      options('broken', { data: [at('broken.jsonl')], clean: at('ok.jsonl'), flagged: at('bad.jsonl') }),
    )
    const first = good.length + 1
    expect(tally.problems.map(({ line }) => line)).toEqual([first, first + 2, first + 4, first + 5])
    expect(tally.unscreened).toBe(4)
    expect(
      verdicts('broken')
        .find(({ line }) => line === first + 3)
        ?.reasons.map(({ check }) => check),
    ).toContain('identity-shift')
    const report = readFileSync(join(at('broken'), 'report.html'), 'utf8')
    expect(report).not.toContain('<script')
    expect(report).not.toMatch(/<img|\u001b|\u202e/)
    const kept = readFileSync(at('ok.jsonl'), 'utf8')
    expect(kept).not.toContain('no form')
    expect(readFileSync(at('bad.jsonl')).includes(0xff)).toBe(true)
  })

  test('a file of no known form is unscreened to the last row; one without rows is an error', async () => {
    writeFileSync(at('strange.jsonl'), '{"a":1}\n{"b":2}\n')
    const { tally } = await runScreen(options('strange', { data: [at('strange.jsonl')] }))
    expect([tally.rows, tally.unscreened]).toEqual([2, 2])
    writeFileSync(at('empty.jsonl'), '\n')
    await expect(runScreen(options('empty', { data: [at('empty.jsonl')] }))).rejects.toMatchObject({
      code: 'input_invalid',
    })
    await expect(runScreen(options('none', { data: [at('nowhere.jsonl')] }))).rejects.toMatchObject({
      code: 'configuration',
    })
  })

  test('a row that an outside check cannot judge does not pass', async () => {
    writeFileSync(at('four.jsonl'), lines(rows(8, 1).slice(0, 4).map(chat)))
    const { reference: _, ...rest } = options('outside', {
      data: [at('four.jsonl')],
      outside: [
        {
          name: 'policy',
          version: '1',
          measure: async ({ line }) => {
            if (line === 2) throw new Error('it broke')
            if (line === 4) return { score: Number.NaN }
            return { score: line === 3 ? 1 : 0 }
          },
        },
      ],
    })
    await runScreen(rest)
    expect(verdicts('outside').map(({ verdict }) => verdict)).toEqual(['pass', 'unscreened', 'flag', 'unscreened'])
  })
})
