import { describe, expect, test } from 'vitest'
import type { GuardRequest } from '../spec/index.ts'
import { createFakeClock, createScriptedGuard, createScriptedUpstream } from './index.ts'
import type { ScriptedUpstream } from './index.ts'

function request(signal: AbortSignal = new AbortController().signal): GuardRequest {
  const text = {
    original: '',
    normalised: '',
    changed: false,
    toOriginal: (a: number, b: number): [number, number] => [a, b],
  }
  return { stage: 'input', field: 'prompt', text, caller: {}, signal }
}

function ask(body: object, signal?: AbortSignal): Request {
  return new Request('http://upstream.test/v1/chat/completions', {
    method: 'POST',
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  })
}

async function streamed(upstream: ScriptedUpstream): Promise<string> {
  return (await upstream(ask({ stream: true }))).text()
}

describe('fake clock', () => {
  test('runs timers in order, also those set by timers, and not the cleared ones', async () => {
    const clock = createFakeClock(1000)
    const seen: string[] = []
    clock.setTimeout(() => seen.push(`b${clock.now()}`), 20)
    clock.setTimeout(() => {
      seen.push(`a${clock.now()}`)
      clock.setTimeout(() => seen.push(`c${clock.now()}`), 15)
    }, 10)
    clock.clearTimeout(clock.setTimeout(() => seen.push('never'), 5))
    await clock.advance(24)
    expect([seen, clock.now(), clock.pending]).toEqual([['a1010', 'b1020'], 1024, 1])
    await clock.advance(1)
    expect(seen).toEqual(['a1010', 'b1020', 'c1025'])
  })
})

describe('scripted guard', () => {
  test('follows its script and tells of missing and surplus calls', async () => {
    const finding = { label: 'x', score: 1 }
    const guard = createScriptedGuard({
      script: [{ findings: [finding] }, { throws: new Error('broken') }, { garbage: 7 }],
    })
    expect(await guard.check(request())).toEqual({ findings: [finding] })
    expect(() => guard.check(request())).toThrow('broken')
    expect(() => guard.verify()).toThrow('asked 2 times; its script has 3')
    expect(guard.check(request())).toBe(7)
    guard.verify()
    expect(() => guard.check(request())).toThrow('asked 4 times')
    expect(() => guard.verify()).toThrow('1 times more')
    expect(guard.calls).toHaveLength(4)
  })

  test('delays by the clock and hangs until aborted', async () => {
    const clock = createFakeClock()
    const guard = createScriptedGuard({ clock, script: [{ delay: 50, findings: [] }, { hang: true }] })
    let answered = false
    const answer = Promise.resolve(guard.check(request())).then(() => {
      answered = true
    })
    await clock.advance(49)
    expect(answered).toBe(false)
    await clock.advance(1)
    await answer
    const control = new AbortController()
    const hanging = Promise.resolve(guard.check(request(control.signal)))
    control.abort(new Error('stop'))
    await expect(hanging).rejects.toThrow('stop')
    expect(guard.aborted).toBe(1)
  })
})

describe('scripted upstream', () => {
  test('answers whole, with tools, reasoning and several choices', async () => {
    const call = { id: 'c1', name: 'look', arguments: '{"q":1}' }
    const upstream = createScriptedUpstream({
      script: [{ choices: [{ content: 'hi', reasoning: 'hm' }, { toolCalls: [call] }] }],
    })
    const body = (await (await upstream(ask({ model: 'm', n: 2 }))).json()) as {
      choices: { finish_reason: string; message: object }[]
    }
    expect(body.choices.map(({ finish_reason }) => finish_reason)).toEqual(['stop', 'tool_calls'])
    expect(body.choices[0]?.message).toEqual({ role: 'assistant', content: 'hi', reasoning_content: 'hm' })
    expect(upstream.requests[0]?.body).toEqual({ model: 'm', n: 2 })
    upstream.verify()
    await expect(upstream(ask({}))).rejects.toThrow('more than its script')
  })

  test('streams frames, cut anywhere, to the end', async () => {
    const upstream = createScriptedUpstream({ script: [{ choices: [{ content: 'hello wörld' }], pieceSize: 3 }] })
    const frames = (await streamed(upstream)).split('\n\n').filter((line) => line !== '')
    expect(frames.at(-1)).toBe('data: [DONE]')
    const parsed = frames
      .slice(0, -1)
      .map((line) => JSON.parse(line.slice(6)) as { choices: { delta: { content?: string } }[] })
    expect(parsed.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('hello wörld')
  })

  test('ends in every bad way', async () => {
    const script = [
      { ending: 'half-frame' },
      { ending: 'close', frames: 1 },
      { ending: 'error', frames: 1 },
      { refuse: true },
      { status: 500 },
      { body: 'not json' },
    ] as const
    const upstream = createScriptedUpstream({ script })
    expect(await streamed(upstream)).toMatch(/"obj$/)
    expect(await streamed(upstream)).not.toContain('[DONE]')
    await expect(streamed(upstream)).rejects.toThrow('terminated')
    await expect(streamed(upstream)).rejects.toThrow('fetch failed')
    expect((await upstream(ask({}))).status).toBe(500)
    expect(await streamed(upstream)).toBe('not json')
  })

  test('notices a reader that leaves, and an aborted request', async () => {
    const clock = createFakeClock()
    const upstream = createScriptedUpstream({ clock, script: [{ ending: 'never' }, { delay: 1000 }] })
    const reader = (await upstream(ask({ stream: true }))).body?.getReader()
    await reader?.read()
    await reader?.cancel()
    expect(upstream.requests[0]?.cancelled).toBe(true)
    expect(upstream.requests[0]?.framesSent).toBe(1)
    const control = new AbortController()
    const waiting = upstream(ask({ stream: true }, control.signal))
    const outcome = expect(waiting).rejects.toThrow()
    await clock.advance(10)
    control.abort()
    await outcome
    expect(upstream.requests[1]?.cancelled).toBe(true)
  })
})
