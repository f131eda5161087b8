import fc from 'fast-check'
import { expect, test } from 'vitest'
import { agentGuard, blocking, masking } from '../../../test/support/agent-guards.ts'
import { SENTENCE } from '../../../test/support/planted.ts'
import { createScriptedGuard } from '../../testing/index.ts'
import { ConversationReader, judge } from './index.ts'
import { REMOVED, withValueAt } from './places.ts'

const settings = { door: 'test' }

test('a value is put at its place and nothing else is copied', () => {
  const root = { a: [{ b: 'old', c: 1 }, { d: 2 }], e: { f: 3 } }
  const next = withValueAt(root, ['a', 0, 'b'], 'new')
  expect(next).toEqual({ a: [{ b: 'new', c: 1 }, { d: 2 }], e: { f: 3 } })
  expect(next.a[1]).toBe(root.a[1])
  expect(next.e).toBe(root.e)
  expect(root.a[0]).toEqual({ b: 'old', c: 1 })
  expect(withValueAt(root, ['e', 'f'], REMOVED)).toEqual({ a: root.a, e: {} })
})

test('what was not changed is the very value that came in', async () => {
  const { guard } = agentGuard([masking])
  await fc.assert(
    fc.asyncProperty(fc.array(fc.jsonValue(), { minLength: 1 }), async (values) => {
      const read = () => {
        const reader = new ConversationReader(values)
        values.forEach((value, index) => reader.open('user').json(value, [index]))
        return reader.conversation()
      }
      const judgement = await judge(guard, read, settings)
      expect(judgement.shown && judgement.root).toBe(values)
    }),
    { numRuns: 200 },
  )
})

test('what was changed is changed where it stood, in any JSON', async () => {
  const { guard } = agentGuard([masking])
  const marked = fc.jsonValue().map((value) => ({ before: value, marked: [SENTENCE, { deep: `so ${SENTENCE}` }] }))
  await fc.assert(
    fc.asyncProperty(marked, async (value) => {
      const read = () => {
        const reader = new ConversationReader({ value })
        reader.open('tool').json(value, ['value'])
        return reader.conversation()
      }
      const judgement = await judge(guard, read, settings)
      expect(judgement.shown && judgement.root.value).toEqual({
        before: normal(value.before),
        marked: ['*', { deep: 'so *' }],
      })
    }),
    { numRuns: 200 },
  )
})

/** As JSON has it: no negative zero. */
function normal(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown
}

test('arguments are judged with their escapes resolved', async () => {
  const { guard } = agentGuard([masking])
  const input = `{"q":"${SENTENCE.replace('planted', '\\u0070lanted')}"}`
  const read = () => {
    const reader = new ConversationReader({ input })
    reader.answer().call({ id: 'c', name: 'look' }, input, ['input'])
    return reader.conversation()
  }
  const judgement = await judge(guard, read, settings)
  expect(judgement.shown && judgement.root.input).toBe('{"q":"*"}')
})

test('facts tell a stop from a failure, and no word of what was judged', async () => {
  const read = () => {
    const reader = new ConversationReader({ text: SENTENCE })
    reader.open('user').text(SENTENCE, ['text'])
    return reader.conversation()
  }
  const stopped = await judge(agentGuard([blocking]).guard, read, settings)
  expect(stopped).toMatchObject({
    shown: false,
    error: { code: 'content_filter', decisionId: 'dec_1' },
    facts: {
      outcome: 'blocked',
      decision: 'block',
      guards: [{ guard: 'marker', stage: 'input', labels: ['rule.marker'] }],
    },
  })
  const broken = createScriptedGuard({ id: 'broken', script: () => ({ throws: new Error('a secret path') }) })
  const failed = await judge(agentGuard([broken]).guard, read, settings)
  expect(failed).toMatchObject({
    shown: false,
    error: { code: 'guard_failed' },
    facts: { outcome: 'failed', decision: 'error', guards: [{ guard: 'broken', status: 'error' }] },
  })
  expect(JSON.stringify([stopped, failed])).not.toMatch(/planted marker|secret path/)
})

test('a check that rejects, a value that cannot be read and a caller that throws are failures', async () => {
  const { guard } = agentGuard([masking])
  const read = () => {
    const reader = new ConversationReader({ text: 'hi' })
    reader.open('user').text('hi', ['text'])
    return reader.conversation()
  }
  const outcomes = await Promise.all([
    judge({ check: () => Promise.reject(new Error('no disk')) }, read, settings),
    judge(guard, () => new ConversationReader(JSON.parse('{"a":') as object).conversation(), settings),
    judge(guard, read, { ...settings, caller: () => JSON.parse('{') as object }),
  ])
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ shown: false, facts: { outcome: 'failed', decision: 'error', decisionId: null } })
  }
})

test('what is read after the beginning of an answer is told to be new, and is the speaker’s', () => {
  const reader = new ConversationReader({ a: 'asked', b: 'said', c: 'odd' })
  reader.answer().text('asked', ['a'])
  expect(reader.conversation().from).toBeUndefined()
  reader.begin('assistant')
  reader.answer().text('said', ['b'])
  reader.open('system').text('odd', ['c'])
  const { from, messages } = reader.conversation()
  expect([from, messages.map(({ role }) => role)]).toEqual([1, ['assistant', 'assistant', 'assistant']])
})

test('a check that modifies and gives no messages is a failure', async () => {
  const read = () => {
    const reader = new ConversationReader({ text: 'hi' })
    reader.open('user').text('hi', ['text'])
    return reader.conversation()
  }
  const { guard } = agentGuard([])
  const { messages: _left, ...result } = await guard.check({ messages: [{ role: 'user', content: 'hi' }] })
  const odd = { check: () => Promise.resolve({ ...result, decision: 'modify' as const }) }
  expect(await judge(odd, read, settings)).toMatchObject({ shown: false, facts: { outcome: 'failed' } })
})
