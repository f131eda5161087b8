/** Nothing that a screen reads is written over, by whatever name it is called, and only what is its own is removed. */
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { prepareOutput } from './output-paths.ts'
import { rowChunks } from './row-chunks.ts'
import { RunFolder } from './run-folder.ts'

let folder = ''
const at = (...names: readonly string[]): string => join(folder, ...names)

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-output-'))
  for (const name of ['data.jsonl', 'x.partial', 'known.jsonl']) writeFileSync(at(name), '{}\n')
  symlinkSync(at('data.jsonl'), at('link.jsonl'))
  linkSync(at('data.jsonl'), at('hard.jsonl'))
  mkdirSync(at('elsewhere', 'run'), { recursive: true })
  writeFileSync(at('elsewhere', 'rows.jsonl'), '{}\n')
  writeFileSync(at('elsewhere', 'run', 'inside.jsonl'), '{}\n')
  symlinkSync(at('elsewhere'), at('linked'))
})
afterAll(() => rmSync(folder, { recursive: true }))

test.each([
  [{ clean: 'data.jsonl' }],
  [{ clean: 'link.jsonl' }],
  [{ flagged: 'hard.jsonl' }],
  [{ flagged: 'known.jsonl' }],
  [{ clean: 'x' }],
  [{ out: 'linked' }],
  [{ out: 'elsewhere' }],
])('%j would write over what is read', (given: { clean?: string; flagged?: string; out?: string }) => {
  const { out = 'out', clean, flagged } = given
  const inputs = ['data.jsonl', 'x.partial', 'known.jsonl', 'elsewhere/rows.jsonl'].map((name) => at(name))
  expect(() =>
    prepareOutput({
      ...{ out: at(out), inputs },
      ...(clean === undefined ? {} : { clean: at(clean) }),
      ...(flagged === undefined ? {} : { flagged: at(flagged) }),
    }),
  ).toThrow('which it reads')
})

test('a file inside the folder of unfinished results is not read from there', () => {
  expect(() => prepareOutput({ out: at('elsewhere'), inputs: [at('elsewhere', 'run', 'inside.jsonl')] })).toThrow(
    'which it reads',
  )
})

test('two outputs in one file, and a folder that is a file, are refused', () => {
  const given = { out: at('out'), inputs: [at('data.jsonl')] }
  expect(() => prepareOutput({ ...given, clean: at('a'), flagged: at('out', '..', 'a') })).toThrow('same file')
  expect(() => prepareOutput({ ...given, clean: at('out', 'rows.jsonl') })).toThrow('same file')
  expect(() => prepareOutput({ ...given, out: at('data.jsonl') })).toThrow('no folder that can be written')
  expect(() => prepareOutput({ ...given, clean: at('c'), flagged: at('f') })).not.toThrow()
})

test('a folder "run" that no screen has made stays as it is', () => {
  expect(() => new RunFolder(at('elsewhere')).open({ seed: 1 }, false)).toThrow('is not of a screen')
  expect(readFileSync(at('elsewhere', 'run', 'inside.jsonl'), 'utf8')).toBe('{}\n')
  const own = new RunFolder(at('own'))
  own.open({ seed: 1 }, false)
  own.write('rows', 0, 0, [{ line: 1 }])
  own.open({ seed: 1 }, true)
  expect(own.has('rows', 0, 0)).toBe(true)
  own.open({ seed: 2 }, false)
  expect(own.has('rows', 0, 0)).toBe(false)
})

test('long rows make short chunks, and chunks are the same whichever are wanted', async () => {
  const row = `${JSON.stringify({ instruction: 'a', output: 'b'.repeat(3 * 1024 * 1024) })}\n`
  writeFileSync(at('long.jsonl'), row.repeat(14))
  const lengths = async (wants?: (chunk: number) => boolean): Promise<readonly (readonly [number, number])[]> => {
    const found: (readonly [number, number])[] = []
    for await (const { chunk, rows } of rowChunks({ path: at('long.jsonl'), form: 'alpaca' }, wants))
      found.push([chunk, rows.length])
    return found
  }
  expect(await lengths()).toEqual([
    [0, 6],
    [1, 6],
    [2, 2],
  ])
  expect(await lengths((chunk) => chunk > 0)).toEqual([
    [1, 6],
    [2, 2],
  ])
})
