/** A PostgreSQL server that is set wrongly, goes away, comes back: what the recorder makes of it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/compose/clock.ts'
import { createDecisionStore, createRecorder, openPostgresDatabase, openSpillFile } from '../../src/store/index.ts'
import { SCHEMA_VERSION, migrate } from '../../src/store/migrations.ts'
import type { PostgresServer } from './postgres-server.ts'
import { findPostgres, startPostgres } from './postgres-server.ts'
import { aDraft, aRecord } from './records.ts'

const programs = findPostgres()

describe('settings', () => {
  test.each(['', 'mysql://x', 'parapet', 'http://localhost/db'])('%j is no URL of a PostgreSQL', async (url) => {
    await expect(openPostgresDatabase({ url })).rejects.toMatchObject({ code: 'configuration' })
  })

  test('its name tells no password', async () => {
    const database = await openPostgresDatabase({
      url: 'postgres://me:hunter2@db.internal:5433/records?sslmode=require',
    })
    expect(database.name).toBe('PostgreSQL records at db.internal:5433')
    await database.close()
  })

  test('a server that is not there is not reached, and the failure tells no password', async () => {
    const store = createDecisionStore(await openPostgresDatabase({ url: 'postgres://me:hunter2@127.0.0.1:1/db' }))
    const failing = store.ping()
    await expect(failing).rejects.toMatchObject({ code: 'record_unavailable' })
    await expect(failing).rejects.not.toThrow('hunter2')
    await store.close()
  })
})

if (programs === null) {
  test.skip('PostgreSQL server: none is installed (Debian: apt-get install postgresql)', () => undefined)
} else {
  describe('a server', () => {
    let server: PostgresServer
    let folder = ''
    beforeAll(async () => {
      server = await startPostgres(programs)
      folder = await mkdtemp(join(tmpdir(), 'parapet-pg-spill-'))
    })
    afterAll(async () => {
      await server.remove()
      await rm(folder, { recursive: true, force: true })
    })

    test('an unknown database and an unknown user are settings, not outages', async () => {
      const known = server.url('settings')
      for (const url of [known.replace('///settings', '///nowhere'), known.replace('user=parapet', 'user=nobody')]) {
        const store = createDecisionStore(await openPostgresDatabase({ url }))
        await expect(store.ping()).rejects.toMatchObject({ code: 'configuration' })
        await store.close()
      }
    })

    test('several gateways make the tables at the same moment', async () => {
      const url = server.url('together')
      const databases = await Promise.all(Array.from({ length: 6 }, () => openPostgresDatabase({ url })))
      await Promise.all(databases.map((database) => migrate(database)))
      const [row] = (await databases[0]?.query('select count(*)::integer as n from parapet.migrations')) ?? []
      expect(row).toEqual({ n: SCHEMA_VERSION })
      await Promise.all(databases.map((database) => database.close()))
    })

    test('several gateways write the same decisions without losing or doubling any', async () => {
      const url = server.url('writers')
      const stores = await Promise.all(
        Array.from({ length: 4 }, async () => createDecisionStore(await openPostgresDatabase({ url }))),
      )
      const records = Array.from({ length: 200 }, (_, index) => aRecord(`dec_${String(index).padStart(3, '0')}`))
      // Each in an order of its own.
      const from = (start: number): typeof records => [...records.slice(start), ...records.slice(0, start)]
      const orders = [from(0), from(50), from(100), from(0).toReversed(), from(70).toReversed()]
      await Promise.all(stores.flatMap((store) => orders.map((order) => store.write(order))))
      const { items, next } = (await stores[0]?.list({}, { limit: 500 })) ?? { items: [], next: '' }
      expect(items.map(({ id }) => id).toSorted()).toEqual(records.map(({ id }) => id))
      expect(next).toBeNull()
      await Promise.all(stores.map((store) => store.close()))
    })

    test('a connection that breaks in the middle of a transaction fails it and nothing else', async () => {
      const database = await openPostgresDatabase({ url: server.url('broken') })
      const failing = database.transaction(async (runner) => {
        const [row] = await runner.query('select pg_backend_pid()::integer as pid')
        await database.query('select pg_terminate_backend($1::integer)::text', [Number(row?.['pid'])])
        await new Promise((resolve) => setTimeout(resolve, 100))
        await runner.query('select 1')
      })
      await expect(failing).rejects.toThrow()
      expect(await database.query('select 1 as n')).toEqual([{ n: 1 }])
      await database.close()
    })

    test('gone in the middle and back: nothing that was acknowledged is missing', async () => {
      const store = createDecisionStore(await openPostgresDatabase({ url: server.url('outage'), timeout: 2000 }))
      await store.ping()
      const recorder = createRecorder({
        store,
        clock: systemClock,
        spillFile: await openSpillFile({ folder }),
        times: { write: 1000 },
      })
      const acknowledged: string[] = []
      let next = 0
      const write = async (count: number): Promise<void> => {
        for (let index = 0; index < count; index += 1) {
          const id = `dec_${next++}`
          recorder.record(aDraft(id, { mode: 'sync' }))
          await recorder.settled(id)
          acknowledged.push(id)
        }
      }
      const atOnce = (count: number) => Promise.all(Array.from({ length: 8 }, () => write(count)))
      await atOnce(20)
      const during = atOnce(40)
      await server.kill()
      await during
      expect(recorder.counts).toMatchObject({ storeReachable: false, refused: 0, dropped: 0 })
      expect(recorder.counts.spilled).toBeGreaterThan(0)
      await server.start()
      await expect
        .poll(() => recorder.counts, { timeout: 20_000 })
        .toMatchObject({ storeReachable: true, spillBytes: 0 })
      await atOnce(20)
      await recorder.flush()
      const missing: string[] = []
      for (const id of acknowledged) if ((await store.get(id)) === null) missing.push(id)
      expect(missing).toEqual([])
      expect(acknowledged).toHaveLength(8 * 80)
      await recorder.close()
      await store.close()
    })
  })
}
