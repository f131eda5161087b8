/** One process at a time uses a data folder, whatever became of the one before. */
import { mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { lockFolder } from '../../src/store/index.ts'
import type { TestChild } from './children/run-child.ts'
import { runChild } from './children/run-child.ts'

let folder = ''
let children: TestChild[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-lock-'))
})
afterEach(async () => {
  for (const child of children.splice(0)) await child.kill()
  await rm(folder, { recursive: true, force: true })
})

function hold(): TestChild {
  const child = runChild('lock-holder', [folder])
  children.push(child)
  return child
}

/** Changes what the lock says of its owner. */
async function rewrite(change: (owner: Record<string, unknown>) => Record<string, unknown>): Promise<string> {
  const [name = ''] = (await readdir(folder)).filter((file) => file.startsWith('lock.'))
  const path = join(folder, name)
  await writeFile(path, JSON.stringify(change(JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>)))
  return path
}

test('is taken once, let go, and taken again', async () => {
  const lock = await lockFolder(folder)
  await expect(lockFolder(folder)).rejects.toMatchObject({
    code: 'configuration',
    message: expect.stringContaining(folder) as string,
    details: { folder, pid: process.pid },
  })
  await lock.release()
  await lock.release()
  const again = await lockFolder(folder)
  await again.release()
  expect((await readdir(folder)).filter((name) => name.startsWith('lock'))).toHaveLength(1)
})

test('makes the folder', async () => {
  const lock = await lockFolder(join(folder, 'deep', 'down'))
  await lock.release()
})

test('a folder that cannot be made is told', async () => {
  await writeFile(join(folder, 'file'), '')
  await expect(lockFolder(join(folder, 'file', 'below'))).rejects.toMatchObject({ code: 'configuration' })
})

test('another process is refused with the owner’s number, and takes over at once when the owner was killed', async () => {
  const owner = hold()
  await owner.line('held')
  await expect(lockFolder(folder)).rejects.toMatchObject({
    message: expect.stringContaining(`process ${owner.pid}`) as string,
    details: { pid: owner.pid },
  })
  await owner.kill()
  const lock = await lockFolder(folder)
  await lock.release()
})

test('a process that only has the number of the owner is not the owner', async () => {
  const owner = hold()
  await owner.line('held')
  await rewrite((said) => ({ ...said, started: '12345' }))
  const lock = await lockFolder(folder)
  await lock.release()
})

test('of ten processes that start at the same moment on an abandoned folder, one has it', async () => {
  const owner = hold()
  await owner.line('held')
  await owner.kill()
  const all = Array.from({ length: 10 }, () => hold())
  const said = await Promise.all(all.map((child) => Promise.race([child.line('held'), child.line('refused')])))
  expect(said.filter((line) => line.startsWith('held'))).toHaveLength(1)
})

test('many in one process: one has it each time', async () => {
  for (let round = 0; round < 20; round += 1) {
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)))
    const held = tries.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    expect(held).toHaveLength(1)
    await held[0]?.release()
  }
})

describe('an owner elsewhere', () => {
  const beat = 60

  test('that shows signs of life keeps it', async () => {
    const lock = await lockFolder(folder, { beat })
    await rewrite((said) => ({ ...said, place: 'another machine', pid: 1 }))
    await expect(lockFolder(folder, { beat })).rejects.toMatchObject({ details: { pid: 1 } })
    await lock.release()
  })

  test('that shows none loses it', async () => {
    const lost = await lockFolder(folder, { beat: 1_000_000 })
    const path = await rewrite((said) => ({ ...said, place: 'another machine', pid: 1 }))
    // However new it looks: clocks of two machines are not compared.
    const future = new Date(Date.now() + 3_600_000)
    await utimes(path, future, future)
    const lock = await lockFolder(folder, { beat })
    await lock.release()
    await lost.release()
  })

  test('is told when somebody has taken it', async () => {
    let told = 0
    const first = await lockFolder(folder, { beat, onLost: () => (told += 1) })
    await rewrite((said) => ({ ...said, released: true }))
    const second = await lockFolder(folder, { beat })
    await expect.poll(() => told).toBe(1)
    await first.release()
    await expect(lockFolder(folder, { beat })).rejects.toMatchObject({ code: 'configuration' })
    await second.release()
  })

  test('whose lock is half written is watched, not trusted', async () => {
    await writeFile(join(folder, 'lock.7'), '{"pid":')
    const lock = await lockFolder(folder, { beat })
    expect(await readdir(folder)).toEqual(['lock.8'])
    await lock.release()
  })
})
