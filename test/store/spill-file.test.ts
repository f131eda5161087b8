/** The spill file: what is appended is read again, whatever happened in between. */
import { appendFile, mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import fc from 'fast-check'
import type { GrowingFile, SpillFile, SpillFiles } from '../../src/store/index.ts'
import { openSpillFile } from '../../src/store/index.ts'
import { aRecord, anyRecord } from './records.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-spill-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function readAll(file: SpillFile): Promise<{ readonly ids: readonly string[]; readonly damaged: number }> {
  const ids: string[] = []
  let damaged = 0
  await file.replay(
    async (records) => void ids.push(...records.map(({ id }) => id)),
    (lines) => (damaged += lines),
  )
  return { ids, damaged }
}

const records = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => aRecord(`dec_${from + index}`))
const idsOf = (from: number, to: number) => records(from, to).map(({ id }) => id)

test('what is appended is read in order, once, and its space is given back', async () => {
  const file = await openSpillFile({ folder })
  expect(file.bytes).toBe(0)
  expect(await file.append(records(0, 3), false)).toBe(true)
  expect(await file.append(records(3, 5), true)).toBe(true)
  expect(file.bytes).toBeGreaterThan(500)
  expect(await readAll(file)).toEqual({ ids: idsOf(0, 5), damaged: 0 })
  expect(file.bytes).toBe(0)
  expect(await readdir(folder)).toEqual([])
  expect(await readAll(file)).toEqual({ ids: [], damaged: 0 })
  await file.close()
})

test('property: any record comes back as it was', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyRecord(fc.string({ minLength: 1 })), { maxLength: 6 }), async (written) => {
      const file = await openSpillFile({ folder })
      for (const record of written) await file.append([record], false)
      const read: unknown[] = []
      await file.replay(
        async (batch) => void read.push(...batch),
        () => expect.unreachable(),
      )
      expect(read).toEqual(JSON.parse(JSON.stringify(written)))
      await file.close()
    }),
    { numRuns: 30 },
  )
})

test('a later process reads what an earlier one left, and never appends to it', async () => {
  const first = await openSpillFile({ folder })
  await first.append(records(0, 2), true)
  const second = await openSpillFile({ folder })
  expect(second.bytes).toBe(first.bytes)
  await second.append(records(2, 3), true)
  await first.close()
  expect(await readdir(folder)).toHaveLength(2)
  expect(await readAll(second)).toEqual({ ids: idsOf(0, 3), damaged: 0 })
  await second.close()
})

describe('a process that died in the middle', () => {
  test.each([1, 20, 200])('of a line (%i bytes missing): the rest is read, the cut is told', async (missing) => {
    const file = await openSpillFile({ folder })
    await file.append(records(0, 3), false)
    await file.close()
    const [name = ''] = await readdir(folder)
    const { length } = await readFile(join(folder, name))
    // The line break alone is missing: the line is whole.
    await truncate(join(folder, name), length - missing)
    const next = await openSpillFile({ folder })
    await next.append(records(3, 4), false)
    const whole = missing === 1
    expect(await readAll(next)).toEqual({
      ids: [...idsOf(0, whole ? 3 : 2), 'dec_3'],
      damaged: whole ? 0 : 1,
    })
    await next.close()
  })

  test('of reading: all of the file is read again', async () => {
    const file = await openSpillFile({ folder })
    await file.append(records(0, 500), false)
    let taken = 0
    const dies = file.replay(
      async (batch) => {
        taken += batch.length
        if (taken > 200) throw new Error('gone')
      },
      () => undefined,
    )
    await expect(dies).rejects.toThrow('gone')
    expect(file.bytes).toBeGreaterThan(0)
    const next = await openSpillFile({ folder })
    expect((await readAll(next)).ids).toEqual(idsOf(0, 500))
    await file.close()
    await next.close()
  })

  test('lines that are no records are passed over and counted; other files are left alone', async () => {
    const file = await openSpillFile({ folder })
    await file.append(records(0, 1), false)
    await file.close()
    const [name = ''] = await readdir(folder)
    await appendFile(join(folder, name), '\n{"id":7}\nnull\n[1]\n\u0000\n"text"\n')
    await writeFile(join(folder, 'notes.txt'), 'mine')
    const next = await openSpillFile({ folder })
    expect(await readAll(next)).toEqual({ ids: ['dec_0'], damaged: 5 })
    expect(await readdir(folder)).toEqual(['notes.txt'])
    await next.close()
  })
})

test('its bound holds over all files, and what would not fit leaves nothing behind', async () => {
  const file = await openSpillFile({ folder, maxBytes: 2000 })
  let kept = 0
  while (await file.append(records(kept, kept + 1), false)) kept += 1
  expect(kept).toBeGreaterThan(1)
  expect(file.bytes).toBeLessThanOrEqual(2000)
  expect(await file.append(records(0, 100), false)).toBe(false)
  await file.close()
  const next = await openSpillFile({ folder, maxBytes: 2000 })
  expect(await next.append(records(kept, kept + 1), false)).toBe(false)
  expect((await readAll(next)).ids).toEqual(idsOf(0, kept))
  expect(await next.append(records(0, 1), false)).toBe(true)
  await next.close()
})

test('appending while it is read loses nothing', async () => {
  const file = await openSpillFile({ folder })
  await file.append(records(0, 400), false)
  const ids: string[] = []
  const reading = file.replay(
    async (batch) => {
      ids.push(...batch.map(({ id }) => id))
      await new Promise((resolve) => setTimeout(resolve, 1))
    },
    () => undefined,
  )
  const appending = Promise.all(
    Array.from({ length: 50 }, (_, index) => file.append(records(400 + index, 401 + index), false)),
  )
  await Promise.all([reading, appending])
  ids.push(...(await readAll(file)).ids)
  expect(ids.toSorted()).toEqual(idsOf(0, 450).toSorted())
  await file.close()
})

describe('a disk that fails', () => {
  /** Files in memory on a disk of so many bytes; a write that does not fit leaves its first half behind. */
  class SmallDisk implements SpillFiles {
    readonly contents = new Map<string, string>()
    room: number
    cuts = true

    constructor(room: number) {
      this.room = room
    }

    async list() {
      return [...this.contents].map(([name, text]) => ({ name, bytes: Buffer.byteLength(text) }))
    }

    async create(name: string): Promise<GrowingFile> {
      if (this.room <= 0) throw new Error('ENOSPC')
      this.contents.set(name, '')
      const text = (): string => this.contents.get(name) ?? ''
      return {
        append: async (more) => {
          const fits = more.length <= this.room
          const written = fits ? more : more.slice(0, Math.min(this.room, more.length >> 1))
          this.contents.set(name, text() + written)
          this.room -= written.length
          if (!fits) throw new Error('ENOSPC')
        },
        cut: async (bytes) => {
          if (!this.cuts) throw new Error('EIO')
          this.room += text().length - bytes
          this.contents.set(name, text().slice(0, bytes))
        },
        sync: async () => undefined,
        close: async () => undefined,
      }
    }

    async *lines(name: string) {
      yield* (this.contents.get(name) ?? '').split('\n')
    }

    async remove(name: string) {
      this.room += (this.contents.get(name) ?? '').length
      this.contents.delete(name)
    }
  }

  test.each([true, false])('a write that half succeeds is taken back (the file can be cut: %s)', async (cuts) => {
    const disk = new SmallDisk(1500)
    disk.cuts = cuts
    const file = await openSpillFile({ folder, files: disk })
    let kept = 0
    for (let index = 0; index < 20; index += 1) {
      const done = await file.append(records(index, index + 1), true).then(
        () => true,
        () => false,
      )
      if (done) kept += 1
      else if (index > 10) disk.room += 300
    }
    const { ids, damaged } = await readAll(file)
    expect(ids).toHaveLength(kept)
    expect(kept).toBeGreaterThan(4)
    if (cuts) expect(damaged).toBe(0)
    expect(file.bytes).toBe(0)
  })
})
