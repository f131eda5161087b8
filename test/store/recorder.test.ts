/** What becomes of decisions on their way to the store: written together, spilled, refused, dropped, redacted; never lost silently. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import fc from 'fast-check'
import type { DecisionContent, Recorder, RecordPolicy } from '../../src/spec/index.ts'
import { ParapetError } from '../../src/spec/index.ts'
import type { RecorderOptions, SpillFile } from '../../src/store/index.ts'
import { createRecordedStore, createRecorder, openSpillFile } from '../../src/store/index.ts'
import type { FakeClock } from '../../src/testing/index.ts'
import { createFakeClock, createMemoryStore } from '../../src/testing/index.ts'
import { DAY, NOW, aDraft, aResult } from './records.ts'

const SYNC = { mode: 'sync' } as const
const SYNC_DROP = { mode: 'sync', whenFull: 'drop' } as const
const DROP = { whenFull: 'drop' } as const
const admission = (policy: RecordPolicy) => ({ mode: policy.mode ?? 'async', whenFull: policy.whenFull ?? 'refuse' })

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-recorder-'))
})
afterEach(async () => {
  for (const { recorder, clock } of running.splice(0)) {
    const closing = recorder.close()
    await clock.advance(10_000)
    await closing
  }
  await rm(folder, { recursive: true, force: true })
})

const running: { readonly recorder: Recorder; readonly clock: FakeClock }[] = []

function parts(options: Partial<RecorderOptions> = {}) {
  const clock = createFakeClock(NOW)
  const store = createMemoryStore()
  const warnings: string[] = []
  const recorder = createRecorder({ store, clock, onWarning: (message) => void warnings.push(message), ...options })
  running.push({ recorder, clock })
  return { clock, store, warnings, recorder }
}

const spill = (maxBytes?: number): Promise<SpillFile> =>
  openSpillFile({ folder, ...(maxBytes === undefined ? {} : { maxBytes }) })

/** Lets everything happen that needs no timer: promises, files. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1))
}

/** Moves time on until it is so. */
async function until(clock: FakeClock, met: () => boolean): Promise<void> {
  for (let round = 0; round < 500 && !met(); round += 1) {
    await clock.advance(50)
    await turns()
  }
  expect(met()).toBe(true)
}

describe('writing together', () => {
  test('async decisions are readable within 50 ms, in one write, and nobody waits', async () => {
    const { clock, store, recorder } = parts()
    for (let index = 0; index < 100; index += 1) {
      recorder.record(aDraft(`dec_${index}`))
      await recorder.settled(`dec_${index}`)
    }
    expect(store.size).toBe(0)
    expect(recorder.counts).toMatchObject({ queued: 100, committed: 0 })
    await clock.advance(50)
    expect(store.size).toBe(100)
    expect(store.writes).toBe(1)
    expect(recorder.counts).toMatchObject({ queued: 0, committed: 100, dropped: 0 })
    await recorder.close()
    expect(clock.pending).toBe(0)
  })

  test('sync decisions are written at once, those that come meanwhile together', async () => {
    const { store, recorder } = parts()
    let open: () => void = () => undefined
    store.gate = new Promise((resolve) => (open = resolve))
    const settled: string[] = []
    const record = (id: string) => {
      recorder.record(aDraft(id, SYNC))
      void recorder.settled(id).then(() => settled.push(id))
    }
    record('dec_1')
    await turns()
    for (const id of ['dec_2', 'dec_3', 'dec_4']) record(id)
    await turns()
    expect(settled).toEqual([])
    expect(store.writes).toBe(1)
    open()
    store.gate = null
    await turns()
    expect(settled).toEqual(['dec_1', 'dec_2', 'dec_3', 'dec_4'])
    expect(store.writes).toBe(2)
  })

  test('a decision that is final before its open record was written is written once', async () => {
    const { clock, store, recorder } = parts()
    recorder.record(aDraft('dec_1', {}, { state: 'open' }))
    recorder.record(aDraft('dec_1', {}, { result: aResult('dec_1', { decision: 'block' }) }))
    await clock.advance(50)
    expect(await store.get('dec_1')).toMatchObject({ state: 'final', decision: 'block' })
    expect(recorder.counts).toMatchObject({ committed: 1, queued: 0 })
  })

  test('open and final both settle whoever waits for them', async () => {
    const { store, recorder } = parts()
    recorder.record(aDraft('dec_1', SYNC, { state: 'open' }))
    await recorder.settled('dec_1')
    expect(await store.get('dec_1')).toMatchObject({ state: 'open' })
    recorder.record(aDraft('dec_1', SYNC))
    await recorder.settled('dec_1')
    expect(await store.get('dec_1')).toMatchObject({ state: 'final' })
    expect(recorder.counts.committed).toBe(1)
  })

  test('flushing waits for what was taken before, not for what keeps coming', async () => {
    const store = createMemoryStore()
    const write = store.write.bind(store)
    let more = 0
    store.write = async (records) => {
      await write(records)
      if (more < 1000) recorder.record(aDraft(`dec_more_${more++}`, SYNC))
    }
    const { recorder } = parts({ store })
    recorder.record(aDraft('dec_1'))
    await recorder.flush()
    expect(await store.get('dec_1')).not.toBeNull()
    expect(more).toBeLessThan(10)
  })

  test('what nobody recorded is settled', async () => {
    const { recorder } = parts()
    await recorder.settled('dec_unknown')
    expect(recorder.waiting('dec_unknown')).toBe(false)
  })

  test('what is kept holds no text, ends when the policy says, and is bounded', async () => {
    const { clock, store, recorder } = parts()
    const result = aResult('dec_1', {
      text: 'secret text',
      messages: [{ role: 'user', content: 'secret text' }],
      modified: { prompt: 'secret text' },
      feedback: 'secret text',
      spans: Array.from({ length: 5000 }, () => ({
        start: 0,
        end: 1,
        label: 'pii',
        field: 'prompt' as const,
        score: 1,
      })),
      exceptions: Array.from({ length: 5000 }, () => 'same'),
    })
    const caller = { user: 'u'.repeat(1_000_000) }
    recorder.record(aDraft('dec_1', { retention: 2 }, { result, caller, model: 'm'.repeat(9999) }))
    await clock.advance(50)
    const stored = await store.get('dec_1')
    expect(JSON.stringify(stored)).not.toContain('secret text')
    expect(JSON.stringify(stored).length).toBeLessThan(100_000)
    expect(stored).toMatchObject({ expires: NOW + 2 * DAY, exceptions: ['same'], content: null })
    expect(stored?.spans).toHaveLength(1000)
    expect(stored?.warnings).toEqual(['Only 1000 of 5000 spans were kept.'])
  })
})

describe('a store that is gone', () => {
  test('records go to the spill file and come back, in order, once', async () => {
    const { clock, store, warnings, recorder } = parts({ spillFile: await spill() })
    store.available = false
    for (let index = 0; index < 1200; index += 1) recorder.record(aDraft(`dec_${index}`))
    await clock.advance(50)
    await expect.poll(() => recorder.counts).toMatchObject({ spilled: 1200, queued: 0, storeReachable: false })
    expect(recorder.counts.spillBytes).toBeGreaterThan(1200 * 100)
    recorder.admit(admission(SYNC))
    store.available = true
    await clock.advance(10_000)
    await expect.poll(() => store.size).toBe(1200)
    await expect.poll(() => recorder.counts.spillBytes).toBe(0)
    expect(recorder.counts).toMatchObject({ committed: 1200, dropped: 0, refused: 0, storeReachable: true })
    expect(warnings).toEqual([expect.stringContaining('spill file'), expect.stringContaining('again')])
  })

  test('sync decisions may be relied on once they are on disk', async () => {
    const { store, recorder } = parts({ spillFile: await spill() })
    store.available = false
    recorder.record(aDraft('dec_1', SYNC))
    await recorder.settled('dec_1')
    expect(recorder.counts).toMatchObject({ spilled: 1, committed: 0 })
    await recorder.close()
    const next = parts({ store, spillFile: await spill() })
    store.available = true
    await next.clock.advance(1000)
    await expect.poll(() => store.size).toBe(1)
  })

  test('is asked again at growing intervals, not all the time', async () => {
    let asked = 0
    const store = createMemoryStore()
    store.available = false
    const ping = store.ping.bind(store)
    const counted = Object.assign(store, { ping: () => ((asked += 1), ping()) })
    const { clock, recorder } = parts({ store: counted })
    recorder.record(aDraft('dec_1'))
    await clock.advance(60_000)
    expect(asked).toBeGreaterThan(8)
    expect(asked).toBeLessThan(25)
  })

  test('that answers but takes nothing is one outage, told once, and asked no more often', async () => {
    const store = createMemoryStore()
    const write = store.write.bind(store)
    let tries = 0
    let full = true
    store.write = (records) => {
      tries += 1
      return full ? Promise.reject(new ParapetError('record_unavailable', 'disk full')) : write(records)
    }
    const { clock, warnings, recorder } = parts({ store, spillFile: await spill() })
    recorder.record(aDraft('dec_1', SYNC))
    await recorder.settled('dec_1')
    for (let second = 0; second < 60; second += 1) {
      await clock.advance(1000)
      await turns()
    }
    expect(tries).toBeGreaterThan(8)
    expect(tries).toBeLessThan(25)
    expect(warnings).toHaveLength(1)
    full = false
    await clock.advance(10_000)
    await expect.poll(() => store.size).toBe(1)
    expect(warnings.at(-1)).toContain('again')
    expect(recorder.counts).toMatchObject({ storeReachable: true, spillBytes: 0, committed: 1 })
  })

  test('that hangs counts as gone', async () => {
    const { clock, store, recorder } = parts({ spillFile: await spill(), times: { write: 1000 } })
    store.gate = new Promise(() => undefined)
    recorder.record(aDraft('dec_1', SYNC))
    const settled = recorder.settled('dec_1')
    await clock.advance(999)
    expect(recorder.counts.storeReachable).toBe(true)
    await clock.advance(1)
    await settled
    expect(recorder.counts).toMatchObject({ spilled: 1, storeReachable: false })
  })

  test('without a spill file: sync requests are refused at once, async ones as soon as memory is full', async () => {
    const { clock, store, recorder } = parts({ limits: { records: 3 } })
    store.available = false
    recorder.record(aDraft('dec_0', SYNC))
    await expect(recorder.settled('dec_0')).rejects.toMatchObject({ code: 'record_unavailable' })
    expect(() => recorder.admit(admission(SYNC))).toThrow(expect.objectContaining({ code: 'record_unavailable' }))
    for (const id of ['dec_1', 'dec_2', 'dec_3']) {
      recorder.admit(admission({}))
      recorder.record(aDraft(id))
    }
    expect(() => recorder.admit(admission({}))).toThrow(expect.objectContaining({ code: 'record_unavailable' }))
    expect(recorder.counts).toMatchObject({ refused: 3, dropped: 0, queued: 3 })
    await expect(recorder.flush()).rejects.toMatchObject({ code: 'record_unavailable' })
    store.available = true
    await clock.advance(10_000)
    expect(store.size).toBe(3)
    recorder.admit(admission(SYNC))
    recorder.record(aDraft('dec_4', SYNC))
    await recorder.settled('dec_4')
  })

  test('without a spill file, under drop: nobody is refused, nobody waits, what has no room is counted', async () => {
    const { clock, store, warnings, recorder } = parts({ limits: { records: 3 } })
    store.available = false
    for (let index = 0; index < 10; index += 1) {
      const policy = index % 2 === 0 ? DROP : SYNC_DROP
      recorder.admit(admission(policy))
      recorder.record(aDraft(`dec_${index}`, policy))
      await recorder.settled(`dec_${index}`)
    }
    expect(recorder.counts).toMatchObject({ refused: 0, dropped: 7, queued: 3 })
    expect(warnings.filter((text) => text.includes('lost'))).toHaveLength(1)
    store.available = true
    await clock.advance(10_000)
    expect(store.size).toBe(3)
  })

  test('a refusal is told to whoever asks later, and a stream that is refused counts once', async () => {
    const { store, recorder } = parts()
    store.available = false
    recorder.record(aDraft('dec_1', SYNC, { state: 'open' }))
    await turns()
    await expect(recorder.settled('dec_1')).rejects.toMatchObject({ code: 'record_unavailable' })
    recorder.record(aDraft('dec_1', SYNC))
    await expect(recorder.settled('dec_1')).rejects.toMatchObject({ code: 'record_unavailable' })
    expect(recorder.counts.refused).toBe(1)
  })

  test('closing loses nothing silently', async () => {
    const { clock, store, warnings, recorder } = parts()
    store.available = false
    recorder.record(aDraft('dec_1'))
    await recorder.close()
    expect(recorder.counts).toMatchObject({ dropped: 1, queued: 0 })
    expect(warnings.at(-1)).toContain('lost')
    expect(clock.pending).toBe(0)
    recorder.record(aDraft('dec_2'))
    expect(recorder.counts.dropped).toBe(2)
    expect(() => recorder.admit(admission({}))).toThrow(ParapetError)
  })
})

describe('a store that is slow', () => {
  test('what memory has no room for is spilled meanwhile and written later', async () => {
    const { clock, store, recorder } = parts({ spillFile: await spill(), limits: { records: 100, batch: 10 } })
    let open: () => void = () => undefined
    store.gate = new Promise((resolve) => (open = resolve))
    for (let index = 0; index < 190; index += 1) recorder.record(aDraft(`dec_${index}`))
    await clock.advance(50)
    await expect.poll(() => recorder.counts.spilled).toBeGreaterThan(50)
    expect(recorder.counts.storeReachable).toBe(true)
    store.gate = null
    open()
    await clock.advance(100)
    await expect.poll(() => store.size).toBe(190)
    expect(recorder.counts).toMatchObject({ dropped: 0, refused: 0 })
  })

  test('with no spill file, refuse keeps what was admitted and admits no more', async () => {
    const { clock, store, recorder } = parts({ limits: { records: 20, batch: 5 } })
    let open: () => void = () => undefined
    store.gate = new Promise((resolve) => (open = resolve))
    let admitted = 0
    for (let index = 0; index < 100; index += 1) {
      try {
        recorder.admit(admission({}))
      } catch {
        continue
      }
      recorder.record(aDraft(`dec_${index}`))
      admitted += 1
    }
    await clock.advance(50)
    expect(recorder.counts).toMatchObject({ dropped: 0, refused: 100 - admitted })
    store.gate = null
    open()
    await clock.advance(1000)
    expect(store.size).toBe(admitted)
  })
})

describe('a spill file that takes nothing', () => {
  const failing = (): SpillFile & { works: boolean } => {
    const file = {
      works: false,
      bytes: 0,
      append: () => (file.works ? Promise.resolve(true) : Promise.reject(new Error('ENOSPC'))),
      replay: () => Promise.resolve(),
      close: () => Promise.resolve(),
    }
    return file
  }

  test('a full disk: sync requests are refused, the others wait in memory, and it is tried again', async () => {
    const spillFile = failing()
    const { clock, store, warnings, recorder } = parts({ spillFile })
    store.available = false
    recorder.record(aDraft('dec_1', SYNC))
    await expect(recorder.settled('dec_1')).rejects.toMatchObject({ code: 'record_unavailable' })
    recorder.record(aDraft('dec_2'))
    await clock.advance(50)
    expect(() => recorder.admit(admission(SYNC))).toThrow(ParapetError)
    expect(recorder.counts).toMatchObject({ spilled: 0, dropped: 0, queued: 1, refused: 2 })
    spillFile.works = true
    await until(clock, () => recorder.counts.spilled === 1)
    expect(recorder.counts).toMatchObject({ spilled: 1, queued: 0 })
    recorder.admit(admission(SYNC))
    expect(warnings.filter((text) => text.includes('disk'))).toHaveLength(1)
  })

  test('the bound is reached: refused until the store has taken what waits', async () => {
    const { clock, store, warnings, recorder } = parts({ spillFile: await spill(2000) })
    store.available = false
    const outcomes: string[] = []
    for (let index = 0; index < 20; index += 1) {
      recorder.record(aDraft(`dec_${index}`, SYNC))
      await recorder.settled(`dec_${index}`).then(
        () => outcomes.push('kept'),
        () => outcomes.push('refused'),
      )
    }
    const kept = outcomes.filter((outcome) => outcome === 'kept').length
    expect(kept).toBeGreaterThan(0)
    expect(kept).toBeLessThan(20)
    expect(warnings.filter((text) => text.includes('full'))).toHaveLength(1)
    store.available = true
    await clock.advance(10_000)
    await expect.poll(() => store.size).toBe(kept)
    expect(recorder.counts).toMatchObject({ committed: kept, refused: 20 - kept, dropped: 0, spillBytes: 0 })
    recorder.record(aDraft('dec_last', SYNC))
    await recorder.settled('dec_last')
  })
})

describe('data the store can never hold', () => {
  test('one such record does not take the others of its batch along', async () => {
    const { clock, store, warnings, recorder } = parts()
    const write = store.write.bind(store)
    store.write = async (records) => {
      if (records.some(({ id }) => id === 'dec_bad')) throw new ParapetError('input_invalid', 'never')
      await write(records)
    }
    for (const id of ['dec_1', 'dec_bad', 'dec_2']) recorder.record(aDraft(id))
    await clock.advance(50)
    expect(store.size).toBe(2)
    expect(recorder.counts).toMatchObject({ committed: 2, dropped: 1, queued: 0, storeReachable: true })
    expect(warnings[0]).toContain('cannot hold')
    recorder.record(aDraft('dec_bad', SYNC))
    await expect(recorder.settled('dec_bad')).rejects.toMatchObject({ code: 'record_unavailable' })
  })
})

describe('captured texts', () => {
  const content =
    (text: string): (() => DecisionContent) =>
    () => ({
      system: text,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text },
            { type: 'media', mediaType: 'image/png', source: text },
          ],
        },
        { role: 'assistant', content: '', toolCalls: [{ id: 'c', name: 'look', input: text }] },
      ],
      answers: [
        { role: 'assistant', content: text, reasoning: text, toolCalls: [{ id: 'd', name: 'look', input: text }] },
      ],
    })
  const redact = (text: string, keep: number): string => text.slice(0, keep).replaceAll('hunter2', '***')

  test('none: not even asked for', async () => {
    const { clock, store, recorder } = parts({ redact })
    const never = (): never => {
      throw new Error('asked')
    }
    recorder.record(aDraft('dec_1', { capture: 'none' }, { content: never }))
    await clock.advance(50)
    expect(await store.get('dec_1')).toMatchObject({ content: null, warnings: [] })
  })

  test('redacted: everywhere, before anything is stored or spilled', async () => {
    const { clock, store, recorder } = parts({ redact, spillFile: await spill() })
    store.available = false
    recorder.record(aDraft('dec_1', { capture: 'redacted' }, { content: content('I am hunter2.') }))
    await until(clock, () => recorder.counts.spilled === 1)
    const { readFile, readdir } = await import('node:fs/promises')
    for (const name of await readdir(folder))
      expect(await readFile(join(folder, name), 'utf8')).not.toContain('hunter2')
    store.available = true
    await clock.advance(10_000)
    await expect.poll(() => store.size).toBe(1)
    const stored = JSON.stringify(await store.get('dec_1'))
    expect(stored).not.toContain('hunter2')
    expect(stored.match(/I am \*\*\*\./g)).toHaveLength(6)
  })

  test('full: as it was, media without their data', async () => {
    const { clock, store, recorder } = parts({ redact })
    recorder.record(aDraft('dec_1', { capture: 'full' }, { content: content('I am hunter2.') }))
    await until(clock, () => recorder.counts.queued === 0)
    expect(JSON.stringify(await store.get('dec_1')).match(/I am hunter2\./g)).toHaveLength(6)
  })

  test.each([
    [
      'throws',
      {
        redact: () => {
          throw new Error('hunter2')
        },
      },
    ],
    ['rejects', { redact: () => Promise.reject(new Error('hunter2')) }],
    ['is not there', {}],
  ])(
    'redaction that %s: the texts are not kept and the record says so',
    async (_, options: Partial<RecorderOptions>) => {
      const { clock, store, recorder } = parts(options)
      recorder.record(aDraft('dec_1', { capture: 'redacted', ...SYNC }, { content: content('I am hunter2.') }))
      await turns()
      await clock.advance(50)
      await recorder.settled('dec_1')
      const stored = await store.get('dec_1')
      expect(stored).toMatchObject({ content: null, warnings: [expect.stringContaining('not kept')] })
      expect(JSON.stringify(stored)).not.toContain('hunter2')
    },
  )

  test('are bounded, the newest first, and say what is missing', async () => {
    const { clock, store, recorder } = parts({ limits: { content: 1000 } })
    const messages = Array.from({ length: 50_000 }, (_, index) => ({
      role: 'user' as const,
      content: `message ${index}`,
    }))
    const whole = { messages, answers: [{ role: 'assistant' as const, content: 'x'.repeat(400) }] }
    recorder.record(aDraft('dec_1', { capture: 'full' }, { content: () => whole }))
    recorder.record(aDraft('dec_2', { capture: 'full' }, { content: () => ({ prompt: `${'y'.repeat(999)}🦜z` }) }))
    await until(clock, () => recorder.counts.queued === 0)
    const first = await store.get('dec_1')
    expect(first?.content?.answers).toEqual(whole.answers)
    expect(first?.content?.messages?.at(-1)).toEqual(messages.at(-1))
    expect(JSON.stringify(first).length).toBeLessThan(5000)
    expect(first?.warnings).toEqual([expect.stringMatching(/no room for \d+ messages/)])
    const second = await store.get('dec_2')
    expect(second?.content?.prompt).toBe(`${'y'.repeat(999)}[cut here: 2 more characters]`)
  })

  test('large ones are written in smaller batches', async () => {
    const store = createMemoryStore()
    const write = store.write.bind(store)
    const sizes: number[] = []
    store.write = async (records) => {
      sizes.push(JSON.stringify(records).length)
      await write(records)
    }
    const { clock, recorder } = parts({ store })
    for (let index = 0; index < 60; index += 1)
      recorder.record(aDraft(`dec_${index}`, { capture: 'full' }, { content: () => ({ prompt: 'x'.repeat(200_000) }) }))
    await until(clock, () => store.size === 60)
    expect(sizes.length).toBeGreaterThan(2)
    expect(Math.max(...sizes)).toBeLessThan(5_000_000)
  })

  test('too many at once: records are kept, the texts of some are not', async () => {
    const { clock, store, recorder } = parts({ redact })
    for (let index = 0; index < 2000; index += 1)
      recorder.record(aDraft(`dec_${index}`, { capture: 'redacted' }, { content: () => ({ prompt: 'hello' }) }))
    await until(clock, () => store.size === 2000)
    expect(await store.get('dec_0')).toMatchObject({ content: { prompt: 'hello' } })
    expect(await store.get('dec_1999')).toMatchObject({
      content: null,
      warnings: [expect.stringContaining('not kept')],
    })
  })
})

describe('reading while it is written', () => {
  test('a decision is there as soon as it was made', async () => {
    const { store, recorder } = parts()
    const view = createRecordedStore(store, recorder)
    recorder.record(aDraft('dec_1', {}, { result: aResult('dec_1', { decision: 'hold' }) }))
    expect(await view.get('dec_1')).toMatchObject({ id: 'dec_1' })
    recorder.record(aDraft('dec_2'))
    expect(await view.addFeedback('dec_2', { id: 'f', at: NOW, verdict: 'correct' })).toMatchObject({ id: 'dec_2' })
    expect(await view.review('dec_1', { state: 'approved', at: NOW })).toMatchObject({ settled: true })
  })

  test('a deleted user does not come back from the spill file', async () => {
    const { clock, store, recorder } = parts({ spillFile: await spill() })
    const view = createRecordedStore(store, recorder)
    store.available = false
    recorder.record(aDraft('dec_1', SYNC, { caller: { user: 'u1' } }))
    await recorder.settled('dec_1')
    store.available = true
    await expect(view.deleteUser('u1')).rejects.toMatchObject({ code: 'record_unavailable' })
    await clock.advance(10_000)
    await expect.poll(() => store.size).toBe(1)
    await expect.poll(() => recorder.counts.spillBytes).toBe(0)
    recorder.record(aDraft('dec_2', {}, { caller: { user: 'u1' } }))
    expect(await view.deleteUser('u1')).toBe(2)
    await clock.advance(1000)
    expect(store.size).toBe(0)
  })
})

describe('whatever happens in whatever order', () => {
  type Step =
    | { readonly type: 'record'; readonly id: number; readonly open: boolean; readonly sync: boolean }
    | { readonly type: 'store' | 'disk'; readonly works: boolean }
    | { readonly type: 'wait'; readonly ms: number }
    | { readonly type: 'restart' }
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ type: fc.constant('record'), id: fc.nat(15), open: fc.boolean(), sync: fc.boolean() }),
    },
    { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('store', 'disk'), works: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('wait'), ms: fc.constantFrom(1, 30, 200, 3000) }) },
    { weight: 1, arbitrary: fc.constant({ type: 'restart' }) },
  )

  test('property: nothing that was acknowledged is lost, nothing final becomes open, no counter runs backwards', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
        const place = await mkdtemp(join(folder, 'run-'))
        const store = createMemoryStore()
        const clock = createFakeClock(NOW)
        let disk = true
        const begin = async () => {
          const file = await openSpillFile({ folder: place, maxBytes: 4000 })
          const spillFile: SpillFile = {
            get bytes() {
              return file.bytes
            },
            append: (records, durable) => (disk ? file.append(records, durable) : Promise.reject(new Error('full'))),
            replay: (take, onDamage) => file.replay(take, onDamage),
            close: () => file.close(),
          }
          return createRecorder({ store, clock, spillFile, limits: { records: 8, batch: 3 }, times: { write: 1000 } })
        }
        let recorder = await begin()
        const acknowledged = new Set<string>()
        const finals = new Set<string>()
        for (const item of steps) {
          if (item.type === 'record') {
            const id = `dec_${item.id}`
            // A recorder that was asked never opens a decision that is final.
            const open = item.open && !finals.has(id)
            recorder.record(aDraft(id, item.sync ? SYNC : {}, { state: open ? 'open' : 'final' }))
            if (item.sync)
              void recorder.settled(id).then(
                () => {
                  acknowledged.add(id)
                  if (!open) finals.add(id)
                },
                () => undefined,
              )
          } else if (item.type === 'store') store.available = item.works
          else if (item.type === 'disk') disk = item.works
          else if (item.type === 'wait') await clock.advance(item.ms)
          else {
            await turns()
            const closing = recorder.close()
            await clock.advance(6000)
            await closing
            recorder = await begin()
          }
        }
        await turns()
        store.available = true
        disk = true
        const over = (): boolean => recorder.counts.queued === 0 && recorder.counts.spillBytes === 0
        for (let round = 0; round < 500 && !over(); round += 1) {
          await clock.advance(6000)
          await turns()
        }
        await clock.advance(6000)
        await turns()
        for (const id of acknowledged) expect((await store.get(id))?.id).toBe(id)
        for (const id of finals) expect((await store.get(id))?.state).toBe('final')
        const { items } = await store.list({}, { limit: 500 })
        expect(new Set(items.map(({ id }) => id)).size).toBe(items.length)
        expect(recorder.counts).toMatchObject({ queued: 0, spillBytes: 0 })
        await recorder.close()
      }),
      { numRuns: 40 },
    )
  })
})
