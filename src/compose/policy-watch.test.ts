import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { watchPolicy } from './policy-watch.ts'

let folder = ''
let path = ''
let taken: string[] = []
let rejected: unknown[] = []
let watching: { close(): void } | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-watch-'))
  path = join(folder, 'parapet.yaml')
  taken = []
  rejected = []
})

afterEach(async () => {
  watching?.close()
  await rm(folder, { recursive: true })
})

function start(initial: string, accept: (text: string) => boolean = () => true): void {
  watching = watchPolicy(path, initial, {
    interval: 10,
    onContent: async (text) => {
      if (!accept(text)) throw new Error('broken')
      taken.push(text)
    },
    onRejected: (cause) => void rejected.push(cause),
  })
}

const until = (met: () => boolean) => expect.poll(met, { timeout: 20_000, interval: 5 }).toBe(true)

async function replace(text: string): Promise<void> {
  await writeFile(`${path}.new`, text)
  await rename(`${path}.new`, path)
}

describe('what is noticed', () => {
  test('an edit in place, and a file replaced by an editor', async () => {
    await writeFile(path, 'one')
    start('one')
    await writeFile(path, 'two')
    await until(() => taken.at(-1) === 'two')
    await replace('three')
    await until(() => taken.at(-1) === 'three')
  })

  test('a swapped symbolic link, as Kubernetes mounts configuration', async () => {
    for (const name of ['v1', 'v2']) {
      await mkdir(join(folder, name))
      await writeFile(join(folder, name, 'parapet.yaml'), name)
    }
    await symlink('v1', join(folder, '..data'))
    await symlink(join('..data', 'parapet.yaml'), path)
    start('v1')
    await symlink('v2', join(folder, '..next'))
    await rename(join(folder, '..next'), join(folder, '..data'))
    await until(() => taken.at(-1) === 'v2')
  })

  test('a file that is gone for a while changes nothing until it is back', async () => {
    await writeFile(path, 'one')
    start('one')
    await rm(path)
    await writeFile(path, '')
    await writeFile(path, 'two')
    await until(() => taken.includes('two'))
    expect(taken.filter((text) => text === '')).toEqual([])
    expect(rejected).toEqual([])
  })

  test('the same content again is no change', async () => {
    await writeFile(path, 'one')
    start('one')
    await replace('one')
    await replace('two')
    await until(() => taken.length > 0)
    expect(taken).toEqual(['two'])
  })
})

test('a broken edit is reported and the next good one is taken', async () => {
  await writeFile(path, 'one')
  start('one', (text) => text !== 'broken')
  await replace('broken')
  await until(() => rejected.length === 1)
  expect(taken).toEqual([])
  await replace('two')
  await until(() => taken.at(-1) === 'two')
})

test('200 rapid swaps: only whole contents are seen, and the last one holds', async () => {
  const contents = ['a'.repeat(20_000), 'b'.repeat(20_000)]
  await writeFile(path, contents[0] ?? '')
  start(contents[0] ?? '')
  for (let swap = 1; swap <= 199; swap++) await replace(contents[swap % 2] ?? '')
  await until(() => taken.at(-1) === contents[1])
  expect(taken.every((text) => contents.includes(text))).toBe(true)
  expect(rejected).toEqual([])
})

test('nothing is reported after close', async () => {
  await writeFile(path, 'one')
  start('one')
  watching?.close()
  await replace('two')
  await new Promise((resolve) => setTimeout(resolve, 60))
  expect(taken).toEqual([])
})
