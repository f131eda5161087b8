import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ChildProcess } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cli, ended, printed, startCli } from './run-cli.ts'

let cwd = ''
let children: ChildProcess[] = []

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'parapet-serve-'))
})

afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    const end = ended(child)
    child.kill('SIGKILL')
    await end
  }
  children = []
  rmSync(cwd, { recursive: true })
})

function start(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): ChildProcess {
  const child = startCli(['serve', '--port', '0', ...args], { cwd, env })
  children.push(child)
  return child
}

const listening = /^Parapet listening on (http:\/\/127\.0\.0\.1:\d+)\n/
const introduced = /-d '\{[^']*"stream":true[^']*\}'/

/** The requests of the `curl`s shown. */
function shownRequests(text: string): readonly { readonly url: string; readonly body: string }[] {
  return [...text.matchAll(/curl [^\n]*(http:\S+) \\\n[^']*'content-type: application\/json'[^']*-d '([^']*)'/g)].map(
    ([, url = '', body = '']) => ({ url, body }),
  )
}

const post = ({ url, body }: { readonly url: string; readonly body: string }): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })

interface Upstream {
  readonly url: string
  /** Resolves once a request is there. */
  readonly asked: Promise<void>
  answer(text: string): void
}

/** A model server that answers its first request when it is told to. */
async function startUpstream(): Promise<Upstream> {
  const waiting: ServerResponse[] = []
  let tell: () => void = () => undefined
  const asked = new Promise<void>((resolve) => {
    tell = resolve
  })
  const server = createServer((request, response) => {
    request.resume()
    waiting.push(response)
    tell()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    asked,
    answer: (content) => {
      const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }]
      waiting[0]?.setHeader('content-type', 'application/json')
      waiting[0]?.end(JSON.stringify({ id: 'c', object: 'chat.completion', created: 1, model: 'm', choices }))
      server.close()
    },
  }
}

describe('parapet serve', () => {
  test('says where it listens first; the requests it shows are blocked and streamed; SIGTERM ends it with 0', async () => {
    const child = start()
    const end = ended(child)
    const text = await printed(child, introduced)
    expect(text).toMatch(listening)
    const [blocked, streamed, ...more] = shownRequests(text)
    expect(more).toEqual([])
    const refusal = await post(blocked ?? { url: '', body: '' })
    expect(refusal.status).toBe(400)
    expect(refusal.headers.get('x-parapet-decision')).toBe('block')
    expect(await refusal.json()).toMatchObject({ error: { code: 'content_filter' } })
    const answer = await post(streamed ?? { url: '', body: '' })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toContain('text/event-stream')
    expect(await answer.text()).toMatch(/data: \[DONE\]\s*$/)
    expect(statSync(join(cwd, '.parapet')).mode & 0o777).toBe(0o700)
    child.kill('SIGTERM')
    expect(await end).toMatchObject({ code: 0, signal: null })
  })

  test('drains: a running answer is finished before it ends', async () => {
    writeFileSync(join(cwd, 'parapet.yaml'), 'parapet: 1\nrails:\n  input: [secrets]\n  output: [secrets]\n')
    const upstream = await startUpstream()
    const child = start(['--upstream', upstream.url])
    const end = ended(child)
    const url = listening.exec(await printed(child, listening))?.[1] ?? ''
    const reply = post({
      url: `${url}/v1/chat/completions`,
      body: '{"model":"m","messages":[{"role":"user","content":"Hello"}]}',
    })
    await upstream.asked
    const noted = new Promise<void>((resolve) => {
      child.stderr?.on('data', (text: Buffer) => {
        if (text.includes('draining')) resolve()
      })
    })
    child.kill('SIGTERM')
    await noted
    upstream.answer('Good morning.')
    const response = await reply
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ choices: [{ message: { content: 'Good morning.' } }] })
    expect((await end).code).toBe(0)
  })

  test('a port in use ends with 2 and a remedy', async () => {
    const child = start()
    const port = /:(\d+)\n/.exec(await printed(child, listening))?.[1] ?? ''
    const second = await cli(['serve', '--port', port, '--data-dir', 'other'], { cwd })
    expect(second.code).toBe(2)
    expect(second.stderr).toContain('--port')
    expect(second.stdout).toBe('')
  })

  test('a second one on the same data folder ends with 2 and names the first', async () => {
    const child = start()
    await printed(child, listening)
    const second = await cli(['serve', '--port', '0'], { cwd })
    expect(second.code).toBe(2)
    expect(second.stderr).toContain(String(child.pid))
    expect(second.stdout).toBe('')
  })

  test('without keys only loopback is served', async () => {
    const refused = await cli(['serve', '--port', '0', '--host', '0.0.0.0'], { cwd })
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toContain('PARAPET_API_KEYS')
  })

  test('asks for a key when there are keys, and never prints one', async () => {
    const child = start([], { PARAPET_API_KEYS: 'first-key-0123456789, second-key-0123456789' })
    const text = await printed(child, introduced)
    expect(text).not.toContain('0123456789')
    const [blocked] = shownRequests(text.replace(/ {2}-H "authorization[^\n]*\n/g, ''))
    expect((await post(blocked ?? { url: '', body: '' })).status).toBe(401)
  })

  test('an edited policy is taken, a broken edit is not', async () => {
    const file = join(cwd, 'parapet.yaml')
    const policy = (characters: number): string =>
      `parapet: 1\nrails:\n  input: [short]\nguards:\n  short: { use: limits, characters: ${characters} }\n`
    writeFileSync(file, policy(1000))
    const child = start()
    const url = listening.exec(await printed(child, listening))?.[1] ?? ''
    const notes: string[] = []
    const waiters: (() => void)[] = []
    child.stderr?.on('data', (piece: Buffer) => {
      notes.push(piece.toString())
      for (const wake of waiters.splice(0)) wake()
    })
    const noted = async (word: string): Promise<void> => {
      while (!notes.join('').includes(word)) await new Promise<void>((resolve) => waiters.push(resolve))
    }
    const decide = async (): Promise<unknown> => {
      const response = await post({ url: `${url}/v1/guard`, body: '{"prompt":"longer than five"}' })
      return ((await response.json()) as { decision: unknown }).decision
    }
    expect(await decide()).toBe('pass')
    writeFileSync(file, policy(5))
    await noted('policy:')
    expect(await decide()).toBe('block')
    writeFileSync(file, 'parapet: 1\nrails: nonsense\n')
    await noted('rails')
    expect(await decide()).toBe('block')
  })
})

describe('--disagreements', () => {
  test('appends what classifier and judge disagree on, with the texts that the policy keeps', async () => {
    const judge = createServer((request, response) => {
      request.resume()
      response.setHeader('content-type', 'application/json')
      response.end(
        JSON.stringify({
          choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'unsafe\nS1' } }],
        }),
      )
    })
    await new Promise<void>((resolve) => judge.listen(0, '127.0.0.1', resolve))
    const { port } = judge.address() as AddressInfo
    writeFileSync(
      join(cwd, 'parapet.yaml'),
      `parapet: 1
record: { capture: full }
deadlines: { stage: 20s }
rails: { input: [{ guard: safety, deadline: 15s }] }
guards:
  safety:
    use: judge
    format: llama-guard-3
    engine: { url: "http://127.0.0.1:${port}/v1", model: scripted }
    timeout: 12s
    band: { from: 0, to: 1 }
`,
    )
    const child = start(['--policy', 'parapet.yaml', '--disagreements', 'kept.jsonl'])
    const url = listening.exec(await printed(child, listening))?.[1] ?? ''
    const answer = await post({
      url: `${url}/v1/guard`,
      body: JSON.stringify({ stage: 'input', prompt: 'How do I cook rice?' }),
    })
    expect(await answer.json()).toMatchObject({ decision: 'block' })
    const end = ended(child)
    child.kill('SIGTERM')
    await end
    judge.close()
    const lines = readFileSync(join(cwd, 'kept.jsonl'), 'utf8').trim().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({
        guard: 'safety',
        label: 'prompt_harm',
        judge: expect.objectContaining({ harmful: true }) as unknown,
        texts: expect.objectContaining({ prompt: 'How do I cook rice?' }) as unknown,
      }),
    ])
    expect(statSync(join(cwd, 'kept.jsonl')).mode & 0o777).toBe(0o600)
  })

  test('a file that cannot be written is told before anything is served', async () => {
    const { code, stderr } = await cli(['serve', '--port', '0', '--disagreements', 'none/kept.jsonl'], { cwd })
    expect(code).toBe(2)
    expect(stderr).toContain('cannot write disagreements to')
  })
})
