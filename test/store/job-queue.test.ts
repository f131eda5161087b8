/** The queue of jobs, on both databases. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Job, JobQueue } from '../../src/spec/index.ts'
import type { SqlDatabase } from '../../src/store/index.ts'
import { openEmbeddedDatabase, openJobQueue, openPostgresDatabase } from '../../src/store/index.ts'
import type { PostgresServer } from './postgres-server.ts'
import { findPostgres, startPostgres } from './postgres-server.ts'

function describeQueue(name: string, open: () => Promise<SqlDatabase>): void {
  describe(name, () => {
    let database: SqlDatabase
    let queue: JobQueue
    beforeAll(async () => {
      database = await open()
      queue = await openJobQueue({ database })
    })
    afterAll(async () => {
      await queue?.close()
      await database?.close()
    })

    test('runs jobs with their data, and again when they failed', async () => {
      const seen: Job[] = []
      let failures = 1
      await queue.work(
        'first',
        async (job) => {
          if (failures-- > 0) throw new Error('not yet')
          seen.push(job)
        },
        { interval: 500 },
      )
      const id = await queue.send('first', { text: "it's \0 odd".replace('\0', ''), list: [1, 2] })
      await expect.poll(() => seen, { timeout: 20_000 }).toHaveLength(1)
      expect(seen[0]).toEqual({ id, queue: 'first', data: { text: "it's  odd", list: [1, 2] } })
    })

    test('of jobs with one key that wait, one is kept', async () => {
      expect(await queue.send('second', {}, { key: 'k' })).not.toBeNull()
      expect(await queue.send('second', {}, { key: 'k' })).toBeNull()
      expect(await queue.send('second', {}, { key: 'other' })).not.toBeNull()
      expect(await queue.send('second')).not.toBeNull()
      expect(await queue.send('second')).not.toBeNull()
    })

    test('one that is delayed waits', async () => {
      const seen: string[] = []
      await queue.work('third', async ({ data }) => void seen.push(String(data['name'])), { interval: 500 })
      await queue.send('third', { name: 'late' }, { delay: 3_600_000 })
      await queue.send('third', { name: 'now' })
      await expect.poll(() => seen, { timeout: 20_000 }).toEqual(['now'])
    })

    test('schedules are kept, replaced and taken away', async () => {
      await queue.schedule('fourth', '17 * * * *')
      await queue.schedule('fourth', '18 * * * *', { a: 1 })
      const read = (): Promise<unknown> =>
        database.query(`select cron from parapet_jobs.schedule where name = 'fourth'`)
      expect(await read()).toEqual([{ cron: '18 * * * *' }])
      await queue.unschedule('fourth')
      expect(await read()).toEqual([])
      await expect(queue.schedule('fourth', 'now and then')).rejects.toMatchObject({ code: 'input_invalid' })
    })

    test.each(['', 'a b', "x'; drop", 'x'.repeat(65)])('%j is no name of a queue', async (wrong) => {
      await expect(queue.send(wrong)).rejects.toMatchObject({ code: 'input_invalid' })
    })

    test('a second queue on the same database starts on the tables that are there', async () => {
      const second = await openJobQueue({ database })
      await second.close()
      await second.close()
    })
  })
}

describe('on disk', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parapet-jobs-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))
  describeQueue('embedded PostgreSQL', () => openEmbeddedDatabase(join(folder, 'database')))
})

const programs = findPostgres()
if (programs === null) {
  test.skip('PostgreSQL server: none is installed (Debian: apt-get install postgresql)', () => undefined)
} else {
  describe('by URL', () => {
    let server: PostgresServer
    beforeAll(async () => {
      server = await startPostgres(programs)
    })
    afterAll(() => server.remove())
    describeQueue('PostgreSQL server', () => openPostgresDatabase({ url: server.url('jobs') }))
  })
}

test('a database that goes while a job runs is told and ends nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parapet-jobs-'))
  const database = await openEmbeddedDatabase(join(folder, 'database'))
  let gone = false
  const flaky: SqlDatabase = {
    ...{ name: database.name, unattended: true },
    query: (sql, parameters) => (gone ? Promise.reject(new Error('gone')) : database.query(sql, parameters)),
    script: (sql) => (gone ? Promise.reject(new Error('gone')) : database.script(sql)),
    transaction: (work) => database.transaction(work),
    close: () => database.close(),
  }
  const warnings: string[] = []
  const queue = await openJobQueue({ database: flaky, onWarning: (message) => void warnings.push(message) })
  let ran = 0
  await queue.work('first', async () => void ((ran += 1), (gone = true)), { interval: 500 })
  await queue.send('first')
  await expect.poll(() => ran, { timeout: 20_000 }).toBe(1)
  await expect.poll(() => warnings.length).toBe(1)
  await expect(queue.send('first')).rejects.toThrow()
  gone = false
  expect(await queue.send('first')).not.toBeNull()
  await queue.close()
  await database.close()
  await rm(folder, { recursive: true, force: true })
})

test('a database that is not there is told', async () => {
  const database = await openPostgresDatabase({ url: 'postgres://127.0.0.1:1/db' })
  await expect(openJobQueue({ database })).rejects.toMatchObject({ code: 'record_unavailable' })
  await database.close()
})
