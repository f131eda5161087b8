/**
 * What recording costs: start and memory of the gateway with and without a store, commit latency, records a second, time on the main
 * thread, start after a crash. Each figure stands beside one of the same run that it is to be read against.
 *
 *   npx tsx bench/record/main.ts start|commit|cost|crash|all [--seconds N]
 *
 * `start` runs the built command (npm run build). A PostgreSQL server is measured too when its programs are installed.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { systemClock } from '../../src/compose/clock.ts'
import type { DecisionDraft, DecisionStore, GuardResult } from '../../src/spec/index.ts'
import type { SqlDatabase } from '../../src/store/index.ts'
import {
  createDecisionStore,
  createRecorder,
  lockFolder,
  openEmbeddedDatabase,
  openPostgresDatabase,
} from '../../src/store/index.ts'
import { findPostgres, startPostgres } from '../../test/store/postgres-server.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '5' }, folder: { type: 'string' } },
})
const SECONDS = Number(values.seconds)
const root = mkdtempSync(join(tmpdir(), 'parapet-bench-'))
const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const self = fileURLToPath(import.meta.url)

const print = (line: string): void => void process.stdout.write(`${line}\n`)
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0
const two = (value: number): string => value.toFixed(2)

/** A decision as the default policy makes it for a turn of two messages: eight guards, nothing found. */
function draft(id: string, mode: 'sync' | 'async'): DecisionDraft {
  const names = ['unicode', 'limits', 'secrets', 'pii', 'classifier', 'unicode', 'secrets', 'prompt-leak']
  const guards = names.map((guard, index): GuardResult => {
    const stage = index < 5 ? 'input' : 'output'
    const ms = 0.0123 * (index + 1)
    return {
      guard,
      stage,
      status: 'judged',
      decision: 'pass',
      labels: [],
      ms,
      startedAt: 1,
      cached: false,
      shadow: false,
    }
  })
  return {
    state: 'final',
    result: {
      decision: 'pass',
      scores: {
        prompt_harm: 0.01234567,
        response_harm: 0.02345678,
        refusal: 0.001,
        injection: 0.0345678,
        toxicity: 0.0001,
      },
      categories: {},
      spans: [],
      error: null,
      ms: 12.345678,
      startedAt: Date.now(),
      decisionId: id,
      policyVersion: 'b0a4fe8101e575b0',
      guards,
      shadowDecision: 'pass',
      exceptions: [],
      warnings: [],
    },
    caller: { application: 'shop', user: `user-${id.length * 7}`, key: 'web' },
    door: 'chat-completions',
    model: 'small',
    policy: { capture: 'none', retention: 30, mode, whenFull: 'refuse' },
  }
}

const newId = (): string => `dec_${crypto.randomUUID().replaceAll('-', '')}`

async function measureStart(): Promise<void> {
  print('| gateway | to its first line, ms | resident after 10 s, MB |\n|---|---|---|')
  const folder = join(root, 'start')
  for (const [name, store] of [
    ['no store', 'none'],
    ['embedded store, first start', 'embedded'],
    ['embedded store, warm', 'embedded'],
    ['embedded store, warm', 'embedded'],
    ['no store', 'none'],
  ] as const) {
    const began = performance.now()
    const child = spawn(process.execPath, [command, 'serve', '--port', '0', '--data-dir', folder, '--store', store], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await new Promise((resolve) => child.stdout.once('data', resolve))
    const ms = performance.now() - began
    child.stdout.resume()
    await sleep(10_000)
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
    const resident = (Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024) / 1e6
    child.kill('SIGTERM')
    await new Promise((resolve) => child.once('exit', resolve))
    print(`| ${name} | ${ms.toFixed(0)} | ${resident.toFixed(0)} |`)
  }
}

async function eachStore(work: (name: string, store: DecisionStore) => Promise<void>): Promise<void> {
  const embedded = createDecisionStore(await openEmbeddedDatabase(join(root, 'database')))
  await embedded.ping()
  await work('embedded', embedded)
  await embedded.close()
  const programs = findPostgres()
  if (programs === null) return
  const server = await startPostgres(programs, true)
  const store = createDecisionStore(await openPostgresDatabase({ url: server.url('bench') }))
  await store.ping()
  await work('PostgreSQL server, same machine', store)
  await store.close()
  await server.remove()
}

async function measureCommit(): Promise<void> {
  print('| store | load | records/s | p50 ms | p99 ms | most ms |\n|---|---|---|---|---|---|')
  await eachStore(async (name, store) => {
    for (const atOnce of [1, 64]) await measureSync(name, store, atOnce)
    for (const rate of [300, 3000]) await measureAsync(name, store, rate)
    await measureMost(name, store)
  })
}

async function measureSync(name: string, store: DecisionStore, atOnce: number): Promise<void> {
  const recorder = createRecorder({ store, clock: systemClock })
  const times: number[] = []
  const until = performance.now() + SECONDS * 1000
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (performance.now() < until) {
        const id = newId()
        const began = performance.now()
        recorder.record(draft(id, 'sync'))
        await recorder.settled(id)
        times.push(performance.now() - began)
      }
    }),
  )
  report(name, `sync, ${atOnce} at once: answer waits`, times)
  await recorder.close()
}

/** Open loop: so many a second, whatever the store does. A record counts once it can be read by its id. */
async function measureAsync(name: string, store: DecisionStore, rate: number): Promise<void> {
  const began = new Map<string, number>()
  const times: number[] = []
  const watched: DecisionStore = {
    ...bound(store),
    async write(records) {
      await store.write(records)
      const now = performance.now()
      for (const { id } of records) times.push(now - (began.get(id) ?? now))
    },
  }
  const recorder = createRecorder({ store: watched, clock: systemClock })
  const start = performance.now()
  for (let sent = 0; performance.now() - start < SECONDS * 1000;) {
    const due = Math.floor(((performance.now() - start) / 1000) * rate)
    for (; sent < due; sent += 1) {
      const id = newId()
      began.set(id, performance.now())
      recorder.record(draft(id, 'async'))
    }
    await sleep(1)
  }
  await recorder.flush()
  report(name, `async, ${rate} a second: until readable`, times)
  await recorder.close()
}

async function measureMost(name: string, store: DecisionStore): Promise<void> {
  const times: number[] = []
  const began = performance.now()
  while (performance.now() - began < SECONDS * 1000) {
    const records = Array.from({ length: 500 }, () => newId())
    const recorder = createRecorder({ store, clock: systemClock })
    const start = performance.now()
    for (const id of records) recorder.record(draft(id, 'async'))
    await recorder.flush()
    for (const _ of records) times.push(performance.now() - start)
    await recorder.close()
  }
  report(name, 'as fast as it goes, 500 together', times)
}

function report(name: string, load: string, times: number[]): void {
  const sorted = times.toSorted((left, right) => left - right)
  const rate = Math.round(sorted.length / SECONDS)
  print(
    `| ${name} | ${load} | ${rate} | ${two(quantile(sorted, 0.5))} | ${two(quantile(sorted, 0.99))} | ${two(sorted.at(-1) ?? 0)} |`,
  )
}

function bound(store: DecisionStore): DecisionStore {
  return {
    specVersion: 'v1',
    name: store.name,
    write: (records) => store.write(records),
    get: (id) => store.get(id),
    list: (query, options) => store.list(query, options),
    review: (id, review) => store.review(id, review),
    addFeedback: (id, feedback) => store.addFeedback(id, feedback),
    deleteUser: (user) => store.deleteUser(user),
    deleteExpired: (now) => store.deleteExpired(now),
    ping: () => store.ping(),
    close: () => store.close(),
  }
}

/** Processor time of the main thread so far, milliseconds; waiting for other programs is not in it. Linux. */
function mainThreadTime(): number {
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6
}

/** All of it: taking, building, serialising, handing to the other thread. */
async function measureCost(): Promise<void> {
  print('| main thread | microseconds of processor time a decision |\n|---|---|')
  const drafts = Array.from({ length: 3000 }, () => draft(newId(), 'async'))
  const nowhere = createRecorder({
    store: createDecisionStore(deafDatabase()),
    clock: systemClock,
    times: { gather: 1e6 },
    limits: { batch: 60 },
  })
  const passes = 40
  let taking = 0
  let all = 0
  for (let pass = 0; pass < passes + 10; pass += 1) {
    const began = mainThreadTime()
    for (const item of drafts) nowhere.record(item)
    const taken = mainThreadTime()
    await nowhere.flush()
    if (pass < 10) continue
    taking += taken - began
    all += mainThreadTime() - began
  }
  const each = (ms: number): string => two((ms * 1000) / (passes * drafts.length))
  print(`| on the request's path: record() | ${each(taking)} |`)
  print(`| afterwards: building and serialising | ${each(all - taking)} |`)
  await nowhere.close()
  const store = createDecisionStore(await openEmbeddedDatabase(join(root, 'cost')))
  await store.ping()
  for (const recording of [false, true]) {
    const recorder = createRecorder({ store, clock: systemClock })
    await sleep(1000)
    const before = mainThreadTime()
    const start = performance.now()
    let sent = 0
    while (performance.now() - start < SECONDS * 1000) {
      const due = Math.floor(((performance.now() - start) / 1000) * 3000)
      for (; sent < due; sent += 1) {
        const item = draft(newId(), 'async')
        if (recording) recorder.record(item)
      }
      await sleep(5)
    }
    await recorder.flush()
    const took = two(((mainThreadTime() - before) * 1000) / sent)
    print(`| the loop of this benchmark at 3,000 a second, ${recording ? 'recording' : 'not recording'} | ${took} |`)
    await recorder.close()
  }
  await store.close()
}

/** A database that takes everything and does nothing. */
function deafDatabase(): SqlDatabase {
  const rows = [{ name: 'parapet.migrations', version: 1 }]
  return {
    name: 'nowhere',
    unattended: false,
    query: () => Promise.resolve(rows),
    script: () => Promise.resolve([]),
    transaction: (work) => work({ query: () => Promise.resolve(rows), script: () => Promise.resolve([]) }),
    close: () => Promise.resolve(),
  }
}

async function measureCrash(): Promise<void> {
  print('| embedded store of 100,000 decisions | |\n|---|---|')
  const folder = join(root, 'crash')
  const child = spawn(process.execPath, ['--import', 'tsx', self, 'fill', '--folder', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise((resolve) => child.stdout.on('data', (chunk: Buffer) => chunk.includes('full') && resolve(null)))
  child.kill('SIGKILL')
  await new Promise((resolve) => child.once('exit', resolve))
  await timed('open after SIGKILL in the middle of writing', async () => (await openStore(folder)).close())
  let opened: Opened | null = null
  await timed('open again', async () => void (opened = await openStore(folder)))
  const { database, store, close } = opened as unknown as Opened
  const [size] = await database.query(
    `select (pg_total_relation_size('parapet.decisions') / count(*))::integer as bytes from parapet.decisions`,
  )
  print(`| on disk, indexes included | ${String(size?.['bytes'])} bytes each |`)
  await timed('one by its id', () => store.get('dec_500'))
  await timed('a page of 50', () => store.list({}))
  await timed('a page of 50 of one user', () => store.list({ user: 'user-63' }))
  await timed('delete all of them', () => store.deleteExpired(Infinity))
  await close()
}

interface Opened {
  readonly database: SqlDatabase
  readonly store: DecisionStore
  close(): Promise<void>
}

async function openStore(folder: string): Promise<Opened> {
  const lock = await lockFolder(folder)
  const database = await openEmbeddedDatabase(join(folder, 'database'))
  const store = createDecisionStore(database)
  await store.ping()
  return { database, store, close: () => store.close().then(() => lock.release()) }
}

async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const began = performance.now()
  await work()
  print(`| ${what} | ${two(performance.now() - began)} ms |`)
}

/** Runs in a process of its own, which is killed. */
async function fill(folder: string): Promise<void> {
  await lockFolder(folder)
  const store = createDecisionStore(await openEmbeddedDatabase(join(folder, 'database')))
  const recorder = createRecorder({ store, clock: systemClock, limits: { records: 200_000 } })
  for (let number = 0; ; number += 1) {
    recorder.record(draft(`dec_${number}`, 'async'))
    if (number % 500 === 499) await recorder.flush()
    if (number === 100_000) print('full')
  }
}

const STEPS: Readonly<Record<string, () => Promise<void>>> = {
  start: measureStart,
  commit: measureCommit,
  cost: measureCost,
  crash: measureCrash,
}
const [wanted = 'all'] = positionals
if (wanted === 'fill') await fill(values.folder ?? '')
else if (wanted !== 'all' && !(wanted in STEPS))
  throw new Error(`There is no step ${wanted}: ${Object.keys(STEPS).join(', ')}, all.`)
else {
  for (const [name, step] of Object.entries(STEPS)) {
    if (wanted !== 'all' && wanted !== name) continue
    await step()
    print('')
  }
}
rmSync(root, { recursive: true, force: true })
