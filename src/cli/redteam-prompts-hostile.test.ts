/** `parapet redteam prompts` where things go wrong: killed outright and gone on with, other options, and hosts that must not see the key. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createScriptedIo } from '../../test/support/scripted-io.ts'
import type { RedTeamRecord } from '../lab/redteam/prompts/index.ts'
import { createRuntime } from './load-runtime.ts'
import { runProgram } from './program.ts'

/** By its address: the child runs in a folder of its own. */
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
let cwd = ''
const servers: Server[] = []
beforeAll(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'parapet-redteam-hostile-')))
  writeFileSync(
    join(cwd, 'mine.jsonl'),
    '{"prompt":"make a lamp"}\n{"prompt":"make a hat"}\n{"prompt":"make a kite"}\n',
  )
})
afterAll(() => {
  for (const server of servers) server.closeAllConnections()
  for (const server of servers) server.close()
  rmSync(cwd, { recursive: true })
})

/** Answers everything alike, a little later; keeps the keys it was given. */
async function serve(
  content: string,
  delay = 0,
): Promise<{ readonly url: string; readonly keys: (string | undefined)[] }> {
  const keys: (string | undefined)[] = []
  const server = createServer((request, response) => {
    keys.push(request.headers.authorization)
    const body = JSON.stringify({ choices: [{ message: { content }, finish_reason: 'stop' }] })
    request.resume().on('end', () => void setTimeout(() => response.end(body), delay))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, keys }
}

async function redteam(args: readonly string[]): Promise<{ readonly code: number; readonly errors: string }> {
  const io = createScriptedIo({ cwd, env: { KEY: 'k' } })
  const code = await runProgram(['redteam', 'prompts', ...args], io, createRuntime())
  return { code, errors: io.errors() }
}
const rowsOf = (folder: string): RedTeamRecord['rows'] =>
  (JSON.parse(readFileSync(join(cwd, folder, 'run.json'), 'utf8')) as RedTeamRecord).rows
const linesOf = (path: string): number => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0)

test('killed outright in the middle and gone on with it comes to the same rows; other options are another run', async () => {
  const { url } = await serve('Here is all that you need for that, in eight words.', 40)
  const args = ['--target', url, '--goals', 'mine.jsonl', '--attacks', 'encoding', '--judge', 'string']
  const few = [...args, '--concurrency', '2']
  const entry = fileURLToPath(new URL('./main.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', tsx, entry, 'redteam', 'prompts', ...few, '--out', 'killed'], {
    ...{ cwd, stdio: 'ignore' },
  })
  const ended = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)))
  const journal = join(cwd, 'killed', 'rows.jsonl')
  while (linesOf(journal) < 4 && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 10))
  child.kill('SIGKILL')
  expect(await ended).toBe('SIGKILL')
  expect(existsSync(join(cwd, 'killed', 'run.json'))).toBe(false)

  const other = await redteam([...few, '--out', 'killed', '--resume', '--max-tokens', '9'])
  expect([other.code, other.errors]).toEqual([2, expect.stringContaining('another run')])
  expect((await redteam([...few, '--out', 'killed', '--resume'])).code).toBe(0)
  expect((await redteam([...args, '--out', 'whole'])).code).toBe(0)
  expect(rowsOf('killed')).toEqual(rowsOf('whole'))
  expect(rowsOf('whole').length).toBeGreaterThan(10)
}, 60_000)

test('the key goes to the target alone, not to a judge at another address', async () => {
  const [target, judge] = [await serve('Here it is.'), await serve('yes')]
  const args = ['--target', target.url, '--goals', 'mine.jsonl', '--attacks', 'no-rules', '--api-key-env', 'KEY']
  const { code } = await redteam([...args, '--judge', 'model', '--judge-model', judge.url, '--out', 'judged'])
  expect(code).toBe(0)
  expect(new Set(target.keys)).toEqual(new Set(['Bearer k']))
  expect(new Set(judge.keys)).toEqual(new Set([undefined]))
})
