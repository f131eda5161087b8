/** Routed answers and prompts with a plan made by hand: what passes, what is read, in which order, and that nothing is left open. */
import { describe, expect, test } from 'vitest'
import type { Message, RoutePath, RoutePlan, Router, StreamPart } from '../../spec/index.ts'
import { readRouted, routeCalls, routedPrompt } from './index.ts'

/** Reads an answer by hiding its digits, and ends it with `!`. */
function planOf(path: RoutePath, messages: readonly Message[] = [], words: string | null = null): RoutePlan {
  return {
    ...{ router: 'r', route: path, path, understood: true, ms: 1, messages, words, extraTokens: 0 },
    reader: () => ({ push: (text) => text.replaceAll(/\d/g, ''), end: () => '!' }),
    trace: () => ({
      ...{ router: 'r', route: path, path, understood: true, ms: 1, check: '', tip: '' },
      ...{ reevaluation: null, outcome: 'open', calls: [] },
    }),
  }
}

async function read(path: RoutePath, parts: readonly StreamPart[]): Promise<readonly StreamPart[]> {
  const got: StreamPart[] = []
  for await (const part of readRouted(planOf(path), from(parts))) got.push(part)
  return got
}

async function* from(parts: readonly StreamPart[]): AsyncGenerator<StreamPart, void, undefined> {
  yield* parts
}

const ANSWER: readonly StreamPart[] = [
  { type: 'other', raw: 1 },
  { type: 'reasoning', text: 'rules' },
  { type: 'text', text: 'a1', raw: 2 },
  { type: 'text', choice: 1, text: '2' },
  { type: 'tool-input', call: 'c', text: '{}' },
  { type: 'text', choice: 1, text: 'b' },
  { type: 'finish', reason: 'stop', raw: 3 },
  { type: 'finish', choice: 1, reason: 'length' },
]

describe('an answer', () => {
  test('plain or refusing, passes as it came', async () => {
    expect(await read('plain', ANSWER)).toEqual(ANSWER)
    expect(await read('refused', ANSWER)).toEqual(ANSWER)
  })

  test('guided, is the read text of each choice and its end, and nothing of the vendor’s', async () => {
    expect(await read('guided', ANSWER)).toEqual([
      { type: 'text', choice: 0, text: 'a' },
      { type: 'text', choice: 1, text: 'b' },
      { type: 'text', choice: 0, text: '!' },
      { type: 'finish', choice: 0, reason: 'stop' },
      { type: 'text', choice: 1, text: '!' },
      { type: 'finish', choice: 1, reason: 'length' },
    ])
  })

  test('guided, that breaks off or says nothing, is still read to its end', async () => {
    expect(await read('guided', [{ type: 'text', text: 'a' }])).toMatchObject([{ text: 'a' }, { text: '!' }])
    expect(await read('guided', [{ type: 'finish', reason: 'stop' }])).toMatchObject([
      { text: '!' },
      { type: 'finish' },
    ])
  })

  test.each(['plain', 'guided'] as const)('that is left, %s, closes its source', async (path) => {
    let closed = false
    async function* source(): AsyncGenerator<StreamPart, void, undefined> {
      try {
        for (;;) yield { type: 'text', text: 'a' }
      } finally {
        closed = true
      }
    }
    for await (const part of readRouted(planOf(path), source())) if (part.type === 'text') break
    expect(closed).toBe(true)
  })
})

test.each(['plain', 'guided'] as const)(
  'a web stream that says nothing is closed when its reader leaves, %s',
  async (path) => {
    let closed = false
    const stalled = new ReadableStream<StreamPart>({
      start: (to) => to.enqueue({ type: 'text', text: 'a' }),
      cancel: () => void (closed = true),
    })
    const routed = readRouted(planOf(path), stalled)
    await routed.next()
    const waiting = routed.next()
    await routed.return?.()
    await waiting
    expect(closed).toBe(true)
  },
)

test('each choice has one end: what a server sends after it is not read, and without text it ends too', async () => {
  const finish = { type: 'finish', reason: 'stop' } as const
  const twice = await read('guided', [{ type: 'text', text: 'a' }, finish, { type: 'text', text: 'b' }, finish])
  expect(twice).toMatchObject([{ text: 'a' }, { text: '!' }, { type: 'finish' }])
  let ends = 0
  const plan = { ...planOf('plain'), reader: () => ({ push: (text: string) => text, end: () => `${(ends += 1)}` }) }
  const call: readonly StreamPart[] = [{ type: 'tool-input', call: 'c', text: '{}' }, finish, finish]
  const got: StreamPart[] = []
  for await (const part of readRouted(plan, from(call))) got.push(part)
  expect([got, ends]).toEqual([call, 1])
})

describe('a call', () => {
  const signal = new AbortController().signal
  const calls = async (
    plan: RoutePlan,
  ): Promise<{ asked: (readonly Message[])[]; told: RoutePlan[]; text: string }> => {
    const [asked, told]: [(readonly Message[])[], RoutePlan[]] = [[], []]
    const router = { specVersion: 'v1', kind: 'router', id: 'r', route: async () => plan } as const
    const routed = routeCalls(router, async (messages) => {
      asked.push(messages)
      return from([{ type: 'text', text: 'a1' }])
    })
    const onRoute = (given: RoutePlan): void => void told.push(given)
    const source = await routed([{ role: 'user', content: 'x' }], { signal, attempt: 0, onRoute })
    let text = ''
    for await (const part of source as AsyncIterable<StreamPart>) if (part.type === 'text') text += part.text
    return { asked, told, text }
  }

  test('asks the plan’s messages and tells of the route', async () => {
    const plan = planOf('guided', [{ role: 'user', content: 'y' }])
    expect(await calls(plan)).toEqual({ asked: [plan.messages], told: [plan], text: 'a!' })
  })

  test('of the router is closed when the router has read enough', async () => {
    let closed = false
    const router: Router = {
      ...{ specVersion: 'v1', kind: 'router', id: 'r' },
      async route({ engine }) {
        const parts = engine?.generate([], { maxTokens: 1, temperature: 0, seed: 0 }) ?? []
        for await (const part of parts) if (part.type === 'text') break
        return planOf('refused', [], 'No.')
      },
    }
    async function* source(): AsyncGenerator<StreamPart, void, undefined> {
      try {
        for (;;) yield { type: 'text', text: 'a' }
      } finally {
        closed = true
      }
    }
    await routeCalls(router, async () => source())([], { signal, attempt: 0 })
    expect(closed).toBe(true)
  })

  test('asks nobody where the plan has words', async () => {
    expect(await calls(planOf('refused', [], 'No.'))).toMatchObject({ asked: [], text: 'No.' })
  })
})

describe('tokens', () => {
  const signal = new AbortController().signal
  const one = { promptTokens: 10, completionTokens: 3 }
  const two = { promptTokens: 20, cachedTokens: 6, completionTokens: 5 }
  const both = { promptTokens: 30, cachedTokens: 6, completionTokens: 8 }

  test.each(['plain', 'guided', 'refused'] as const)(
    'of the router stand with the first end that tells its own, %s',
    async (path) => {
      let asked = 0
      const router: Router = {
        ...{ specVersion: 'v1', kind: 'router', id: 'r' },
        async route({ engine }) {
          let usage = {}
          for await (const part of engine?.generate([], { maxTokens: 1, temperature: 0, seed: 0 }) ?? [])
            if (part.type === 'end' && part.usage !== undefined) ({ usage } = { usage: { usage: part.usage } })
          return { ...planOf(path), ...usage }
        },
      }
      const routed = routeCalls(router, async () => {
        asked += 1
        const usage = asked === 1 ? one : two
        return from([
          { type: 'text', text: 'a' },
          { type: 'finish', reason: 'stop', usage },
          { type: 'finish', choice: 1, reason: 'stop' },
        ])
      })
      const parts: StreamPart[] = []
      for await (const part of (await routed([], { signal, attempt: 0 })) as AsyncIterable<StreamPart>) parts.push(part)
      expect(parts.flatMap((part) => (part.type === 'finish' ? [part.usage] : []))).toEqual([both, undefined])
      expect(parts.some(({ type }) => type === 'other')).toBe(false)
    },
  )

  test('of words that no model was asked for are the router’s', async () => {
    const router = {
      specVersion: 'v1',
      kind: 'router',
      id: 'r',
      route: async () => ({ ...planOf('refused', [], 'No.'), usage: one }),
    } as const
    const parts: StreamPart[] = []
    const source = await routeCalls(router, async () => from([]))([], { signal, attempt: 0 })
    for await (const part of source as AsyncIterable<StreamPart>) parts.push(part)
    expect(parts.at(-1)).toEqual({ type: 'finish', reason: 'stop', usage: one })
  })
})

describe('a vendor’s prompt', () => {
  const given: readonly Message[] = [
    { role: 'system', content: 'S' },
    { role: 'user', content: 'one' },
    { role: 'user', content: 'two' },
  ]
  const wires = given.map(({ role, content }) => ({ role: String(role), text: String(content), image: true }))
  type Wire = (typeof wires)[number]
  const write = (role: string, text: string, like?: Wire): Wire => ({
    ...{ role, text, image: like?.image ?? false },
  })
  const prompt = (path: RoutePath, messages: readonly Message[]): readonly Wire[] =>
    routedPrompt(planOf(path, messages), given, { messages: wires, isSystem: ({ role }) => role === 'system', write })
  const user = (content: string): Message => ({ role: 'user', content })

  test('plain: the last message is rewritten, all others are the very values', () => {
    const routed = prompt('plain', [{ role: 'system', content: 'new' }, ...given.slice(0, 2), user('two, tip')])
    expect(routed).toEqual([
      write('system', 'new'),
      wires[0],
      wires[1],
      { role: 'user', text: 'two, tip', image: true },
    ])
    expect(routed[2]).toBe(wires[1])
    expect(prompt('plain', given)).toEqual(wires)
  })

  test('guided: system messages and the plan’s turns; refused: the plan’s turn alone', () => {
    const media = { type: 'media', mediaType: 'image/png', source: '' } as const
    const first: Message = { role: 'user', content: [{ type: 'text', text: 'q' }, media] }
    const turns: readonly Message[] = [
      ...given.slice(0, 1),
      first,
      { role: 'assistant', content: 'notes' },
      user('again'),
    ]
    expect(prompt('guided', turns).map(({ role, text, image }) => `${role} ${text} ${image}`)).toEqual([
      'system S true',
      'user q true',
      'assistant notes false',
      'user again false',
    ])
    expect(prompt('refused', [user('sorry')])).toEqual([write('user', 'sorry')])
  })
})
