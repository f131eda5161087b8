/** Screens over a queue in a real PostgreSQL: the same result as by threads, whatever happens to workers and to the screen itself. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findPostgres, type PostgresServer, startPostgres } from '../../../../test/store/postgres-server.ts'
import type { TaskQueue } from '../../../spec/task-queue.ts'
import { openPostgresDatabase, openTaskQueue } from '../../../store/index.ts'
import { worldRows } from '../../world/rows.ts'
import { runScreen, type RunScreenOptions, runScreenWorker, trainWorldGuard } from '../index.ts'

const programs = findPostgres()
const VERSION = '1.2.3'
const CHUNKS = 3

describe.skipIf(programs === null && (process.env['CI'] ?? '') === '')('with a PostgreSQL (Debian: postgresql)', () => {
  let folder = ''
  let server: PostgresServer
  let asking: TaskQueue
  let working: TaskQueue
  const at = (name: string): string => join(folder, name)
  const open = async (): Promise<TaskQueue> => openTaskQueue(await openPostgresDatabase({ url: server.url('screens') }))

  beforeAll(async () => {
    if (programs === null) throw new Error('No PostgreSQL is installed. Debian: apt-get install postgresql')
    folder = mkdtempSync(join(tmpdir(), 'parapet-screen-queue-'))
    server = await startPostgres(programs)
    asking = await open()
    working = await open()
    writeFileSync(at('guard.bin'), await trainWorldGuard({ seed: 1, rows: 1000, bits: 14 }))
    writeFileSync(at('other.bin'), await trainWorldGuard({ seed: 2, rows: 1000, bits: 14 }))
    const rows = [...worldRows({ split: 'train', seed: 4, stage: 'base', counts: { task: 600, forbidden: 500 } })]
    const lines = rows.map(({ messages }) => JSON.stringify({ messages }))
    // Broken rows in the first and the last chunk: bytes that are no UTF-8, no JSON, another form, a zero character.
    lines.splice(7, 0, '{"messages": [}', '{"a":"\\u0000"}')
    writeFileSync(
      at('set.jsonl'),
      Buffer.concat([Buffer.from(`${lines.join('\n')}\n`), Buffer.from([0x7b, 0xff, 0x0a])]),
    )
    await runScreen(options('threads'))
  })
  afterAll(async () => {
    await asking?.close()
    await working?.close()
    await server?.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  function options(name: string, more: Partial<RunScreenOptions> = {}): RunScreenOptions {
    return {
      ...{ data: [at('set.jsonl')], out: at(name), guards: [at('guard.bin')], falseAlarms: 0.02, outside: [] },
      ...{ workers: 1, threads: 1, seed: 1, resume: false, onProgress: () => undefined, ...more },
    }
  }
  const shared = (lease = 60, queue = asking): Pick<RunScreenOptions, 'shared'> => ({
    shared: { queue, version: VERSION, lease },
  })
  const files = (name: string): readonly string[] =>
    ['rows.jsonl', 'run.json', 'report.html'].map((file) => readFileSync(join(at(name), file), 'utf8'))

  /** Works while `job` does. */
  async function beside<T>(
    job: () => Promise<T>,
    more: { readonly said?: string[]; readonly guard?: string } = {},
  ): Promise<T> {
    const stop = new AbortController()
    const worker = runScreenWorker({
      ...{
        queue: working,
        version: VERSION,
        guards: [at(more.guard ?? 'guard.bin')],
        signal: stop.signal,
      },
      onProgress: (message) => void more.said?.push(message),
    })
    try {
      return await job()
    } finally {
      stop.abort()
      await worker
    }
  }
  const untilOneWaits = async (): Promise<string> => {
    let batch: string | undefined
    await expect.poll(async () => ([batch] = await working.batches()), { timeout: 20_000 }).toHaveLength(1)
    return batch ?? ''
  }

  test('two workers: the same files byte for byte, and nothing stays in the database', async () => {
    const counted: string[] = []
    const onProgress = (message: string): void => void (message.startsWith('checks') && counted.push(message))
    await beside(() => beside(() => runScreen(options('queue', { ...shared(), onProgress }))))
    expect(files('queue')).toEqual(files('threads'))
    expect(counted.at(-1)).toBe('checks: 1103 of 1103 rows')
    const database = await openPostgresDatabase({ url: server.url('screens') })
    expect(await database.query('select name from parapet_tasks.queue')).toEqual([])
    expect(
      await database.query('select name from parapet_tasks.job union all select name from parapet_tasks.archive'),
    ).toEqual([])
    await database.close()
  })

  test('rows of a worker that died go to another, and count once', async () => {
    const counted: string[] = []
    const onProgress = (message: string): void => void (message.startsWith('checks') && counted.push(message))
    const screen = runScreen(options('died', { ...shared(1), onProgress }))
    const batch = await untilOneWaits()
    let lost = await working.next(batch)
    await expect.poll(async () => (lost ??= await working.next(batch)), { timeout: 20_000 }).not.toBeNull()
    await beside(() => screen)
    expect(files('died')).toEqual(files('threads'))
    expect(counted).toHaveLength(CHUNKS)
  })

  test('a worker with another guard or version takes nothing and says so', async () => {
    const screen = runScreen(options('refused', shared()))
    const batch = await untilOneWaits()
    const said: string[] = []
    await beside(() => expect.poll(() => said.join(), { timeout: 20_000 }).toContain(`${batch} is not worked on`), {
      ...{ said, guard: 'other.bin' },
    })
    expect(said.join()).toContain('--guard')
    const { chunks } = await runScreenWorker({
      ...{
        queue: working,
        version: '1.2.4',
        guards: [at('guard.bin')],
        idle: 0.1,
        onProgress: (text) => void said.push(text),
      },
    })
    expect([chunks, said.at(-1)]).toEqual([0, expect.stringContaining('it wants Parapet 1.2.3, this is 1.2.4')])
    await beside(() => screen)
    expect(files('refused')).toEqual(files('threads'))
  })

  test('a screen that was stopped takes its rows out of the database, and goes on with what is missing', async () => {
    const abort = new AbortController()
    const onProgress = (message: string): void => {
      if (message.startsWith('checks')) abort.abort()
    }
    const stopped = beside(() => runScreen(options('stopped', { ...shared(), onProgress, signal: abort.signal })))
    await expect(stopped).rejects.toMatchObject({ code: 'aborted' })
    expect(await working.batches()).toEqual([])
    const judged = readdirSync(join(at('stopped'), 'run', 'rows')).length
    expect(judged).toBeGreaterThan(0)
    const seen: string[] = []
    await beside(() =>
      runScreen(options('stopped', { ...shared(), resume: true, onProgress: (message) => void seen.push(message) })),
    )
    expect(seen.filter((message) => message.startsWith('checks'))).toHaveLength(CHUNKS - judged)
    expect(files('stopped')).toEqual(files('threads'))
  })

  test('what a screen that was killed left behind is removed when it goes on', async () => {
    const queue = asking
    const unkept: TaskQueue = { ...queue, name: queue.name, close: () => queue.close(), end: async () => undefined }
    const abort = new AbortController()
    const killed = runScreen(options('killed', { ...shared(60, unkept), signal: abort.signal }))
    await untilOneWaits()
    abort.abort()
    await expect(killed).rejects.toMatchObject({ code: 'aborted' })
    expect(await queue.batches()).toHaveLength(1)
    await beside(() => runScreen(options('killed', { ...shared(), resume: true })))
    expect(await queue.batches()).toEqual([])
    expect(files('killed')).toEqual(files('threads'))
  })

  test('a database that goes away for a moment is waited for, by the screen and by workers', async () => {
    const heard: string[] = []
    const screen = runScreen(options('away', { ...shared(), onProgress: (message) => void heard.push(message) }))
    await untilOneWaits()
    await server.kill()
    await expect.poll(() => heard.join(), { timeout: 30_000 }).toContain('Waiting for it.')
    const said: string[] = []
    await beside(
      async () => {
        await expect.poll(() => said.join(), { timeout: 30_000 }).toContain('Waiting for it.')
        await server.start()
        await screen
      },
      { said },
    )
    expect(files('away')).toEqual(files('threads'))
  })

  test('rows over which every worker ends are named; an answer that is none of ours does not count', async () => {
    const queue = working
    const hopeless: TaskQueue = {
      ...{ ...asking, name: asking.name, close: () => asking.close() },
      answers: async () => [{ receipt: '00000000-0000-4000-8000-000000000000', key: '0-0', value: null }],
    }
    await expect(runScreen(options('failing', shared(60, hopeless)))).rejects.toThrow(
      /5 workers ended.*lines 1 to \d+ of set\.jsonl/,
    )
    expect(await queue.batches()).toEqual([])
    const foreign = expect(runScreen(options('foreign', shared()))).rejects.toThrow('not of this screen')
    const other = await untilOneWaits()
    let task = await queue.next(other)
    await expect.poll(async () => (task ??= await queue.next(other)), { timeout: 20_000 }).not.toBeNull()
    if (task !== null) await queue.answer(other, task, 'all of them are clean')
    await foreign
  })
})
