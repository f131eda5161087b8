/** The store gone, slow and back, seen from a client of the gateway: status, body, what was recorded, and that the next is served. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Parapet, Policy } from '../../src/compose/index.ts'
import { createParapet } from '../../src/compose/index.ts'
import type { DecisionStore, Guard } from '../../src/spec/index.ts'
import { createMemoryStore } from '../../src/testing/index.ts'
import { guard, post, WORDS } from './support.ts'

let folder = ''
const open: Parapet[] = []

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'parapet-faults-')))
})
afterEach(async () => {
  for (const parapet of open.splice(0)) await parapet.close()
  rmSync(folder, { recursive: true, force: true })
})

/** A store that can be broken. */
function breakable(): { store: DecisionStore; inner: DecisionStore; mode: 'well' | 'gone' | 'hangs' } {
  const inner = createMemoryStore()
  const state = {
    inner,
    mode: 'well' as 'well' | 'gone' | 'hangs',
    store: inner as DecisionStore,
  }
  const broken = async <T>(work: () => Promise<T>): Promise<T> => {
    if (state.mode === 'gone') throw new Error('the connection broke off')
    if (state.mode === 'hangs') return new Promise<T>(() => undefined)
    return work()
  }
  state.store = {
    specVersion: 'v1',
    name: 'a store that can be broken',
    write: (records) => broken(() => inner.write(records)),
    ping: () => broken(() => inner.ping()),
    get: (id) => inner.get(id),
    list: (query, paging) => inner.list(query, paging),
    review: (id, review) => inner.review(id, review),
    addFeedback: (id, feedback) => inner.addFeedback(id, feedback),
    deleteUser: (user) => inner.deleteUser(user),
    deleteExpired: (now) => inner.deleteExpired(now),
    close: () => inner.close(),
  }
  return state
}

async function start(
  store: DecisionStore,
  record: Policy['record'],
  options: { spill?: boolean; guards?: Guard[] } = {},
) {
  const guards = [...WORDS, ...(options.guards ?? [])]
  const parapet = await createParapet(
    {
      parapet: 1,
      ...(record === undefined ? {} : { record }),
      rails: { input: guards.map(({ id }) => id), output: ['MASKME'] },
    },
    { guards, store, ...(options.spill === true ? { dataDir: folder } : {}) },
  )
  open.push(parapet)
  return parapet
}

async function ask(
  parapet: Parapet,
  content: string,
  stream = false,
): Promise<{ status: number; text: string; id: string }> {
  const response = await parapet.fetch(
    post('/v1/chat/completions', { model: 'm', stream, messages: [{ role: 'user', content }] }),
  )
  return {
    status: response.status,
    text: await response.text(),
    id: response.headers.get('x-parapet-decision-id') ?? '',
  }
}

describe('record: sync', () => {
  test('a store that is gone and no spill file: refused with 503, nothing shown; when it is back all is served and recorded', async () => {
    const state = breakable()
    const parapet = await start(state.store, { mode: 'sync' })
    const before = await ask(parapet, 'hello')
    expect(before.status).toBe(200)
    expect(await state.inner.get(before.id)).not.toBeNull()

    state.mode = 'gone'
    for (const stream of [false, true]) {
      const refused = await ask(parapet, 'hello', stream)
      expect(refused.status).toBe(503)
      expect(JSON.parse(refused.text)).toMatchObject({
        error: { type: 'record_unavailable', code: 'record_unavailable' },
      })
    }
    expect(parapet.recorder?.counts.refused).toBeGreaterThan(0)

    state.mode = 'well'
    await expect.poll(async () => (await ask(parapet, 'hello')).status, { timeout: 20_000 }).toBe(200)
  })

  test('with a spill file nothing is refused and nothing is lost', async () => {
    const state = breakable()
    const parapet = await start(state.store, { mode: 'sync' }, { spill: true })
    state.mode = 'gone'
    const answers = [await ask(parapet, 'hello'), await ask(parapet, 'BLOCKME'), await ask(parapet, 'hello', true)]
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 200])
    expect(parapet.recorder?.counts.spillBytes).toBeGreaterThan(0)
    state.mode = 'well'
    for (const { id } of answers) await expect.poll(() => state.inner.get(id), { timeout: 20_000 }).not.toBeNull()
    expect(parapet.recorder?.counts.dropped).toBe(0)
  })

  test('whenFull: drop answers, and counts what it drops', async () => {
    const state = breakable()
    state.mode = 'gone'
    const parapet = await start(state.store, { mode: 'sync', whenFull: 'drop' })
    expect((await ask(parapet, 'hello')).status).toBe(200)
    const { recorder } = parapet
    // It waits in memory for the store; only what is still there at the end is given up.
    await parapet.close()
    expect(recorder?.counts).toMatchObject({ committed: 0, dropped: 1 })
  })
})

describe('record: async', () => {
  test.each(['gone', 'hangs'] as const)(
    'a store that is %s delays no answer; what was taken is there when it is back',
    async (mode) => {
      const state = breakable()
      const parapet = await start(state.store, { mode: 'async' }, { spill: true })
      state.mode = mode
      const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => ask(parapet, `hello ${index}`)))
      expect(answers.every(({ status }) => status === 200)).toBe(true)
      state.mode = 'well'
      for (const { id } of answers) await expect.poll(() => state.inner.get(id), { timeout: 30_000 }).not.toBeNull()
    },
    60_000,
  )
})

test('what guards do wrong is recorded as what it was, and the next request is served', async () => {
  const state = breakable()
  const bad: Guard[] = [
    guard('throws', ({ text }) => {
      if (text.original.includes('THROW')) throw new Error('no')
      return { findings: [] }
    }),
    guard('rubbish', ({ text }) => (text.original.includes('RUBBISH') ? ('what' as never) : { findings: [] })),
    guard('greedy', ({ text }) => {
      if (text.original.includes('GREEDY')) return { findings: new Array(-1) as never }
      return { findings: [] }
    }),
    guard('hangs', ({ text }) =>
      text.original.includes('HANG') ? new Promise(() => undefined) : Promise.resolve({ findings: [] }),
    ),
  ]
  const parapet = await start(state.store, { mode: 'sync' }, { guards: bad })
  for (const [word, status, decision] of [
    ['THROW', 503, 'error'],
    ['RUBBISH', 503, 'error'],
    ['GREEDY', 503, 'error'],
    ['HANG', 504, 'timeout'],
  ] as const) {
    const answer = await ask(parapet, word)
    expect([word, answer.status]).toEqual([word, status])
    const kept = await state.inner.get(answer.id)
    expect(kept).toMatchObject({ decision, state: 'final', content: null })
    expect(kept?.guards.some((one) => one.status === (decision === 'timeout' ? 'timeout' : 'error'))).toBe(true)
    expect((await ask(parapet, 'hello')).status).toBe(200)
  }
})
