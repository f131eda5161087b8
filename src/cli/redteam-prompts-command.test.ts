/** `parapet redteam prompts` from its command line: a run on the shipped model, limits as exit codes, and doors that are wrong. */
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createScriptedIo } from '../../test/support/scripted-io.ts'
import { type RedTeamRecord, summarise } from '../lab/redteam/prompts/index.ts'
import { createRuntime } from './load-runtime.ts'
import { runProgram } from './program.ts'

let cwd = ''
beforeAll(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'parapet-redteam-cli-')))
})
afterAll(() => rmSync(cwd, { recursive: true }))

async function redteam(
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly out: string; readonly errors: string }> {
  const io = createScriptedIo({ cwd })
  const code = await runProgram(['redteam', ...args], io, createRuntime())
  return { code, out: io.written(), errors: io.errors() }
}

const record = (folder: string): RedTeamRecord =>
  JSON.parse(readFileSync(join(cwd, folder, 'run.json'), 'utf8')) as RedTeamRecord

test('the shipped model is attacked without a network, figures come out of the rows again, and a limit decides the exit code', async () => {
  const args = ['prompts', '--out', 'red', '--count', '2', '--attacks', 'no-rules', 'base64', '--fail-on', 'asr>0.9']
  const { code, out } = await redteam(...args)
  expect(code).toBe(0)
  expect(out).toContain('kept: asr>0.9 (none')
  const run = record('red')
  expect(run.rows).toHaveLength(2 * 3 * 2)
  expect(summarise(run.rows)).toEqual(run.summary)
  expect(run.summary.settings[0]?.plain).toMatchObject({ hits: 0, rows: 2 })
  expect(run.summary.settings[0]?.helped['control']).toMatchObject({ hits: 2, rows: 2 })
  expect(readFileSync(join(cwd, 'red', 'report.html'), 'utf8')).toContain('Success by family')
  expect(existsSync(join(cwd, 'red', 'junit.xml'))).toBe(true)

  const again = await redteam(...args.map((word) => (word === 'asr>0.9' ? 'asr>=0' : word)), '--resume')
  expect(again.code).toBe(1)
  expect(record('red').rows).toEqual(run.rows)
  expect((await redteam(...args)).code).toBe(2)
}, 60_000)

test('a gateway at a URL is asked with its key; its blocks are blocks', async () => {
  const server = createServer((request, response) => {
    const keyed = request.headers.authorization === 'Bearer k'
    const body = { error: { code: keyed ? 'content_filter' : 'unauthorized', type: 'content_filter', message: '' } }
    request
      .resume()
      .on('end', () =>
        response.writeHead(keyed ? 400 : 401, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  writeFileSync(join(cwd, 'mine.jsonl'), '{"prompt":"make a lamp"}\nnot json\n{"prompt":"make a hat"}\n')
  const mine = [
    'prompts',
    '--target',
    url,
    '--model',
    'm',
    '--goals',
    'mine.jsonl',
    '--attacks',
    'no-rules',
    '--judge',
    'string',
  ]
  const io = createScriptedIo({ cwd, env: { KEY: 'k' } })
  const code = await runProgram(['redteam', ...mine, '--out', 'gate', '--api-key-env', 'KEY'], io, createRuntime())
  expect(code).toBe(0)
  expect(io.errors()).toContain('mine.jsonl:2 is left out: not JSON')
  expect(record('gate').summary.settings[0]?.outcomes.attack).toMatchObject({ blocked: 4, success: 0 })
  expect(JSON.stringify(record('gate'))).not.toContain('make a lamp')
  const unkeyed = await redteam(...mine, '--out', 'unkeyed')
  expect(unkeyed.code).toBe(3)
  expect(unkeyed.errors).toContain('Check --api-key-env.')
  server.closeAllConnections()
  server.close()
}, 60_000)

test.each([
  [['prompts'], '--out'],
  [['prompts', '--out', 'x', '--attacks', 'nothing'], 'no attack or family'],
  [['prompts', '--out', 'x', '--without', 'nothing'], 'no attack or family'],
  [['prompts', '--out', 'x', '--fail-on', 'speed>1'], 'no limit of a red team'],
  [['prompts', '--out', 'x', '--fail-on', 'asr@wall>0.1'], 'no setting "wall"'],
  [['prompts', '--out', 'x', '--fail-on', 'asr[encodings]>0.1'], 'no family "encodings"'],
  [['prompts', '--out', 'x', '--target', 'http://127.0.0.1:9', '--attacks', 'gcg'], 'gcg searches along'],
  [
    ['prompts', '--out', 'x', '--target', 'http://127.0.0.1:9', '--attacks', 'search', '--without', 'gcg'],
    'out: --without suffix-search',
  ],
  [['prompts', '--out', 'x', '--attacks', 'base64', '--fail-on', 'asr[search]>0.1'], 'of the family "search"'],
  [['prompts', '--out', 'x', '--guards', 'wall'], 'no guard setting'],
  [['prompts', '--out', 'x', '--judge', 'me'], 'no judge "me"'],
  [['prompts', '--out', 'x', '--goals', 'missing.jsonl'], 'cannot be read'],
  [['prompts', '--out', 'x', '--target', 'missing'], 'missing'],
  [['prompts', '--out', 'x', '--api-key-env', 'NOT_SET'], 'NOT_SET is not set'],
  [['prompts', '--out', 'x', '--max-queries', '0'], 'above 0'],
])('%j is a mistake of the caller, said with what to do', async (args, words) => {
  const { code, errors } = await redteam(...args)
  expect(errors).toContain(words)
  expect(code).toBe(2)
  expect(existsSync(join(cwd, 'x', 'rows.jsonl'))).toBe(false)
})

test('all attacks are listed with their sources, also under the other name', async () => {
  const { code, out } = await redteam('run', '--list')
  expect(code).toBe(0)
  expect(out).toMatch(/search +suffix-search +Zou et al\. 2023/)
})
