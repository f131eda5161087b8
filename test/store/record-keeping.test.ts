/** Recording as users meet it: through `createParapet`, with its checks, streams and turns. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Parapet, ParapetOptions, Policy } from '../../src/compose/index.ts'
import { createParapet } from '../../src/compose/index.ts'
import type { GuardedPart, GuardedStream, RecordPolicy, StreamPart } from '../../src/spec/index.ts'
import type { MemoryStore } from '../../src/testing/index.ts'
import { createMemoryStore } from '../../src/testing/index.ts'
import { aRecord } from './records.ts'

let folder = ''
const open: Parapet[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-keeping-'))
})
afterEach(async () => {
  for (const parapet of open.splice(0)) await parapet.close()
  await rm(folder, { recursive: true, force: true })
})

const RULES = {
  bomb: { use: 'rules', phrases: ['bomb'], action: 'block' },
  hm: { use: 'rules', phrases: ['hm'], action: 'hold' },
} as const

async function start(record: RecordPolicy, options: Partial<ParapetOptions> = {}, more: Partial<Policy> = {}) {
  const store = createMemoryStore()
  const policy: Policy = {
    parapet: 1,
    guards: RULES,
    rails: { input: ['bomb', 'hm'], output: ['bomb', 'hm'], tool_call: ['bomb'] },
    record,
    ...more,
  }
  const parapet = await createParapet(policy, { store, ...options })
  open.push(parapet)
  return { store, parapet }
}

/** A gate in front of the store's writes. */
function gate(store: MemoryStore): () => void {
  let release: () => void = () => undefined
  const closed = new Promise<void>((resolve) => (release = resolve))
  store.gate = closed
  return () => {
    if (store.gate === closed) store.gate = null
    release()
  }
}

const model =
  (...parts: StreamPart[]) =>
  async () =>
    (async function* () {
      yield* parts
    })()
const says = (text: string): StreamPart => ({ type: 'text', text })
const STOP: StreamPart = { type: 'finish', reason: 'stop' }
const asks = (text: string) => ({ messages: [{ role: 'user' as const, content: text }] })

async function collect<T>(stream: GuardedStream<T>): Promise<T[]> {
  const parts: T[] = []
  for await (const part of stream) parts.push(part)
  return parts
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 60))

describe('without a store', () => {
  test('nothing is kept', async () => {
    const parapet = await createParapet({ parapet: 1, rails: {} })
    open.push(parapet)
    expect(parapet.decisions).toBeNull()
    expect(parapet.recorder).toBeNull()
    expect(await parapet.jobs()).toBeNull()
    expect((await parapet.check('hello')).decision).toBe('pass')
  })
})

describe('checks', () => {
  test('each has one record, with who asked and what was decided', async () => {
    const { store, parapet } = await start({ mode: 'sync' })
    const caller = { user: 'u1', application: 'shop' }
    const result = await parapet.check({ prompt: 'a bomb', caller }, { door: 'guard', model: 'small' })
    expect(await store.get(result.decisionId)).toMatchObject({
      id: result.decisionId,
      state: 'final',
      door: 'guard',
      model: 'small',
      decision: 'block',
      policyVersion: result.policyVersion,
      caller,
      content: null,
      guards: [
        { guard: 'bomb', labels: ['rule.bomb'] },
        { guard: 'hm', labels: [] },
        { guard: 'classifier', shadow: true },
      ],
    })
    expect(store.size).toBe(1)
    expect(JSON.stringify(await store.get(result.decisionId))).not.toContain('a bomb')
  })

  test('sync: the answer waits for the commit', async () => {
    const { store, parapet } = await start({ mode: 'sync' })
    const release = gate(store)
    let answered = false
    const check = parapet.check('hello').then((result) => ((answered = true), result))
    await settle()
    expect(answered).toBe(false)
    release()
    expect(await store.get((await check).decisionId)).not.toBeNull()
  })

  test('async: the answer does not wait, and the record follows', async () => {
    const { store, parapet } = await start({ mode: 'async' })
    const release = gate(store)
    const { decisionId } = await parapet.check('hello')
    release()
    expect((await parapet.decisions?.get(decisionId))?.id).toBe(decisionId)
  })

  test('a store that is gone: refused before any work, or let through, as the policy says', async () => {
    let judged = 0
    const counting = {
      specVersion: 'v1',
      id: 'count',
      version: '1',
      stages: ['input'],
      check: () => ((judged += 1), { findings: [] }),
    } as const
    const rails = { input: ['count'] }
    const refusing = await start({ mode: 'sync' }, { guards: [counting] }, { rails })
    refusing.store.available = false
    await expect(refusing.parapet.check('one')).rejects.toMatchObject({ code: 'record_unavailable' })
    const before = judged
    await expect(refusing.parapet.check('two')).rejects.toMatchObject({ code: 'record_unavailable' })
    expect(judged).toBe(before)
    const dropping = await start({ mode: 'sync', whenFull: 'drop' }, { guards: [counting] }, { rails })
    dropping.store.available = false
    expect((await dropping.parapet.check('three')).decision).toBe('pass')
  })

  test('held ones wait for a review', async () => {
    const { parapet } = await start({ mode: 'async' })
    const { decisionId } = await parapet.check('hm')
    expect(await parapet.decisions?.review(decisionId, { state: 'approved', at: 1 })).toMatchObject({ settled: true })
  })

  test('input that is no input is told as before, and not recorded', async () => {
    const { store, parapet } = await start({ mode: 'sync' })
    for (const wrong of [null, 5, {}, { prompt: 5 }, { messages: [] }])
      await expect(parapet.check(wrong as never)).rejects.toMatchObject({ code: 'input_invalid' })
    expect(store.size).toBe(0)
  })
})

describe('turns with a model', () => {
  test('are open as soon as the input was decided, final at the end, and one decision', async () => {
    const { store, parapet } = await start({ mode: 'sync' })
    const seen: unknown[] = []
    const stream = parapet.converse(
      { ...asks('hello'), model: 'small', caller: { user: 'u' } },
      model(says('hi'), STOP),
    )
    const id = stream.decisionId ?? ''
    for await (const part of stream) {
      seen.push(part)
      expect(await store.get(id)).toMatchObject({ state: 'open', model: 'small', caller: { user: 'u' } })
    }
    expect(seen).toHaveLength(2)
    expect(await store.get(id)).toMatchObject({ state: 'final', decision: 'pass', door: 'library' })
    expect(store.size).toBe(1)
  })

  test('sync: neither the first part nor the end leaves before its record', async () => {
    const { store, parapet } = await start({ mode: 'sync' })
    const parts: GuardedPart[] = []
    let over = false
    let release = gate(store)
    const stream = parapet.converse(asks('hello'), model(says('hi'), STOP))
    const reading = (async () => {
      for await (const part of stream) parts.push(part)
      over = true
    })()
    await settle()
    expect(parts).toEqual([])
    const first = release
    release = gate(store)
    first()
    await expect.poll(() => parts.length).toBe(2)
    await settle()
    expect(over).toBe(false)
    release()
    await reading
  })

  test('sync: what is ready is handed out at once, but not the end of a stream that was stopped', async () => {
    const { store, parapet } = await start({ mode: 'sync' })
    const stream = parapet.converse(asks('hello'), model(says('one '), says('two '), says('a bomb'), STOP))
    expect(stream.poll?.()).toBeUndefined()
    const parts: GuardedPart[] = []
    for (;;) {
      const ready = stream.poll?.()
      if (ready !== undefined) {
        expect(ready.type).not.toBe('error')
        parts.push(ready)
        continue
      }
      const step = await stream[Symbol.asyncIterator]().next()
      if (step.done === true) break
      parts.push(step.value)
    }
    expect(parts.at(-1)).toMatchObject({ type: 'error', error: { code: 'content_filter' } })
    expect(await store.get(stream.decisionId ?? '')).toMatchObject({ state: 'final', decision: 'block' })
  })

  test('blocked, held, failed and left: each has its record', async () => {
    const { store, parapet } = await start({ mode: 'sync' })
    const cases: [string, GuardedStream<GuardedPart>, string][] = [
      ['input', parapet.converse(asks('a bomb'), model()), 'block'],
      ['output', parapet.converse(asks('hello'), model(says('a bomb'), STOP)), 'block'],
      ['held', parapet.converse(asks('hm'), model()), 'hold'],
      ['upstream', parapet.converse(asks('hello'), () => Promise.reject(new Error('down'))), 'error'],
    ]
    for (const [, stream, decision] of cases) {
      expect((await collect(stream)).at(-1)).toMatchObject({ type: 'error' })
      expect(await store.get(stream.decisionId ?? '')).toMatchObject({ state: 'final', decision })
    }
    const endless = async () =>
      (async function* () {
        for (;;) yield says('word and word ')
      })()
    const left = parapet.converse(asks('hello'), endless)
    for await (const _ of left) break
    await parapet.recorder?.flush()
    expect(await store.get(left.decisionId ?? '')).toMatchObject({ state: 'final', error: { code: 'aborted' } })
    expect((await left.result).decision).toBe('error')
  })

  test('sync: a store that goes before the first part: nothing of the answer is shown', async () => {
    const { store, parapet } = await start({ mode: 'sync' })
    let called = 0
    const stream = parapet.converse(asks('hello'), async () => {
      called += 1
      store.available = false
      return await model(says('hi'), STOP)()
    })
    store.available = false
    const parts = await collect(stream)
    expect(parts).toMatchObject([
      { type: 'error', error: { code: 'record_unavailable' }, result: { decision: 'error' } },
    ])
    expect(await stream.result).toMatchObject({ decision: 'error', error: { code: 'record_unavailable' } })
    // From now on it is refused before the model is asked.
    const before = called
    const next = parapet.converse(asks('hello'), model(says('hi'), STOP))
    expect(await collect(next)).toMatchObject([{ type: 'error', error: { code: 'record_unavailable' } }])
    expect(called).toBe(before)
  })

  test('sync: a store that goes in the middle: the stream does not end well', async () => {
    const { store, parapet } = await start({ mode: 'sync' })
    const parts: GuardedPart[] = []
    for await (const part of parapet.converse(asks('hello'), model(says('hi'), STOP))) {
      parts.push(part)
      store.available = false
    }
    expect(parts.at(-1)).toMatchObject({ type: 'error', error: { code: 'record_unavailable' } })
  })

  test('sync: whoever leaves while the store hangs is answered at once', async () => {
    const { store, parapet } = await start({ mode: 'sync' })
    const release = gate(store)
    const stream = parapet.converse(asks('hello'), model(says('hi'), STOP))
    const iterator = stream[Symbol.asyncIterator]()
    const pending = iterator.next()
    await settle()
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined })
    expect(await pending).toEqual({ done: true, value: undefined })
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
    release()
  })
})

describe('streams', () => {
  const strings = async function* (...pieces: string[]) {
    yield* pieces
  }

  test('of strings and of parts have a record each', async () => {
    const { store, parapet } = await start({ mode: 'sync' })
    expect((await collect(parapet.guardStream(strings('all ', 'well'), { model: 'small' }))).join('')).toBe('all well')
    const parts = (async function* () {
      yield says('a bomb')
    })()
    expect(await collect(parapet.guardStream(parts))).toMatchObject([
      { type: 'error', error: { code: 'content_filter' } },
    ])
    const { items } = await store.list({})
    expect(items.map(({ decision, state }) => `${decision} ${state}`).toSorted()).toEqual(['block final', 'pass final'])
    expect(items.some((item) => item.model === 'small')).toBe(true)
  })

  test('of strings: a block is thrown once its record is there', async () => {
    const { store, parapet } = await start({ mode: 'sync' })
    await expect(collect(parapet.guardStream(strings('a bomb')))).rejects.toMatchObject({ code: 'content_filter' })
    expect((await store.list({})).items).toMatchObject([{ decision: 'block', state: 'final' }])
  })

  test('that cannot be recorded are not begun', async () => {
    const { store, parapet } = await start({ mode: 'sync' })
    store.available = false
    await expect(parapet.check('x')).rejects.toMatchObject({ code: 'record_unavailable' })
    await expect(collect(parapet.guardStream(strings('hi')))).rejects.toMatchObject({ code: 'record_unavailable' })
    const parts = (async function* () {
      yield says('hi')
    })()
    expect(await collect(parapet.guardStream(parts))).toMatchObject([
      { type: 'error', error: { code: 'record_unavailable' } },
    ])
  })
})

describe('captured texts', () => {
  const MAIL = 'write to maria@example.com'
  const KEY = `key ghp_${'a1B2c3D4e5F6g7H8i9J0'.repeat(2).slice(0, 36)}`

  test('redacted: personal data and secrets are out, though no guard of the rails looks for them', async () => {
    const { store, parapet } = await start({ mode: 'sync', capture: 'redacted' })
    const request = {
      messages: [
        { role: 'system' as const, content: KEY },
        { role: 'user' as const, content: MAIL },
      ],
    }
    const answer = model(
      says(`${MAIL}. `),
      { type: 'reasoning', text: KEY },
      { type: 'tool-input', call: 'c1', tool: 'mail', text: '{"to":"maria@' },
      { type: 'tool-input', call: 'c1', text: 'example.com"}' },
      { type: 'text', text: 'second', choice: 1 },
      STOP,
    )
    const stream = parapet.converse(request, answer)
    await collect(stream)
    const stored = await store.get(stream.decisionId ?? '')
    const text = JSON.stringify(stored)
    expect(text).not.toContain('maria@')
    expect(text).not.toContain('ghp_')
    expect(stored?.content).toMatchObject({
      messages: [{ role: 'system' }, { role: 'user', content: expect.stringMatching(/^write to \[/) as string }],
      answers: [
        {
          role: 'assistant',
          content: expect.stringMatching(/^write to \[/) as string,
          reasoning: expect.stringMatching(/^key \[/) as string,
          toolCalls: [{ id: 'c1', name: 'mail', input: expect.stringMatching(/^\{"to":"\[/) as string }],
        },
        { role: 'assistant', content: 'second' },
      ],
    })
  })

  test('redacted: what stands across the border of what is kept is out as a whole', async () => {
    const { store, parapet } = await start({ mode: 'sync', capture: 'redacted' })
    // Ends so that the kept part would end in the middle of the address.
    const prompt = `${'word '.repeat(52_428)}ab ${MAIL}`
    const { decisionId } = await parapet.check(prompt)
    const kept = (await store.get(decisionId))?.content?.prompt ?? ''
    expect(kept.length).toBeGreaterThan(262_000)
    expect(kept).not.toContain('maria')
    expect(kept).toMatch(/\[cut here: \d+ more characters\]$/)
  })

  test('full: as they were, and they can be judged again', async () => {
    const { store, parapet } = await start({ mode: 'sync', capture: 'full' })
    const first = await parapet.check({ prompt: 'a bomb', response: 'no', system: 'Be brief.' })
    const stored = await store.get(first.decisionId)
    expect(stored?.content).toEqual({ prompt: 'a bomb', response: 'no', system: 'Be brief.' })
    const again = await parapet.check(stored?.content ?? {})
    expect(again.decision).toBe(first.decision)
  })

  test('the open record of a stream holds what was asked', async () => {
    const { store, parapet } = await start({ mode: 'sync', capture: 'full' })
    const stream = parapet.converse(asks('hello'), model(says('hi '), STOP))
    for await (const _ of stream) {
      expect(await store.get(stream.decisionId ?? '')).toMatchObject({
        state: 'open',
        content: { messages: [{ role: 'user', content: 'hello' }] },
      })
    }
    expect((await store.get(stream.decisionId ?? ''))?.content?.answers).toEqual([
      { role: 'assistant', content: 'hi ' },
    ])
  })

  test('a scope decides for its callers', async () => {
    const { store, parapet } = await start(
      { mode: 'async', capture: 'full' },
      {},
      { scopes: { applications: { bank: { record: { mode: 'sync', capture: 'none' } } } } },
    )
    const bank = await parapet.check({ prompt: 'hello', caller: { application: 'bank' } })
    expect(await store.get(bank.decisionId)).toMatchObject({ content: null })
    const other = await parapet.check({ prompt: 'hello' })
    expect(await parapet.decisions?.get(other.decisionId)).toMatchObject({ content: { prompt: 'hello' } })
  })
})

test('what has expired is deleted soon after the start', async () => {
  const store = createMemoryStore([aRecord('dec_old', { expires: 1 }), aRecord('dec_new', { expires: 1e15 })])
  await start({}, { store })
  await expect.poll(() => store.size, { timeout: 20_000 }).toBe(1)
  expect(await store.get('dec_new')).not.toBeNull()
})

describe('on disk', () => {
  test('a folder belongs to one Parapet, and everything is there for the next one', async () => {
    const options = { dataDir: folder, store: 'embedded' } as const
    const { parapet } = await start({ mode: 'sync' }, options)
    const { decisionId } = await parapet.check('hello')
    await expect(createParapet({ parapet: 1, rails: {} }, options)).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining(folder) as string,
    })
    expect(await (await parapet.jobs())?.send('anything', {})).not.toBeNull()
    expect(parapet.decisions?.name).toContain(folder)
    await parapet.close()
    await parapet.close()
    const next = await start({ mode: 'sync' }, options)
    expect(await next.parapet.decisions?.get(decisionId)).toMatchObject({ id: decisionId })
  })

  test('records that waited on disk are taken up by the next start', async () => {
    const first = await start({ mode: 'sync' }, { dataDir: folder })
    first.store.available = false
    const { decisionId } = await first.parapet.check('hello')
    expect(first.parapet.recorder?.counts.spilled).toBe(1)
    await first.parapet.close()
    const next = await start({ mode: 'sync' }, { dataDir: folder })
    await expect.poll(() => next.store.size, { timeout: 5000 }).toBe(1)
    expect((await next.store.get(decisionId))?.id).toBe(decisionId)
  })

  test.each([
    ['an embedded store without a folder', { store: 'embedded' }],
    ['a URL that is none', { store: { url: 'mysql://x' } }],
  ])('%s is told at once', async (_, options) => {
    await expect(createParapet({ parapet: 1, rails: {} }, options as ParapetOptions)).rejects.toMatchObject({
      code: 'configuration',
    })
  })

  test('a server that is down does not keep a Parapet from starting', async () => {
    const { parapet } = await start({ mode: 'async' }, { dataDir: folder, store: { url: 'postgres://127.0.0.1:1/db' } })
    const { decision } = await parapet.check('hello')
    expect(decision).toBe('pass')
    await expect.poll(() => parapet.recorder?.counts.spilled, { timeout: 10_000 }).toBe(1)
  })

  test('a policy that is wrong leaves the folder free', async () => {
    const wrong = { parapet: 1, rails: { input: ['ghost'] } } as const
    await expect(createParapet(wrong, { dataDir: folder, store: createMemoryStore() })).rejects.toMatchObject({
      code: 'policy_invalid',
    })
    await start({}, { dataDir: folder })
  })
})
