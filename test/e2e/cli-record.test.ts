/**
 * The gateway as users run it, killed in the middle of its work: what it acknowledged is there afterwards, and the next start needs
 * no help.
 */
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { cli, printed, rowsOf, startCli } from './run-cli.ts'

let cwd = ''
const children: ChildProcess[] = []

beforeEach(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'parapet-record-')))
})
afterEach(async () => {
  for (const child of children.splice(0)) await gone(child, 'SIGKILL')
  rmSync(cwd, { recursive: true, force: true })
})

async function gone(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('close', resolve))
  child.kill(signal)
  await ended
}

async function serve(policy: string, env: Record<string, string> = {}): Promise<{ url: string; child: ChildProcess }> {
  writeFileSync(join(cwd, 'parapet.yaml'), policy)
  const child = startCli(['serve', '--port', '0', '--policy', 'parapet.yaml'], { cwd, env })
  children.push(child)
  const [, url = ''] = /listening on (\S+)\n/.exec(await printed(child, /listening on \S+\n/)) ?? []
  return { url, child }
}

function post(url: string, path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body), headers })
}

test('record: sync loses nothing that was answered when it is killed under load', async () => {
  const { url, child } = await serve('parapet: 1\nrecord: sync\nrails: { input: [unicode, pii], output: [pii] }\n')
  const answered: string[] = []
  const open = new Set<string>()
  let stop = false
  const client = async (stream: boolean): Promise<void> => {
    for (let turn = 0; !stop && turn < 10_000; turn += 1) {
      try {
        const response = await post(url, stream ? '/v1/chat/completions' : '/v1/guard', {
          ...(stream ? { stream, messages: [{ role: 'user', content: `turn ${turn}` }] } : { prompt: `turn ${turn}` }),
        })
        const id = response.headers.get('x-parapet-decision-id') ?? ''
        if (stream) open.add(id)
        const text = await response.text()
        if (!stream || text.endsWith('data: [DONE]\n\n')) answered.push(id)
      } catch {
        return
      }
    }
  }
  const clients = [client(false), client(false), client(true), client(true)]
  await expect.poll(() => answered.length, { timeout: 60_000, interval: 20 }).toBeGreaterThan(200)
  await gone(child, 'SIGKILL')
  stop = true
  await Promise.all(clients)

  const next = await serve('parapet: 1\nrecord: sync\nrails: { input: [unicode, pii], output: [pii] }\n')
  const exported = await cli(['export'], { cwd })
  expect(exported.code).toBe(0)
  const rows = new Map(rowsOf(exported.stdout).map((row) => [row['id'], row]))
  expect(answered.filter((id) => !rows.has(id))).toEqual([])
  expect(answered.filter((id) => rows.get(id)?.['status'] !== 'final')).toEqual([])
  // A stream whose headers had left has at least begun in the record.
  expect([...open].filter((id) => !rows.has(id))).toEqual([])
  expect((await fetch(`${next.url}/readyz`)).status).toBe(200)
}, 120_000)

test('a held answer is reviewed by command, and its caller reads it then', async () => {
  const policy = `parapet: 1
record: { capture: redacted, mode: sync }
guards:
  words: { use: rules, phrases: [teapot], action: hold }
rails: { input: [words] }
`
  const { url } = await serve(policy, { PARAPET_API_KEYS: 'caller-key-0123456789' })
  const key = { authorization: 'Bearer caller-key-0123456789' }
  const held = await post(url, '/v1/guard', { prompt: 'A teapot for jane.doe@example.org' }, key)
  const { decision_id: id } = (await held.json()) as { decision_id: string }
  const poll = async (): Promise<Record<string, unknown>> =>
    (await (await fetch(`${url}/v1/decisions/${id}`, { headers: key })).json()) as Record<string, unknown>
  expect(await poll()).toMatchObject({ status: 'held', content: null })

  const list = await cli(['review', 'list'], { cwd })
  expect(list.stdout).toContain(id)
  const shown = await cli(['review', 'show', id], { cwd })
  expect(shown.stdout).toContain('teapot')
  expect(shown.stdout).not.toContain('jane.doe')
  expect((await cli(['review', 'approve', id], { cwd })).code).toBe(0)
  expect(await poll()).toMatchObject({ status: 'final', review: { state: 'approved' } })
  expect(JSON.stringify(await poll())).toContain('teapot')
}, 60_000)

test('a key made while it runs opens it, and one revoked closes it', async () => {
  const added = await cli(['keys', 'add', 'first'], { cwd })
  const first = added.stdout.trim()
  const { url } = await serve('parapet: 1\nrails: { input: [pii] }\n')
  const status = async (key: string): Promise<number> =>
    (await fetch(`${url}/v1/session`, { headers: { authorization: `Bearer ${key}` } })).status
  expect(await status(first)).toBe(200)
  const second = (await cli(['keys', 'add', 'second'], { cwd })).stdout.trim()
  await expect.poll(() => status(second), { timeout: 10_000 }).toBe(200)
  await cli(['keys', 'revoke', 'first'], { cwd })
  await expect.poll(() => status(first), { timeout: 10_000 }).toBe(401)
  // Commands on this machine need no key.
  expect((await cli(['export'], { cwd })).code).toBe(0)
}, 60_000)
