import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Policy } from '../spec/index.ts'
import { systemClock } from './clock.ts'
import type { Parapet } from './index.ts'
import { createParapet, parsePolicy } from './index.ts'
import { createJudgeEngines } from './judge-engine.ts'

interface Asked {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

let server: Server
let url: string
let asked: Asked[] = []
const open: Parapet[] = []

/** A server whose model finds unsafe whatever contains the word wrong. */
beforeEach(async () => {
  asked = []
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (piece: Buffer) => (body += piece.toString()))
    request.on('end', () => {
      asked.push({ headers: request.headers, body })
      const content = body.includes('wrong') ? 'unsafe\nS9' : 'safe'
      response.setHeader('content-type', 'application/json')
      const usage = { prompt_tokens: 900, completion_tokens: 2 }
      response.end(JSON.stringify({ choices: [{ message: { content }, finish_reason: 'stop' }], usage }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
})

afterEach(async () => {
  for (const parapet of open.splice(0)) await parapet.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

async function parapetWith(yaml: string, env: Readonly<Record<string, string>> = {}): Promise<Parapet> {
  const parapet = await createParapet(parsePolicy(`parapet: 1\n${yaml}`, 'parapet.yaml'), { env })
  open.push(parapet)
  return parapet
}

/** Deadlines that leave a judge time on a busy machine. */
const DEADLINES = 'deadlines: { stage: 60s, guard: 50s }'
const PATIENT = `${DEADLINES}\nrails: { input: [j] }`

const judge = (more = ''): string =>
  `{ use: judge, format: llama-guard-3, engine: { url: "${url}", model: guard${more} } }`

test('a policy names a judge and its server, and the judge decides', async () => {
  const parapet = await parapetWith(
    `${DEADLINES}\nrails: { input: [safety], output: [safety] }\nguards: { safety: ${judge()} }`,
  )
  expect((await parapet.check('hello')).decision).toBe('pass')
  const blocked = await parapet.check('a wrong thing')
  expect([blocked.decision, blocked.categories['S9']]).toEqual(['block', 1])
  expect(asked).toHaveLength(2)
  expect(JSON.parse(asked[0]?.body ?? '')).toMatchObject({
    model: 'guard',
    messages: [{ role: 'user', content: 'hello' }],
  })
  expect(asked[0]?.headers.authorization).toBeUndefined()
})

test('a server that is gone is an error, not a clean text', async () => {
  const parapet = await parapetWith(`${PATIENT}\nguards: { j: ${judge(', retries: 0')} }`)
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  const { decision, error } = await parapet.check('hello')
  expect([decision, error?.code]).toEqual(['error', 'guard_failed'])
})

test('a server that is down is soon not asked any more, and somebody is told; the decision stays an error', async () => {
  const definition = judge(', retries: 0, circuit: { failures: 2, cooldown: 60s }')
  const parapet = await parapetWith(`${PATIENT}\nguards: { j: ${definition} }`)
  const warnings: string[] = []
  parapet.on((event) => {
    if (event.type === 'warning-raised') warnings.push(event.message)
  })
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  const messages: (string | undefined)[] = []
  for (const text of ['one', 'two', 'three']) {
    const { decision, error } = await parapet.check(text)
    expect(decision).toBe('error')
    messages.push(error?.message)
  }
  expect(messages[1]).toContain('could not be reached')
  expect(messages[2]).toContain('is not asked: it failed 2 times in a row (unreachable)')
  expect(warnings).toEqual([expect.stringMatching(/^The model guard at .* is not asked for \d+ s/)])
})

test('the key comes from the variable named, and a missing one is said at once', async () => {
  const yaml = `rails: { input: [safety] }\nguards: { safety: ${judge(', keyEnv: JUDGE_KEY')} }`
  const parapet = await parapetWith(yaml, { JUDGE_KEY: 'sk-4711' })
  await parapet.check('hello')
  expect(asked[0]?.headers.authorization).toBe('Bearer sk-4711')
  await expect(parapetWith(yaml)).rejects.toMatchObject({
    code: 'configuration',
    message: expect.stringContaining('JUDGE_KEY'),
  })
})

test('judges that name the same engine share its budget', async () => {
  // Room for one verdict, as the server counts.
  const definition = judge(', budget: { tokens: 1000, window: 1h }')
  const documents = definition.replace('use: judge', 'use: judge, stages: [retrieval]')
  const parapet = await parapetWith(
    `${DEADLINES}\nrails: { input: [one], retrieval: [two] }\nguards: { one: ${definition}, two: ${documents} }`,
  )
  expect((await parapet.check('hello')).decision).toBe('pass')
  const second = await parapet.check({ prompt: 'hello', stage: 'retrieval' })
  expect([second.decision, second.error?.message]).toEqual(['error', expect.stringContaining('budget of tokens')])
  expect(asked).toHaveLength(1)
})

test.each<readonly [string, string, string]>([
  ['no format', 'engine: { url: "http://localhost:1", model: m }', 'guards.j.format'],
  ['an unknown format', 'format: llama, engine: { url: "http://localhost:1", model: m }', 'guards.j.format'],
  ['no model', 'format: thinkguard, engine: { url: "http://localhost:1" }', 'guards.j.engine.model'],
  ['a url that is none', 'format: thinkguard, engine: { url: localhost, model: m }', 'guards.j.engine.url'],
  ['a key in the policy', 'format: thinkguard, engine: { url: "http://localhost:1", model: m, apiKey: x }', 'apiKey'],
  ['a file and a server', 'format: policy, engine: { gguf: m.gguf, url: "http://localhost:1" }', 'guards.j.url'],
  ['a file that is no path', 'format: policy, engine: { gguf: 3 }', 'guards.j.engine.gguf'],
  [
    'a circuit that is none',
    'format: policy, engine: { url: "http://localhost:1", model: m, circuit: true }',
    'circuit',
  ],
  ['no threads', 'format: policy, engine: { gguf: m.gguf, threads: 0 }', 'guards.j.engine.threads'],
  ['an engine that is none', 'format: policy, engine: llama', 'guards.j.engine'],
  [
    'a wrong duration',
    'format: thinkguard, timeout: soon, engine: { url: "http://localhost:1", model: m }',
    'guards.j.timeout',
  ],
])('%s is a mistake of the policy', async (_what, options, key) => {
  const wrong = parapetWith(`rails: { input: [j] }\nguards: { j: { use: judge, ${options} } }`)
  await expect(wrong).rejects.toMatchObject({ code: 'policy_invalid', message: expect.stringContaining(key) })
})

test('a judge without a definition is a mistake of the policy too', async () => {
  const policy: Policy = { parapet: 1, rails: { input: ['judge'] } }
  await expect(createParapet(policy)).rejects.toMatchObject({ code: 'policy_invalid' })
})

describe('a GGUF file', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parapet-judge-'))
    await writeFile(join(folder, 'judge.gguf'), 'GGUF and no more')
  })
  afterEach(() => rm(folder, { recursive: true }))

  const policyWith = async (gguf: string): Promise<string> => {
    const file = join(folder, 'parapet.yaml')
    const guards = `{ j: { use: judge, format: policy, engine: { gguf: ${gguf} }, settings: { parallel: true } } }`
    await writeFile(file, `parapet: 1\n${PATIENT}\nguards: ${guards}`)
    return file
  }

  test('is looked for from the folder of the policy, and one that cannot be run is an error, not a clean text', async () => {
    const parapet = await createParapet(await policyWith('./judge.gguf'), { watch: false })
    open.push(parapet)
    const { decision } = await parapet.check('hello')
    expect(decision).toBe('error')
  })

  test('that is not there is said when the policy is read', async () => {
    await expect(createParapet(await policyWith('./other.gguf'), { watch: false })).rejects.toMatchObject({
      code: 'policy_invalid',
      issues: [{ key: 'guards.j.engine', message: expect.stringContaining(join(folder, 'other.gguf')) as string }],
    })
  })

  test('is one engine for all who name it, whatever the path they take to it', () => {
    const { completion } = createJudgeEngines({}, systemClock)
    const absolute = completion({ gguf: join(folder, 'judge.gguf') })
    expect(completion({ gguf: './judge.gguf' }, folder)).toBe(absolute)
    expect(completion({ gguf: './judge.gguf', threads: 2 }, folder)).not.toBe(absolute)
  })

  test('is held for as long as a guard needs it, and not opened after the end', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const engines = createJudgeEngines({}, systemClock)
    const gguf = join(folder, 'judge.gguf')
    const kept = engines.completion({ gguf })
    const gone = new WeakRef(engines.completion({ gguf, threads: 2 }))
    for (let round = 0; round < 20 && gone.deref() !== undefined; round += 1) {
      await turn()
      collect()
    }
    expect(gone.deref()).toBeUndefined()
    expect(engines.completion({ gguf })).toBe(kept)
    await engines.close()
    expect(() => engines.completion({ gguf })).toThrow(expect.objectContaining({ code: 'engine_unavailable' }))
  })
})

test('a policy may be judged clause by clause', async () => {
  const engine = `engine: { url: "${url}", model: m, retries: 0 }`
  const clauses = '[{ id: P1, title: wrong }, { id: P2, title: fine }]'
  const parapet = await parapetWith(
    `${PATIENT}\nguards: { j: { use: judge, format: policy, ${engine}, settings: { parallel: true }, policy: ${clauses} } }`,
  )
  // The server says unsafe or safe, which is neither yes nor no.
  expect((await parapet.check('hello')).decision).toBe('error')
  expect(asked).toHaveLength(2)
})
