/** A run's folder: parts done once, other runs and strangers refused, nothing of theirs touched. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { RunStore } from './run-store.ts'

const base = mkdtempSync(join(tmpdir(), 'parapet-store-'))
afterAll(() => rmSync(base, { recursive: true }))

const never = (): Promise<never> => Promise.reject(new Error('made twice'))

test('a part is made once, also by the run that goes on; without resuming all begins anew', async () => {
  const folder = join(base, 'run')
  expect(await new RunStore(folder, 'a', false).once('1/part', async () => [1, null])).toEqual([1, null])
  expect(await new RunStore(folder, 'a', true).once('1/part', never)).toEqual([1, null])
  expect(await new RunStore(folder, 'a', false).once('1/part', async () => 2)).toBe(2)
})

test('a part that failed is not kept, and a damaged one is made again', async () => {
  const folder = join(base, 'damaged')
  const store = new RunStore(folder, 'a', false)
  await expect(store.once('part', never)).rejects.toThrow('made twice')
  expect(await store.once('part', async () => 'whole')).toBe('whole')
  for (const text of ['', '"who', '\u0000\u0000']) {
    writeFileSync(join(folder, 'part.json'), text)
    expect(await new RunStore(folder, 'a', true).once('part', async () => text)).toBe(text)
  }
})

test('a run with other options is refused, and stays', async () => {
  const folder = join(base, 'other')
  await new RunStore(folder, 'a', false).once('part', async () => 1)
  expect(() => new RunStore(folder, 'b', true)).toThrow(/other options/)
  expect(await new RunStore(folder, 'a', true).once('part', never)).toBe(1)
})

test('resuming takes no folder of strangers; an empty one or one just begun is taken', async () => {
  const folder = join(base, 'foreign')
  mkdirSync(folder)
  writeFileSync(join(folder, 'thesis.txt'), 'mine')
  expect(() => new RunStore(folder, 'a', true)).toThrow(/no run that could be resumed/)
  expect(readdirSync(folder)).toEqual(['thesis.txt'])
  // What names the run is damaged: nobody can say whose parts these are.
  const damaged = join(base, 'nameless')
  await new RunStore(damaged, 'a', false).once('part', async () => 1)
  writeFileSync(join(damaged, 'experiment.json'), '"a')
  expect(() => new RunStore(damaged, 'a', true)).toThrow(/no run that could be resumed/)
  expect(readFileSync(join(damaged, 'part.json'), 'utf8')).toBe('1')

  const begun = join(base, 'begun')
  mkdirSync(begun)
  writeFileSync(join(begun, 'experiment.json.partial'), '"')
  expect(await new RunStore(begun, 'a', true).once('part', async () => 1)).toBe(1)
  new RunStore(join(base, 'missing'), 'a', true)
  expect(existsSync(join(base, 'missing/experiment.json'))).toBe(true)
})
