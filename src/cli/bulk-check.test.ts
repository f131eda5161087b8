import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createScriptedIo, type ScriptedIo } from '../../test/support/scripted-io.ts'
import type { CheckInput, CheckResult } from '../spec/check.ts'
import { runBulkCheck, type BulkOptions } from './bulk-check.ts'
import type { Checker } from './runtime.ts'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-bulk-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

const fakeIo = (stdin = ''): ScriptedIo => createScriptedIo({ cwd: folder, stdin })

function result(input: CheckInput): CheckResult {
  const nothing = { prompt_harm: null, response_harm: null, refusal: null, injection: null, toxicity: null }
  return {
    ...(input.id === undefined ? {} : { id: input.id }),
    decision: input.prompt?.includes('stop') === true ? 'block' : 'pass',
    scores: { ...nothing, prompt_harm: 0.25 },
    categories: {},
    spans: [],
    error: null,
    ms: 1,
    decisionId: 'd',
    policyVersion: 'p1',
    guards: [],
    shadowDecision: 'pass',
    exceptions: [],
    warnings: [],
  }
}

function checker(
  judge: (input: CheckInput) => Promise<CheckResult> = async (input) => result(input),
  version = 'p1',
): Checker {
  return { policyVersion: version, check: judge, close: async () => undefined }
}

function options(changes: Partial<BulkOptions> = {}, judge: Checker = checker()): BulkOptions {
  return {
    input: 'in.jsonl',
    out: 'out.jsonl',
    resume: false,
    quiet: false,
    concurrency: 3,
    version: '1.0.0',
    openChecker: async () => judge,
    ...changes,
  }
}

const rowsOf = (text: string): readonly Record<string, unknown>[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line): Record<string, unknown> => JSON.parse(line))
const file = (name = 'out.jsonl'): string => readFileSync(join(folder, name), 'utf8')
const lines = (count: number): string =>
  Array.from({ length: count }, (_, index) => `{"id":"${index}","prompt":"text ${index}"}\n`).join('')

/** Judges until `limit` rows were asked for, then sends SIGTERM. */
async function interrupt(limit: number): Promise<ScriptedIo> {
  const io = fakeIo()
  let asked = 0
  const judge = checker(async (input) => {
    asked += 1
    if (asked === limit) io.stop('SIGTERM')
    return result(input)
  })
  expect(await runBulkCheck(io, options({}, judge))).toBe(143)
  return io
}

describe('bulk check', () => {
  test('writes one row for every physical line, in order', async () => {
    const input =
      '\uFEFF{"id":"a","prompt":"x"}\r\n\r\n{"prompt":"please stop"}\nnot json\n{"id":"e","prompt":"","response":"r"}'
    writeFileSync(join(folder, 'in.jsonl'), input)
    const io = fakeIo()
    expect(await runBulkCheck(io, options())).toBe(0)
    const rows = rowsOf(file())
    expect(rows.map((row) => row['decision'])).toEqual(['pass', 'error', 'block', 'error', 'pass'])
    expect(rows.map((row) => row['id'])).toEqual(['a', undefined, undefined, undefined, 'e'])
    expect(io.written()).toBe('')
    expect(io.errors()).toContain('5 rows in out.jsonl')
    expect(readdirSync(folder).toSorted()).toEqual(['in.jsonl', 'out.jsonl'])
  })

  test('an empty input gives an empty output', async () => {
    writeFileSync(join(folder, 'in.jsonl'), '')
    expect(await runBulkCheck(fakeIo(), options())).toBe(0)
    expect(file()).toBe('')
  })

  test('reads standard input and writes standard output, silently when asked', async () => {
    const io = fakeIo(lines(300))
    expect(await runBulkCheck(io, options({ input: '-', out: '-', quiet: true }))).toBe(0)
    expect(rowsOf(io.written()).map((row) => row['id'])).toEqual(
      Array.from({ length: 300 }, (_, index) => String(index)),
    )
    expect(io.errors()).toBe('')
  })

  test('a check that throws gives an error row without the text', async () => {
    writeFileSync(join(folder, 'in.jsonl'), '{"prompt":"swordfish"}\n')
    const judge = checker(() => Promise.reject(new Error('swordfish')))
    expect(await runBulkCheck(fakeIo(), options({}, judge))).toBe(0)
    expect(rowsOf(file())[0]).toMatchObject({ decision: 'error', error: { code: 'internal' } })
    expect(file()).not.toContain('swordfish')
  })

  test('an interrupted run leaves the old output alone and can be continued', async () => {
    writeFileSync(join(folder, 'in.jsonl'), lines(500))
    writeFileSync(join(folder, 'out.jsonl'), 'old\n')
    const io = await interrupt(200)
    expect(io.errors()).toContain('--resume')
    expect(file()).toBe('old\n')
    const again = fakeIo()
    let asked = 0
    const judge = checker(async (input) => {
      asked += 1
      return result(input)
    })
    expect(await runBulkCheck(again, options({ resume: true }, judge))).toBe(0)
    expect(asked).toBeLessThan(500)
    expect(rowsOf(file()).map((row) => row['id'])).toEqual(Array.from({ length: 500 }, (_, index) => String(index)))
    expect(readdirSync(folder).toSorted()).toEqual(['in.jsonl', 'out.jsonl'])
  })

  test('drops a row that was cut off', async () => {
    writeFileSync(join(folder, 'in.jsonl'), lines(300))
    await interrupt(200)
    const partial = join(folder, '.out.jsonl.partial')
    writeFileSync(partial, `${readFileSync(partial, 'utf8')}{"id":"cut`)
    expect(await runBulkCheck(fakeIo(), options({ resume: true }))).toBe(0)
    expect(rowsOf(file())).toHaveLength(300)
  })

  test('refuses to continue with another input or policy', async () => {
    writeFileSync(join(folder, 'in.jsonl'), lines(300))
    await interrupt(200)
    const resume = (judge?: Checker): Promise<number> => runBulkCheck(fakeIo(), options({ resume: true }, judge))
    await expect(resume(checker(undefined, 'p2'))).rejects.toThrow('policy has changed')
    writeFileSync(join(folder, 'in.jsonl'), lines(300).replace('text 3', 'another'))
    await expect(resume()).rejects.toThrow('have changed')
    writeFileSync(join(folder, 'in.jsonl'), lines(5))
    await expect(resume()).rejects.toThrow('has 5 lines')
    writeFileSync(join(folder, 'in.jsonl'), lines(300))
    expect(await resume()).toBe(0)
  })

  test('does not redo a finished output, and notices another input', async () => {
    writeFileSync(join(folder, 'in.jsonl'), lines(10))
    expect(await runBulkCheck(fakeIo(), options())).toBe(0)
    const untouched = checker(() => Promise.reject(new Error('asked again')))
    expect(await runBulkCheck(fakeIo(), options({ resume: true }, untouched))).toBe(0)
    expect(rowsOf(file()).every((row) => row['decision'] === 'pass')).toBe(true)
    writeFileSync(join(folder, 'in.jsonl'), lines(11))
    await expect(runBulkCheck(fakeIo(), options({ resume: true }))).rejects.toThrow('10 rows')
  })

  test.each([
    [{ input: 'none.jsonl' }, 'no such file'],
    [{ input: '.' }, 'folder'],
    [{ out: '.' }, 'folder'],
    [{ out: 'none/out.jsonl' }, 'does not exist'],
    [{ out: 'in.jsonl' }, 'same file'],
    [{ out: '-', resume: true }, '--resume'],
  ])('refuses %j', async (changes, message) => {
    writeFileSync(join(folder, 'in.jsonl'), lines(1))
    await expect(runBulkCheck(fakeIo(), options(changes))).rejects.toThrow(message)
    expect(file('in.jsonl')).toBe(lines(1))
  })

  test('writes to a device in place', async () => {
    writeFileSync(join(folder, 'in.jsonl'), lines(3))
    expect(await runBulkCheck(fakeIo(), options({ out: '/dev/null' }))).toBe(0)
  })
})
