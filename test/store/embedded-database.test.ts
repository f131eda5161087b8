/** The embedded database as a part: durable, of one process, of known version, never half changed. */
import { mkdtemp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { DecisionStore } from '../../src/spec/index.ts'
import type { EmbeddedSqlDatabase } from '../../src/store/index.ts'
import { createDecisionStore, lockFolder, openEmbeddedDatabase } from '../../src/store/index.ts'
import { SCHEMA_VERSION, migrate } from '../../src/store/migrations.ts'
import type { TestChild } from './children/run-child.ts'
import { runChild } from './children/run-child.ts'
import { NOW, aRecord } from './records.ts'

let folder = ''
const children: TestChild[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-embedded-'))
})
afterEach(async () => {
  for (const child of children.splice(0)) await child.kill()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const place = (): string => join(folder, 'database')

describe('killed under load', () => {
  test.each(['sync', 'async'])('%s: whatever was acknowledged is there, kill after kill', async (mode) => {
    const acknowledged: string[] = []
    for (const round of [1, 2, 3]) {
      const child = runChild('writer', [folder, `${mode}${round}`, mode])
      children.push(child)
      await child.line('ready')
      await expect.poll(() => acknowledgements(child).length, { timeout: 30_000 }).toBeGreaterThan(200)
      await child.kill()
      acknowledged.push(...acknowledgements(child))
    }
    expect(await missingOf(acknowledged)).toEqual([])
    expect(acknowledged.length).toBeGreaterThan(600)
  })
})

describe('making it', () => {
  test.runIf(process.platform === 'linux')(
    'stopped half-way: the disk is not blamed, and the next start makes it',
    async () => {
      const fresh = join(await mkdtemp(join(tmpdir(), 'parapet-stopped-')), 'database')
      const opening = openEmbeddedDatabase(fresh)
      opening.catch(() => undefined)
      let maker: number | undefined
      await expect.poll(async () => (maker = await makerOf(fresh)), { timeout: 30_000 }).toBeDefined()
      process.kill(maker ?? 0, 'SIGTERM')
      await expect(opening).rejects.toThrow(/was stopped by SIGTERM before it was done: start again/)
      const database = await openEmbeddedDatabase(fresh)
      expect(await database.query('SELECT 1 AS one', [])).toEqual([{ one: 1 }])
      await database.close()
      await rm(dirname(fresh), { recursive: true, force: true })
    },
    120_000,
  )
})

/** The process that makes a database, by its command line. */
async function makerOf(fresh: string): Promise<number | undefined> {
  for (const name of await readdir('/proc')) {
    const command = /^\d+$/.test(name) ? await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '') : ''
    if (command.includes('embedded-init') && command.includes(fresh)) return Number(name)
  }
  return undefined
}

/** Lines that acknowledge a record; the last one may be cut in two by a kill. */
function acknowledgements(child: TestChild): readonly string[] {
  return child.lines.filter((line) => /^(?:open|final) [a-z]+\d*_\d+$/.test(line)).slice(0, -1)
}

async function missingOf(acknowledged: readonly string[]): Promise<readonly string[]> {
  const lock = await lockFolder(folder)
  const store = createDecisionStore(await openEmbeddedDatabase(place()))
  const missing: string[] = []
  for (const line of acknowledged) {
    const [state = '', id = ''] = line.split(' ')
    if ((await store.get(id))?.state !== state) missing.push(line)
  }
  await store.close()
  await lock.release()
  return missing
}

test('a disk on which the database cannot grow: what was acknowledged is in the store once it can', async () => {
  // Files may not grow beyond 3 MB; a write that would is refused, as on a full disk.
  const child = runChild('writer', [folder, 'full', 'sync', '100'], "trap '' XFSZ; ulimit -f 3000")
  children.push(child)
  await expect
    .poll(() => child.lines.some((line) => line.startsWith('counts') && !line.includes('"spilled":0,')), {
      timeout: 60_000,
    })
    .toBe(true)
  await child.kill()
  const next = runChild('writer', [folder, 'after', 'sync'])
  children.push(next)
  const emptied = (): boolean => next.lines.some((line) => line.endsWith('"spillBytes":0}'))
  await expect.poll(emptied, { timeout: 60_000 }).toBe(true)
  await next.kill()
  const acknowledged = [...acknowledgements(child), ...acknowledgements(next)]
  expect(await missingOf(acknowledged)).toEqual([])
  expect(acknowledged.length).toBeGreaterThan(200)
})

describe('one database', () => {
  let database: EmbeddedSqlDatabase
  let store: DecisionStore
  beforeAll(async () => {
    database = await openEmbeddedDatabase(place())
    store = createDecisionStore(database)
    await store.ping()
  })
  afterAll(() => store.close())

  test('a transaction that fails leaves nothing, and statements of others wait for its end', async () => {
    await database.script('create table if not exists t (n integer); delete from t')
    const order: string[] = []
    const failing = database.transaction(async (runner) => {
      await runner.query('insert into t values ($1::integer)', [1])
      await new Promise((resolve) => setTimeout(resolve, 20))
      order.push('transaction')
      throw new Error('no')
    })
    const other = database.query('select count(*)::integer as n from t').then((rows) => (order.push('other'), rows))
    await expect(failing).rejects.toThrow('no')
    expect(await other).toEqual([{ n: 0 }])
    expect(order).toEqual(['transaction', 'other'])
  })

  test('a statement that is wrong fails alone, and its failure quotes no value', async () => {
    const wrong = database.query('select $1::integer as n', ['hunter2'])
    await expect(wrong).rejects.toMatchObject({ sqlState: '22P02' })
    await expect(wrong).rejects.not.toThrow('hunter2')
    expect(await database.query('select 1 as n')).toEqual([{ n: 1 }])
  })

  test('commits are on disk: the write-ahead log is synced', async () => {
    const rows = await database.query(
      `select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'wal_sync_method') order by name`,
    )
    expect(rows.map(({ setting }) => setting)).toEqual(['on', 'on', 'fsync'])
  })

  test('a database written by a newer Parapet is refused', async () => {
    const future = [{ version: 9_999, name: 'from the future', sql: 'select 1' }]
    await migrate(database, future)
    await expect(createDecisionStore(database).ping()).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('newer') as string,
    })
    await database.query('delete from parapet.migrations where version = $1', [9_999])
    await createDecisionStore(database).ping()
  })

  test('a migration that fails half-way leaves the version before', async () => {
    const broken = [
      { version: 1, name: 'there', sql: '' },
      { version: SCHEMA_VERSION + 1, name: 'half', sql: 'create table parapet.half (n integer); select 1 / 0' },
    ]
    await expect(migrate(database, broken)).rejects.toMatchObject({ code: 'input_invalid' })
    expect(await database.query(`select to_regclass('parapet.half')::text as name`)).toEqual([{ name: null }])
    expect(await database.query('select max(version)::integer as version from parapet.migrations')).toEqual([
      { version: SCHEMA_VERSION },
    ])
  })

  test('a database from before critiques is brought up to date, and its decisions stay', async () => {
    await store.write([aRecord('dec_before')])
    await database.query('alter table parapet.decisions drop column critiques')
    await database.query('delete from parapet.migrations where version = $1', [2])
    const newer = createDecisionStore(database)
    expect((await newer.get('dec_before'))?.id).toBe('dec_before')
    expect(await newer.addCritiques?.('dec_before', [])).toBe(true)
  })

  test('critiques weigh on a page as texts do, once, however often they or the record are written', async () => {
    const record = aRecord('dec_1', { content: { prompt: 'hello' } })
    const weight = async (): Promise<unknown> =>
      (await database.query(`select content_size from parapet.decisions where id = 'dec_1'`))[0]?.['content_size']
    const given = { guard: 'g', stage: 'input', field: 'prompt', status: 'failed' } as const
    const long = [{ ...given, error: { code: 'upstream_timeout', message: 'é😀'.repeat(1000) } }]
    await store.write([record])
    const before = Number(await weight())
    await store.addCritiques?.('dec_1', long)
    const heavy = await weight()
    expect(heavy).toBeGreaterThan(before + 2000)
    await store.write([record])
    expect(await weight()).toBe(heavy)
    await store.addCritiques?.('dec_1', long)
    expect(await weight()).toBe(heavy)
    await store.addCritiques?.('dec_1', [])
    expect(await weight()).toBe(before + 2)
  })

  test('what was deleted and written again is vacuumed, and records stay', async () => {
    const expired = Array.from({ length: 21_000 }, (_, index) => aRecord(`dec_old_${index}`, { expires: NOW - 1 }))
    await store.write([...expired, aRecord('dec_new')])
    expect(await store.deleteExpired(NOW)).toBe(21_000)
    const [row] = await database.query(
      `select (pg_stat_get_vacuum_count('parapet.decisions'::regclass) > 0)::text as vacuumed`,
    )
    expect(row).toEqual({ vacuumed: 'true' })
    expect(await store.get('dec_new')).not.toBeNull()
  })
})

test('a thread that was given up takes nothing more; opened anew, what was committed is there', async () => {
  const database = await openEmbeddedDatabase(place())
  await createDecisionStore(database).write([aRecord('dec_kept')])
  await database.abandon()
  await expect(database.query('select 1')).rejects.toThrow('closed')
  const next = await openEmbeddedDatabase(place())
  expect(await createDecisionStore(next).get('dec_kept')).not.toBeNull()
  await next.close()
  await next.close()
})

test('a folder that holds no database, or one that is damaged, is told', async () => {
  const file = join(folder, 'file')
  await writeFile(file, '')
  await expect(openEmbeddedDatabase(join(file, 'database'))).rejects.toMatchObject({ code: 'configuration' })
  const damaged = join(folder, 'damaged')
  await mkdir(damaged)
  await writeFile(join(damaged, 'PG_VERSION'), '18\n')
  await expect(openEmbeddedDatabase(damaged)).rejects.toMatchObject({
    code: 'configuration',
    message: expect.stringContaining(damaged) as string,
  })
})

test('a new database that was not finished is made again', async () => {
  const fresh = join(folder, 'fresh')
  await mkdir(`${fresh}.new`)
  await writeFile(join(`${fresh}.new`, 'PG_VERSION'), '18\n')
  const database = await openEmbeddedDatabase(fresh)
  expect(await database.query('select 1 as n')).toEqual([{ n: 1 }])
  await database.close()
  expect((await readdir(folder)).includes('fresh.new')).toBe(false)
})
