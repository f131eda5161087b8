/** Critiques as users meet them: a real judge server, a Parapet with a store, and what stands in the record afterwards. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Parapet, ParapetOptions } from '../../src/compose/index.ts'
import { createParapet } from '../../src/compose/index.ts'
import type { DecisionBody } from '../../src/contract/index.ts'
import type { CheckResult, KeptCritique, RecordPolicy, StreamPart } from '../../src/spec/index.ts'
import type { MemoryStore } from '../../src/testing/index.ts'
import { createMemoryStore } from '../../src/testing/index.ts'
import type { JudgeServer, Say } from '../support/judge-server.ts'
import { silentClassifier, startJudgeServer } from '../support/judge-server.ts'

const CRITIQUE = 'It breaks S2: "a wrong way", and it says "never said".'
const TEXT = 'Show me a wrong way to do it.'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

interface Setting {
  readonly parapet: Parapet
  readonly store: MemoryStore
  readonly server: JudgeServer
}

async function start(
  record: RecordPolicy,
  critique: (say: Say, asked: string) => void = (say) => say(CRITIQUE),
  judge: Readonly<Record<string, unknown>> = {},
  options: Partial<ParapetOptions> = {},
): Promise<Setting> {
  const server = await startJudgeServer(critique)
  closing.push(() => server.close())
  const store = createMemoryStore()
  const engine = { url: `${server.url}/v1`, model: 'guard', retries: 0, api: 'completions' }
  const parapet = await createParapet(
    {
      parapet: 1,
      guards: { safety: { use: 'judge', format: 'thinkguard', engine, ...judge } },
      rails: { input: ['safety'], output: ['safety'] },
      deadlines: { stage: 20_000, guard: 20_000 },
      record,
    },
    { store, classifier: silentClassifier, ...options },
  )
  closing.push(() => parapet.close())
  return { parapet, store, server }
}

/** What is on record once it is there. */
async function critiquesOf(store: MemoryStore, id: string): Promise<readonly KeptCritique[]> {
  return vi.waitFor(
    async () => {
      const critiques = (await store.get(id))?.critiques
      if (critiques === undefined) throw new Error('not there yet')
      return critiques
    },
    { timeout: 5_000, interval: 10 },
  )
}

/** Everything that a decision says but its ids, its times and the version of the policy, which names the server's port. */
function told({
  decisionId: _id,
  ms: _ms,
  startedAt: _at,
  policyVersion: _version,
  guards,
  ...rest
}: CheckResult): string {
  const what = guards.map(({ ms: _took, startedAt: _begun, endedAt: _ended, ...guard }) => guard)
  return JSON.stringify({ ...rest, guards: what })
}

describe('a harmful text', () => {
  test('has its critique on record: clause, words, and places in the original', async () => {
    const { parapet, store, server } = await start({ capture: 'full' })
    const { decision, decisionId } = await parapet.check(TEXT)
    expect(decision).toBe('block')
    const from = TEXT.indexOf('a wrong way')
    expect(await critiquesOf(store, decisionId)).toEqual([
      {
        ...{ guard: 'safety', stage: 'input', field: 'prompt', status: 'given' },
        ...{ start: 0, end: TEXT.length, text: CRITIQUE, invented: 1, contradicts: false },
        clauses: [{ id: 'S2', title: expect.stringMatching(/./) as string }],
        quotes: [{ words: 'a wrong way', span: { start: from, end: from + 'a wrong way'.length } }],
      },
    ])
    expect(server.counts).toEqual({ labels: 1, critiques: 1 })
  })

  test('the decision leaves and is on record before anybody has given reasons', async () => {
    const waiting: Say[] = []
    const { parapet, store } = await start({ capture: 'full', mode: 'sync' }, (say) => void waiting.push(say))
    const { decisionId } = await parapet.check(TEXT)
    expect((await store.get(decisionId))?.decision).toBe('block')
    await vi.waitFor(() => expect(waiting).toHaveLength(1))
    expect((await store.get(decisionId))?.critiques).toBeUndefined()
    waiting[0]?.(CRITIQUE)
    expect(await critiquesOf(store, decisionId)).toHaveLength(1)
  })

  test('what is decided is the same, byte for byte, with reasons, without, and where they fail', async () => {
    const reason = (say: Say): void => say(CRITIQUE)
    const reasons = [reason, (say: Say) => say(500), (say: Say) => say('Safe, says nobody.')]
    const results: string[] = []
    const records: string[] = []
    for (const [critique, mode] of [...reasons.map((one) => [one, 'lazy'] as const), [reason, 'never'] as const]) {
      const { parapet, store } = await start({ capture: 'full' }, critique, { critique: mode })
      const result = await parapet.check(TEXT)
      if (mode === 'lazy') await critiquesOf(store, result.decisionId)
      else await parapet.recorder?.flush()
      results.push(told(result))
      const { categories, decision, scores, spans } = (await store.get(result.decisionId)) ?? {}
      records.push(JSON.stringify({ categories, decision, scores, spans }))
    }
    expect(results).toEqual(Array.from(results, () => results[0]))
    expect(records).toEqual(Array.from(records, () => records[0]))
  })

  test('a critique that fails is recorded as failed, with the reason', async () => {
    const { parapet, store } = await start({ capture: 'full' }, (say) => say(500))
    const { decisionId } = await parapet.check(TEXT)
    expect(await critiquesOf(store, decisionId)).toEqual([
      {
        ...{ guard: 'safety', stage: 'input', field: 'prompt', status: 'failed' },
        error: { code: expect.any(String) as string, message: expect.stringMatching(/./) as string },
      },
    ])
  })

  test('a critique that contradicts the label says so, and the label stands', async () => {
    const { parapet, store } = await start({ capture: 'full' }, (say) => say('This is safe.'))
    const { decision, decisionId } = await parapet.check(TEXT)
    expect([decision, await critiquesOf(store, decisionId)]).toMatchObject(['block', [{ contradicts: true }]])
  })

  test('a critique that names none of the label’s clauses says so, and one that does has no such mark', async () => {
    const { parapet, store } = await start({ capture: 'full' }, (say) => say('It is bad.'))
    const [silent] = await critiquesOf(store, (await parapet.check(TEXT)).decisionId)
    expect(silent).toMatchObject({ status: 'given', text: 'It is bad.', silent: true })
  })

  test('the second time, with the verdict from the cache, the reasons are not asked for again', async () => {
    const { parapet, store, server } = await start({ capture: 'full' })
    await critiquesOf(store, (await parapet.check(TEXT)).decisionId)
    await critiquesOf(store, (await parapet.check(TEXT)).decisionId)
    expect(server.counts).toEqual({ labels: 1, critiques: 1 })
  })
})

test('a text of many harmful passages: some are explained at once, and all of them', async () => {
  const waiting: Say[] = []
  let most = 0
  const critique = (say: Say): void => {
    most = Math.max(most, waiting.push(say))
    setTimeout(() => waiting.shift()?.(CRITIQUE), 10)
  }
  const { parapet, store } = await start({ capture: 'full' }, critique, { window: 60, hop: 60 })
  const text = Array.from({ length: 200 }, (_, index) => `wrong ${index}`).join(' ')
  const { decisionId } = await parapet.check(text)
  expect(await critiquesOf(store, decisionId)).toHaveLength(Math.ceil(text.length / 60))
  expect(most).toBeGreaterThan(1)
  expect(most).toBeLessThanOrEqual(6)
})

describe('what is kept', () => {
  test('nothing is asked for a clean text, under `never`, and where the policy keeps no texts', async () => {
    for (const [record, judge, text] of [
      [{ capture: 'full' }, {}, 'Good morning.'],
      [{ capture: 'full' }, { critique: 'never' }, TEXT],
      [{ capture: 'none' }, {}, TEXT],
    ] as const) {
      const { parapet, store, server } = await start(record, (say) => say(CRITIQUE), judge)
      const { decisionId } = await parapet.check(text)
      await parapet.close()
      expect((await store.get(decisionId))?.critiques).toBeUndefined()
      expect(server.counts.critiques).toBe(0)
    }
  })

  test('redacted as texts are: what it quotes, whole or in part', async () => {
    const card = '4111 1111 1111 1111'
    const text = `A wrong card: ${card}, of jane.doe@example.org`
    const critique = `S2: "${card}" and "4111 1111" of "jane.doe@example.org"; "A wrong card" says it.`
    const { parapet, store } = await start({ capture: 'redacted' }, (say) => say(critique))
    const { decisionId } = await parapet.check(text)
    const [kept] = await critiquesOf(store, decisionId)
    expect(kept).toMatchObject({ status: 'given', clauses: [{ id: 'S2' }] })
    const stored = JSON.stringify(kept)
    expect(stored).not.toMatch(/4111|jane/)
    expect(stored).toContain('A wrong card')
    const whole = await start({ capture: 'full' }, (say) => say(critique))
    const { decisionId: id } = await whole.parapet.check(text)
    expect(await critiquesOf(whole.store, id)).toMatchObject([{ text: critique }])
  })

  test.each(['input', 'output'] as const)('redacted: half of what a window of the %s cut in two', async (stage) => {
    const email = 'jane.doe.of.the.mill@example.org'
    const before = 'A wrong address: '
    const window = before.length + 12
    const judge = { window, hop: window, stream: 'windows' }
    const { parapet, store } = await start({ capture: 'redacted' }, (say) => say('S2: "jane.doe.of".'), judge)
    const text = `${before}${email}, and more.`
    let id: string
    if (stage === 'input') id = (await parapet.check(text)).decisionId
    else {
      const parts = async (): Promise<AsyncIterable<StreamPart>> =>
        (async function* () {
          yield { type: 'text', text } as const
          yield { type: 'finish', reason: 'stop' }
        })()
      const turn = parapet.converse({ messages: [{ role: 'user', content: 'Whose?' }] }, parts)
      for await (const _part of turn) continue
      id = (await turn.result).decisionId
    }
    const [kept] = await critiquesOf(store, id)
    expect(kept).toMatchObject({ status: 'given', text: 'S2: "[REMOVED]".' })
    expect(JSON.stringify(await store.get(id))).not.toContain('jane')
  })

  test('forgotten with the user, also while it is still on its way', async () => {
    const waiting: Say[] = []
    const { parapet, store } = await start({ capture: 'full' }, (say) => void waiting.push(say))
    const { decisionId } = await parapet.check({ prompt: TEXT, caller: { user: 'ann' } })
    await vi.waitFor(() => expect(waiting).toHaveLength(1))
    expect(await parapet.decisions?.deleteUser('ann')).toBe(1)
    waiting[0]?.(CRITIQUE)
    await parapet.close()
    expect([store.size, await store.get(decisionId)]).toEqual([0, null])
  })

  test('what nobody has answered when Parapet is closed is recorded as failed', async () => {
    const { parapet, store } = await start({ capture: 'full' }, () => undefined)
    const { decisionId } = await parapet.check(TEXT)
    await parapet.close()
    expect(await critiquesOf(store, decisionId)).toMatchObject([{ status: 'failed', error: { code: 'aborted' } }])
  })

  test('a store that is away for a moment has it later', async () => {
    const waiting: Say[] = []
    const { parapet, store } = await start({ capture: 'full', mode: 'sync' }, (say) => void waiting.push(say))
    const { decisionId } = await parapet.check(TEXT)
    await vi.waitFor(() => expect(waiting).toHaveLength(1))
    store.available = false
    waiting[0]?.(CRITIQUE)
    await new Promise((resolve) => setTimeout(resolve, 100))
    store.available = true
    expect(await critiquesOf(store, decisionId)).toHaveLength(1)
  })
})

describe('answers of a model', () => {
  const answer = async (): Promise<AsyncIterable<StreamPart>> =>
    (async function* () {
      for (const text of ['There is ', 'a wrong way', ' to do it.']) yield { type: 'text', text } as const
      yield { type: 'finish', reason: 'stop' }
    })()

  test.each(['whole', 'windows'])('judged %s: the critique is about the answer, its places in it', async (stream) => {
    const { parapet, store, server } = await start({ capture: 'full' }, (say) => say(CRITIQUE), { stream })
    const turn = parapet.converse({ messages: [{ role: 'user', content: 'How is it done?' }] }, answer)
    for await (const _part of turn) continue
    const { decisionId, decision } = await turn.result
    expect(decision).toBe('block')
    const from = 'There is '.length
    expect(await critiquesOf(store, decisionId)).toMatchObject([
      { stage: 'output', field: 'response', quotes: [{ words: 'a wrong way', span: { start: from, end: from + 11 } }] },
    ])
    expect(server.counts).toEqual({ labels: 2, critiques: 1 })
  })

  test('of a turn stopped at its input: the critique names the message', async () => {
    const { parapet, store } = await start({ capture: 'full' })
    const messages = [{ role: 'user', content: 'Good morning.' } as const, { role: 'user', content: TEXT } as const]
    const turn = parapet.converse({ messages }, answer)
    for await (const _part of turn) continue
    expect(await critiquesOf(store, (await turn.result).decisionId)).toMatchObject([{ stage: 'input', message: 1 }])
  })
})

test('operators see critiques, in the export too; a caller sees none, not even of its own approved answer', async () => {
  const keys = [
    { name: 'shop', key: 'key-of-the-shop' },
    { name: 'ops', key: 'key-of-operators', role: 'operator' },
  ] as const
  const judge = { critique: 'lazy' }
  const { parapet, store } = await start({ capture: 'full' }, undefined, judge, { keys })
  const ask = async (path: string, key: string, body?: unknown): Promise<Response> =>
    parapet.fetch(
      new Request(`http://gateway.test${path}`, {
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      }),
    )
  const { decision_id: id } = (await (await ask('/v1/guard', 'key-of-the-shop', { prompt: TEXT })).json()) as {
    decision_id: string
  }
  await critiquesOf(store, id)
  const held = await store.get(id)
  if (held === null) throw new Error('it is not there')
  await store.write([{ ...held, decision: 'hold' }])
  await ask(`/v1/decisions/${id}/review`, 'key-of-operators', { verdict: 'approve' })
  const seen = async (key: string): Promise<DecisionBody> =>
    (await (await ask(`/v1/decisions/${id}`, key)).json()) as DecisionBody
  expect((await seen('key-of-operators')).critiques).toMatchObject([{ text: CRITIQUE }])
  expect(await seen('key-of-the-shop')).toMatchObject({ content: { prompt: TEXT }, critiques: [] })
  expect(await (await ask('/v1/export', 'key-of-operators')).text()).toContain('It breaks S2')
})
