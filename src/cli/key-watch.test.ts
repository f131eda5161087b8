import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { formatKeyFile, makeKey } from '../gateway/index.ts'
import type { WatchedKeys } from './key-watch.ts'
import { watchKeys } from './key-watch.ts'

let folder = ''
let watched: WatchedKeys | null = null

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'parapet-keys-')))
})
afterEach(() => {
  watched?.close()
  rmSync(folder, { recursive: true })
})

const LOCAL = { name: 'local', key: 'a-long-local-token', role: 'operator' } as const

function names(): readonly string[] {
  return watched?.current().map((setting) => (typeof setting === 'string' ? setting : setting.name)) ?? []
}

function write(text: string): void {
  writeFileSync(join(folder, 'keys.json'), text)
}

test('a change is taken, a broken file is told and changes nothing, and the last key taken away leaves only the local one', async () => {
  const one = makeKey({ name: 'one' }, 0).entry
  const two = makeKey({ name: 'two' }, 0).entry
  write(formatKeyFile([one]))
  const told: [string, boolean][] = []
  watched = await watchKeys(folder, [], LOCAL, (message, taken) => told.push([message, taken]))
  expect([watched.keyed, names()]).toEqual([true, ['one', 'local']])
  write(formatKeyFile([one, two]))
  await expect.poll(names, { timeout: 10_000 }).toEqual(['one', 'two', 'local'])
  write('{')
  await expect.poll(() => told.at(-1)?.[1], { timeout: 10_000 }).toBe(false)
  expect(names()).toEqual(['one', 'two', 'local'])
  write(formatKeyFile([]))
  await expect.poll(names, { timeout: 10_000 }).toEqual(['local'])
})

test('without keys nothing is asked for, not even after the first one was made', async () => {
  const told: boolean[] = []
  watched = await watchKeys(folder, [], LOCAL, (_message, taken) => told.push(taken))
  expect([watched.keyed, names()]).toEqual([false, []])
  write(formatKeyFile([makeKey({ name: 'one' }, 0).entry]))
  await expect.poll(() => told, { timeout: 10_000 }).toEqual([false])
  expect(names()).toEqual([])
})
