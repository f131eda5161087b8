/** `parapet screen --judge` against a server on a socket: what it finds is flagged, and what it does not answer, or not in words that can be read, never passes. */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { json, startWireServer, type WireServer } from '../../test/engines/wire-server.ts'
import { createScriptedIo } from '../../test/support/scripted-io.ts'
import type { ScreenedRow } from '../lab/screen/index.ts'
import { createRuntime } from './load-runtime.ts'
import { runProgram } from './program.ts'

let cwd = ''
let server: WireServer

beforeAll(async () => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'parapet-screen-judge-')))
  server = await startWireServer((response, call) => {
    const asked = JSON.stringify(call.body)
    if (asked.includes('silence')) return
    if (asked.includes('outage')) return json({ error: { message: 'down' } }, 500)(response, call)
    const content = asked.includes('nonsense') ? 'perhaps a lamp' : asked.includes('zorv') ? 'unsafe\nS2' : 'safe'
    json({
      ...{ id: '1', object: 'chat.completion', created: 1, model: 'm' },
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }],
    })(response, call)
  })
  const engine = `engine: { url: "${server.url}/v1", model: m, retries: 0, timeout: 500ms, logprobs: "off" }`
  writeFileSync(
    join(cwd, 'parapet.yaml'),
    `parapet: 1\nguards:\n  safety: { use: judge, format: llama-guard-3, ${engine} }\n`,
  )
  const row = (answer: string): string =>
    `${JSON.stringify({ prompt: 'What is on the table?', completion: `On the table is ${answer}.` })}\n`
  writeFileSync(join(cwd, 'set.jsonl'), ['a cup', 'a zorv', 'silence', 'an outage', 'nonsense'].map(row).join(''))
  writeFileSync(join(cwd, 'good.jsonl'), row('a cup'))
})
afterAll(async () => {
  await server.close()
  rmSync(cwd, { recursive: true })
})

async function screen(
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly out: string; readonly errors: string }> {
  const io = createScriptedIo({ cwd })
  const code = await runProgram(['screen', ...args, '--judge', 'parapet.yaml#safety', '--quiet'], io, createRuntime())
  return { code, out: io.written(), errors: io.errors() }
}

test('flagged, timed out, failed and unreadable answers: none of them is clean', async () => {
  const { code, out } = await screen('set.jsonl', '--out', 'out', '--clean', 'clean.jsonl')
  const rows = readFileSync(join(cwd, 'out', 'rows.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as ScreenedRow)
  expect(rows.map(({ verdict }) => verdict)).toEqual(['pass', 'flag', 'unscreened', 'unscreened', 'unscreened'])
  expect(rows[1]?.reasons.map(({ check }) => check)).toEqual(['judge'])
  expect(readFileSync(join(cwd, 'clean.jsonl'), 'utf8').trimEnd().split('\n')).toHaveLength(1)
  expect(out).toContain('line 3: The judge could not judge it')
  expect(code).toBe(1)
  expect((await screen('good.jsonl', '--out', 'out')).code).toBe(0)
})

test('a folder that another run holds, and one that is not of a screen, are left alone', async () => {
  mkdirSync(join(cwd, 'mine', 'run'), { recursive: true })
  writeFileSync(join(cwd, 'mine', 'run', 'notes.txt'), 'mine')
  const refused = await screen('good.jsonl', '--out', 'mine')
  expect([refused.code, refused.errors]).toEqual([2, expect.stringContaining('is not of a screen')])
  expect(readFileSync(join(cwd, 'mine', 'run', 'notes.txt'), 'utf8')).toBe('mine')
  const both = await Promise.all([screen('good.jsonl', '--out', 'two'), screen('good.jsonl', '--out', 'two')])
  expect(both.map(({ code }) => code).toSorted()).toEqual([0, 2])
})
