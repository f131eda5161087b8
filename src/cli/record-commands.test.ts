/** Commands about decisions and keys, against a real gateway on a socket. Its store is in memory; what is judged is scripted. */
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { harness } from '../../test/gateway/support.ts'
import { createScriptedIo, type ScriptedIo, type ScriptedIoOptions } from '../../test/support/scripted-io.ts'
import type { KeySetting } from '../gateway/index.ts'
import { createGateway, createGatewayMetrics, createHttpUpstream, serve } from '../gateway/index.ts'
import type { RunningGateway } from '../gateway/index.ts'
import type { DecisionRecord, DecisionStore } from '../spec/index.ts'
import { createMemoryStore } from '../testing/index.ts'
import { writeGatewayFile } from './gateway-file.ts'
import { createRuntime } from './load-runtime.ts'
import { runProgram } from './program.ts'

let cwd = ''
let store: DecisionStore
let running: RunningGateway | null = null

beforeEach(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'parapet-records-')))
  store = createMemoryStore()
})

afterEach(async () => {
  await running?.close({ grace: 0 })
  running = null
  rmSync(cwd, { recursive: true })
})

async function start(keys: readonly KeySetting[] = []): Promise<RunningGateway> {
  const { pipeline } = harness()
  const gateway = createGateway({
    pipeline,
    upstream: createHttpUpstream({ url: 'http://127.0.0.1:9' }),
    metrics: createGatewayMetrics(),
    decisions: store,
    keys,
    version: '0.0.0',
  })
  running = await serve(gateway, { port: 0 })
  return running
}

async function parapet(
  args: readonly string[],
  options: Partial<ScriptedIoOptions> = {},
): Promise<ScriptedIo & { code: number }> {
  const io = createScriptedIo({ cwd, ...options, env: { PARAPET_URL: running?.url ?? '', ...options.env } })
  const code = await runProgram(args, io, createRuntime())
  return Object.assign(io, { code })
}

function record(id: string, more: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    id,
    at: Date.UTC(2026, 10, 25, 12),
    state: 'final',
    door: 'chat-completions',
    decision: 'hold',
    shadowDecision: 'hold',
    policyVersion: 'v1',
    caller: { application: 'shop', user: 'user-1' },
    ms: 1.25,
    guards: [
      {
        guard: 'rules',
        stage: 'input',
        status: 'judged',
        decision: 'hold',
        labels: ['rule.price'],
        ms: 0.1,
        cached: false,
        shadow: false,
      },
    ],
    scores: { prompt_harm: null, response_harm: null, refusal: null, injection: null, toxicity: null },
    categories: {},
    spans: [],
    error: null,
    exceptions: [],
    warnings: [],
    content: { prompt: 'What does it cost, \u202Eplease?' },
    expires: Date.UTC(2030, 0, 1),
    ...more,
  }
}

describe('review', () => {
  test('show prints critiques, made safe, and the answer that is held', async () => {
    await start()
    const content = {
      messages: [{ role: 'user', content: 'How?' } as const],
      answers: [{ role: 'assistant', content: 'Like this.' } as const],
    }
    await store.write([record('dec_a', { content })])
    const place = { guard: 'safety', stage: 'output', field: 'response' } as const
    await store.addCritiques?.('dec_a', [
      {
        ...place,
        ...{
          status: 'given',
          start: 0,
          end: 10,
          text: 'It breaks P1:\u001B[2J "Like this".',
          invented: 2,
          contradicts: true,
          silent: true,
        },
        clauses: [{ id: 'P1', title: 'Prices' }],
        quotes: [{ words: 'Like this', span: { start: 0, end: 9 } }],
      },
      { ...place, guard: 'other', status: 'failed', error: { code: 'upstream_timeout', message: 'Too slow.' } },
    ])
    const shown = (await parapet(['review', 'show', 'dec_a'])).written()
    expect(shown).toContain('Like this.')
    expect(shown).toContain('why, safety (output): P1 Prices\nIt breaks P1:\\u{1b}[2J "Like this".\n  0-9  Like this\n')
    expect(shown).toContain('2 quote(s) stand in none')
    expect(shown).toContain('opposite of the label')
    expect(shown).toContain('it names none of these clauses')
    expect(shown).toContain('why, other (output)\nno critique came: upstream_timeout: Too slow.')
  })

  test('lists the queue oldest first, shows one, settles it once, and labels', async () => {
    await start()
    await store.write([
      record('dec_b', { at: Date.UTC(2026, 10, 26) }),
      record('dec_a'),
      record('dec_c', { decision: 'pass' }),
    ])
    const list = await parapet(['review', 'list'])
    expect(list.code).toBe(0)
    expect(list.written().indexOf('dec_a')).toBeLessThan(list.written().indexOf('dec_b'))
    expect(list.written()).not.toContain('dec_c')
    expect(list.written()).toContain('rule.price')

    const shown = await parapet(['review', 'show', 'dec_a'])
    expect(shown.written()).toContain('What does it cost')
    expect(shown.written()).toContain('\\u{202e}')

    expect((await parapet(['review', 'approve', 'dec_a', '--note', 'fine'])).code).toBe(0)
    const again = await parapet(['review', 'reject', 'dec_a'])
    expect(again.code).toBe(3)
    expect(again.errors()).toContain('approved already')
    expect((await store.get('dec_a'))?.review).toMatchObject({ state: 'approved', note: 'fine' })

    const labelled = await parapet([
      'review',
      'label',
      'dec_c',
      'false-negative',
      '--expected',
      'block',
      '--label',
      'a',
      'b',
    ])
    expect(labelled.code).toBe(0)
    expect((await store.get('dec_c'))?.feedback).toMatchObject([
      { verdict: 'false_negative', expected: 'block', labels: ['a', 'b'] },
    ])
  })

  test('goes through the queue one by one on a terminal; what somebody else settled meanwhile is told', async () => {
    await start()
    await store.write([record('dec_1', { at: 1 }), record('dec_2', { at: 2 }), record('dec_3', { at: 3 })])
    const walk = await parapet(['review'], { terminal: true, stdin: 'x\na\nskip\nr\n' })
    expect(walk.code).toBe(0)
    const states = await Promise.all(
      ['dec_1', 'dec_2', 'dec_3'].map(async (id) => (await store.get(id))?.review?.state),
    )
    expect(states).toEqual(['approved', 'pending', 'rejected'])
  })

  test.each([
    [['review', 'show', 'dec_nothing'], 3, 'no decision'],
    [['review', 'show', '../keys'], 2, 'no decision id'],
    [['review', 'approve', 'dec_nothing'], 3, 'No held decision'],
    [['review', 'label', 'dec_a', 'wrong'], 2, 'false-positive'],
  ])('%j ends with %d', async (args, code, message) => {
    await start()
    const io = await parapet(args)
    expect(io.code).toBe(code)
    expect(io.errors()).toContain(message)
  })
})

describe('the gateway it speaks to', () => {
  test('is the one of the data folder, with its token, when keys are asked for', async () => {
    const place = await start([{ name: 'local', key: 'token-of-this-gateway', role: 'operator' }])
    await store.write([record('dec_a')])
    const without = await parapet(['review', 'list'])
    expect(without.code).toBe(2)
    expect(without.errors()).toContain('PARAPET_OPERATOR_KEY')
    await writeGatewayFile(cwd, { url: place.url, pid: process.pid, token: 'token-of-this-gateway' })
    const io = createScriptedIo({ cwd })
    expect(await runProgram(['review', 'list', '--data-dir', '.'], io, createRuntime())).toBe(0)
    expect(io.written()).toContain('dec_a')
  })

  test('is not there: says how to start or name one', async () => {
    const io = createScriptedIo({ cwd })
    expect(await runProgram(['export'], io, createRuntime())).toBe(2)
    expect(io.errors()).toContain('parapet serve')
    const gone = createScriptedIo({ cwd, env: { PARAPET_URL: 'http://127.0.0.1:9' } })
    expect(await runProgram(['export'], gone, createRuntime())).toBe(3)
    expect(gone.errors()).toContain('no gateway answers')
  })
})

describe('export and forget', () => {
  test('writes what matches, whole or not at all', async () => {
    await start()
    await store.write(
      Array.from({ length: 450 }, (_, index) =>
        record(`dec_${index}`, { at: Date.UTC(2026, 10, 1) + index, decision: index % 2 === 0 ? 'block' : 'pass' }),
      ),
    )
    const done = await parapet(['export', '--decision', 'block', '--from', '2026-11-01', '--out', 'out.jsonl'])
    expect(done.code).toBe(0)
    const ids = readFileSync(join(cwd, 'out.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: string }).id)
    expect(ids).toHaveLength(225)
    expect(new Set(ids).size).toBe(225)
    const piped = await parapet(['export', '--to', '2026-11-01'])
    expect([piped.code, piped.written()]).toEqual([0, ''])
    const wrong = await parapet(['export', '--from', 'yesterday'])
    expect(wrong.code).toBe(2)
    const nowhere = await parapet(['export', '--out', 'no/such/folder/out.jsonl'])
    expect(nowhere.code).toBe(2)
    expect(nowhere.errors()).toContain('cannot write')
  })

  test('a store that fails on the way leaves no whole file behind', async () => {
    const whole = createMemoryStore()
    await whole.write(Array.from({ length: 450 }, (_, index) => record(`dec_${index}`, { at: index })))
    let pages = 0
    store = {
      ...whole,
      list: async (query, options) => {
        pages += 1
        if (pages > 1) throw new Error('gone')
        return whole.list(query, options)
      },
    }
    await start()
    const io = await parapet(['export', '--out', 'out.jsonl'])
    expect(io.code).toBe(3)
    expect(io.errors()).toContain('broke off after 200')
    expect(() => readFileSync(join(cwd, 'out.jsonl'))).toThrow('ENOENT')
    expect(readFileSync(join(cwd, 'out.jsonl.part'), 'utf8').trim().split('\n')).toHaveLength(200)
  })

  test('forgets a user, asked twice', async () => {
    await start()
    await store.write([record('dec_a'), record('dec_b', { caller: { user: 'user/2' } })])
    expect((await parapet(['forget', 'user/2'])).code).toBe(2)
    expect((await parapet(['forget', 'user/2', '--yes'])).written()).toBe('deleted 1 decision(s)\n')
    expect(await store.get('dec_b')).toBeNull()
    expect(await store.get('dec_a')).not.toBeNull()
  })
})

describe('policy replay', () => {
  test('judges captured texts again and counts the rest', async () => {
    await start()
    await store.write([
      record('dec_a', { decision: 'pass', content: { prompt: 'The word is teapot.' } }),
      record('dec_b', { decision: 'block', content: { prompt: 'Nothing of note.' } }),
      record('dec_c', { decision: 'pass', content: null }),
    ])
    writeFileSync(
      join(cwd, 'next.yaml'),
      'parapet: 1\nguards:\n  words: { use: rules, phrases: [teapot], action: block }\nrails:\n  input: [words]\n',
    )
    const io = await parapet(['policy', 'replay', '--policy', 'next.yaml', '--json', '--fail-on-change'])
    expect(io.code).toBe(1)
    expect(JSON.parse(io.written())).toMatchObject({
      replayed: 2,
      withoutContent: 1,
      changed: [
        { id: 'dec_b', before: 'block', after: 'pass' },
        { id: 'dec_a', before: 'pass', after: 'block', labels: ['rule.words'] },
      ],
    })
    await parapet(['export', '--out', 'all.jsonl'])
    writeFileSync(join(cwd, 'mixed.jsonl'), `${readFileSync(join(cwd, 'all.jsonl'), 'utf8')}{broken\n{"id":1}\n`)
    const fromFile = await parapet(['policy', 'replay', 'mixed.jsonl', '--policy', 'next.yaml'])
    expect(fromFile.code).toBe(0)
    expect(fromFile.written()).toContain('2 decision(s) judged again')
    expect(fromFile.written()).toContain('1 without texts')
    expect(fromFile.written()).toContain('2 line(s) are no decisions')
    expect((await parapet(['policy', 'replay', 'none.jsonl'])).code).toBe(2)
  })
})

describe('keys', () => {
  test('are shown once, kept as hashes, and open the gateway', async () => {
    const added = await parapet(['keys', 'add', 'shop', '--application', 'shop', '--requests-per-minute', '60'])
    expect(added.code).toBe(0)
    const key = added.written().trim()
    expect(key).toMatch(/^pk_[\w-]{43}$/)
    const file = readFileSync(join(cwd, '.parapet/keys.json'), 'utf8')
    expect(file).not.toContain(key)
    const { keys } = JSON.parse(file) as { keys: KeySetting[] }
    const { url } = await start(keys)
    const ask = (authorization: string): Promise<Response> => fetch(`${url}/v1/session`, { headers: { authorization } })
    expect(await (await ask(`Bearer ${key}`)).json()).toMatchObject({ key: 'shop', role: 'caller' })
    expect((await ask('Bearer pk_other-key')).status).toBe(401)

    expect((await parapet(['keys', 'add', 'shop'])).errors()).toContain('already')
    expect((await parapet(['keys', 'add', 'no spaces please'])).code).toBe(2)
    expect((await parapet(['keys', 'list'])).written()).toContain('60 requests a minute')
    expect((await parapet(['keys', 'list', '--json'])).written()).not.toContain('sha256')
    expect((await parapet(['keys', 'revoke', 'shop'])).code).toBe(0)
    expect((await parapet(['keys', 'revoke', 'shop'])).code).toBe(2)
    expect((await parapet(['keys', 'list'])).written()).toContain('no keys')
  })
})
