/** Batches of work that several workers share, on a PostgreSQL server: the embedded one has a single process. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Task, TaskQueue } from '../../src/spec/task-queue.ts'
import type { SqlDatabase } from '../../src/store/index.ts'
import { openPostgresDatabase, openTaskQueue } from '../../src/store/index.ts'
import type { PostgresServer } from './postgres-server.ts'
import { findPostgres, startPostgres } from './postgres-server.ts'

const OPTIONS = { lease: 60, attempts: 3 }

async function taken(queue: TaskQueue, batch: string): Promise<Task> {
  const task = await queue.next(batch)
  if (task === null) throw new Error('A task was expected.')
  return task
}

function describeTasks(name: string, open: () => Promise<SqlDatabase>): void {
  describe(name, () => {
    let database: SqlDatabase
    let queue: TaskQueue
    beforeAll(async () => {
      database = await open()
      queue = await openTaskQueue(database)
    })
    afterAll(() => queue?.close())

    const left = async (): Promise<unknown> => database.query('select name from parapet_tasks.queue')

    test('tasks reach a worker once, answers the one who asked, and nothing stays', async () => {
      await queue.begin('a', 'what all must know', OPTIONS)
      expect(await queue.batches()).toEqual(['a'])
      expect(await queue.setup('a')).toBe('what all must know')
      expect(await queue.put('a', 'one', "it's\\u0000 odd")).toBe(true)
      expect(await queue.put('a', 'one', 'again')).toBe(true)
      expect(await queue.put('a', 'two', 'second')).toBe(true)
      const [first, second] = [await taken(queue, 'a'), await taken(queue, 'a')]
      expect([first, second].map(({ key, value }) => [key, value])).toEqual([
        ['one', "it's\\u0000 odd"],
        ['two', 'second'],
      ])
      expect(await queue.next('a')).toBeNull()
      await queue.answer('a', second, '2')
      await queue.answer('a', first, '1')
      const answers = await queue.answers('a', 10)
      expect(answers.map(({ key, value }) => [key, value])).toEqual([
        ['two', '2'],
        ['one', '1'],
      ])
      expect(await queue.answers('a', 10)).toEqual([])
      await queue.discard('a', answers)
      await queue.end('a')
      expect(await queue.batches()).toEqual([])
      expect(await left()).toEqual([])
    })

    test('of two answers to one task the first counts', async () => {
      await queue.begin('b', '', OPTIONS)
      await queue.put('b', 'one', '')
      const task = await taken(queue, 'b')
      await queue.answer('b', task, 'first')
      await queue.answer('b', task, 'second')
      expect((await queue.answers('b', 10)).map(({ value }) => value)).toEqual(['first'])
      await queue.end('b')
    })

    test('a worker that does not answer in time loses its task, and after the last attempt that is told', async () => {
      await queue.begin('c', '', { lease: 1, attempts: 2 })
      await queue.put('c', 'one', 'work')
      const again = async (): Promise<unknown> => {
        await queue.keep('c')
        return (await queue.next('c'))?.value ?? null
      }
      expect(await again()).toBe('work')
      await expect.poll(again, { timeout: 20_000 }).toBe('work')
      const told = async (): Promise<unknown> => {
        await queue.keep('c')
        return (await queue.answers('c', 10)).map(({ key, value }) => ({ key, value }))
      }
      await expect.poll(told, { timeout: 20_000 }).toEqual([{ key: 'one', value: null }])
      await queue.end('c')
    })

    test('a task that was given back goes to the next, and no attempt is lost', async () => {
      await queue.begin('d', '', { lease: 60, attempts: 1 })
      await queue.put('d', 'one', 'work')
      for (let round = 0; round < 3; round += 1) await queue.giveBack('d', await taken(queue, 'd'))
      expect(await queue.next('d')).toMatchObject({ key: 'one', value: 'work' })
      expect(await queue.answers('d', 10)).toEqual([])
      await queue.end('d')
    })

    test('a batch that has gone takes nothing, and one that begins anew is empty', async () => {
      await queue.begin('e', 'old', OPTIONS)
      await queue.put('e', 'one', '')
      await queue.put('e', 'two', '')
      const task = await taken(queue, 'e')
      await queue.begin('e', 'new', OPTIONS)
      expect(await queue.next('e')).toBeNull()
      expect(await queue.setup('e')).toBe('new')
      await queue.end('e')
      await queue.answer('e', task, 'late')
      await queue.giveBack('e', task)
      expect(await queue.put('e', 'three', '')).toBe(false)
      expect([await queue.next('e'), await queue.setup('e'), await queue.answers('e', 1)]).toEqual([null, null, []])
      expect(await left()).toEqual([])
    })

    test('a batch without a sign of life for an hour is removed', async () => {
      await queue.begin('f', '', OPTIONS)
      await queue.begin('g', '', OPTIONS)
      await queue.put('f', 'one', 'private')
      await database.script("update parapet_tasks.queue set updated_on = now() - interval '61 minutes'")
      await queue.keep('g')
      expect(await queue.batches()).toEqual(['g'])
      expect(await database.query("select name from parapet_tasks.job where name like 'f-%'")).toEqual([])
      await queue.end('g')
    })
  })
}

const programs = findPostgres()
if (programs === null) {
  test.skipIf((process.env['CI'] ?? '') === '')('PostgreSQL server: one is installed (Debian: postgresql)', () => {
    expect(programs).not.toBeNull()
  })
} else {
  describe('by URL', () => {
    let server: PostgresServer
    beforeAll(async () => {
      server = await startPostgres(programs)
    })
    afterAll(() => server.remove())
    describeTasks('PostgreSQL server', () => openPostgresDatabase({ url: server.url('tasks') }))

    test('several workers at once take every task once, and a server that goes away is told', async () => {
      const open = async (): Promise<TaskQueue> =>
        openTaskQueue(await openPostgresDatabase({ url: server.url('many') }))
      const queues = await Promise.all([open(), open(), open(), open()])
      const [asker, ...workers] = queues
      await asker.begin('m', '', OPTIONS)
      const keys = Array.from({ length: 60 }, (_, at) => `${at}`)
      for (const key of keys) await asker.put('m', key, key)
      const seen: string[] = []
      await Promise.all(
        workers.map(async (worker) => {
          for (let task = await worker.next('m'); task !== null; task = await worker.next('m')) {
            seen.push(task.key)
            await worker.answer('m', task, task.value)
          }
        }),
      )
      expect(seen.toSorted()).toEqual(keys.toSorted())
      const answers = await asker.answers('m', 100)
      expect(answers.map(({ value }) => value).toSorted()).toEqual(keys.toSorted())
      await server.kill()
      await expect(asker.next('m')).rejects.toMatchObject({ code: 'record_unavailable' })
      await server.start()
      await expect.poll(() => asker.next('m').catch(() => 'away'), { timeout: 20_000 }).toBeNull()
      await asker.end('m')
      for (const queue of queues) await queue.close()
    })
  })
}

test('a database that is not there is told', async () => {
  const database = await openPostgresDatabase({ url: 'postgres://127.0.0.1:1/db' })
  await expect(openTaskQueue(database)).rejects.toMatchObject({ code: 'record_unavailable' })
})
