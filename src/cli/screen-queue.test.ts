/** `parapet screen --queue` with `parapet screen-worker` as users start them: processes, one of which is killed in the middle. */
import { type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cli, type CliResult, ended, startCli } from '../../test/e2e/run-cli.ts'
import { createScriptedIo } from '../../test/support/scripted-io.ts'
import { findPostgres, type PostgresServer, startPostgres } from '../../test/store/postgres-server.ts'
import { createRuntime } from './load-runtime.ts'
import { runProgram } from './program.ts'

const EXAMPLE = new URL('../../examples/screen/library.jsonl', import.meta.url)
const programs = findPostgres()

describe.skipIf(programs === null && (process.env['CI'] ?? '') === '')('with a PostgreSQL (Debian: postgresql)', () => {
  let cwd = ''
  let server: PostgresServer
  let env: Readonly<Record<string, string>> = {}
  const workers: ChildProcess[] = []

  beforeAll(async () => {
    if (programs === null) throw new Error('No PostgreSQL is installed. Debian: apt-get install postgresql')
    server = await startPostgres(programs)
    cwd = mkdtempSync(join(tmpdir(), 'parapet-screen-queue-'))
    // Four chunks, and no row a copy of another.
    const rows = readFileSync(EXAMPLE, 'utf8').trimEnd().split('\n')
    const many = Array.from({ length: 45 }, (_, round) =>
      rows.map((row) => row.replace('"content":"', `"content":"${round} `)),
    )
    writeFileSync(join(cwd, 'many.jsonl'), `${many.flat().join('\n')}\n`)
    env = { TEST_QUEUE: server.url('screens') }
  })
  afterAll(async () => {
    for (const worker of workers) worker.kill('SIGKILL')
    await server?.remove()
    rmSync(cwd, { recursive: true, force: true })
  })

  function startWorker(...more: readonly string[]): ChildProcess {
    const worker = startCli(['screen-worker', '--queue', 'TEST_QUEUE', ...more], { cwd, env })
    workers.push(worker)
    return worker
  }
  const screen = (...more: readonly string[]): Promise<CliResult> =>
    cli(['screen', 'many.jsonl', '--fail-on', '1', ...more], { cwd, env })
  const said = (worker: ChildProcess, words: string): Promise<void> =>
    new Promise((resolve) =>
      worker.stderr?.on('data', (piece: Buffer) => void (piece.toString().includes(words) && resolve())),
    )

  test('one worker is killed while it works, another ends the screen: the same files as without a queue', async () => {
    expect((await screen('--out', 'threads')).code).toBe(0)
    const killed = startWorker()
    const atWork = said(killed, 'working on')
    const running = screen('--out', 'queue', '--queue', 'TEST_QUEUE', '--lease', '2')
    await atWork
    killed.kill('SIGKILL')
    const worker = startWorker()
    const { code, stderr } = await running
    expect([code, stderr]).toEqual([0, expect.stringContaining('checks: 1755 of 1755 rows')])
    for (const file of ['rows.jsonl', 'run.json', 'report.html'])
      expect(readFileSync(join(cwd, 'queue', file), 'utf8')).toBe(readFileSync(join(cwd, 'threads', file), 'utf8'))
    const end = ended(worker)
    worker.kill('SIGTERM')
    expect((await end).code).toBe(0)
  }, 240_000)

  test('a worker ends by itself when it was idle, and wrong guards are told before it looks for work', async () => {
    const quiet = { TEST_QUEUE: server.url('quiet') }
    const io = createScriptedIo({ cwd, env: quiet })
    expect(await runProgram(['screen-worker', '--queue', 'TEST_QUEUE', '--idle', '1'], io, createRuntime())).toBe(0)
    expect([io.written(), io.errors()]).toEqual(['0 rows judged\n', expect.stringContaining('waiting for screens')])
    const wrong = createScriptedIo({ cwd, env: quiet })
    const args = ['screen-worker', '--queue', 'TEST_QUEUE', '--guard', 'none.bin']
    expect(await runProgram(args, wrong, createRuntime())).toBe(2)
    expect(wrong.errors()).toContain('none.bin')
  })
})

test.each([
  [['--queue', 'redis://here'], 'begins with postgres://'],
  [['--queue', 'NOT_SET'], 'name of a variable'],
  [[], '--queue'],
])('%j says what to do', async (args, words) => {
  const io = createScriptedIo({ cwd: tmpdir() })
  expect(await runProgram(['screen-worker', ...args], io, createRuntime())).toBe(2)
  expect(io.errors()).toContain(words)
})
