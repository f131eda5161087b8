import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Owner, Turn } from './state.ts'
import { createResponseState } from './state.ts'

const ANN: Owner = { space: 'key', user: 'ann' }

function turn(id: string, previous: string | null = null, text = 'x'): Turn {
  return {
    id,
    previous,
    conversation: null,
    input: [{ role: 'user', content: text }],
    response: { id, output: [{ id: `item-${id}`, type: 'message', content: text }] },
    faithful: true,
    refused: false,
  }
}

test('a conversation is everything up to a response', () => {
  const state = createResponseState({ now: () => 0 })
  state.keep(ANN, turn('a', null, 'one'))
  state.keep(ANN, turn('b', 'a', 'two'))
  expect(state.history(ANN, 'b')).toMatchObject({
    items: [{ content: 'one' }, { content: 'one' }, { content: 'two' }, { content: 'two' }],
    faithful: true,
  })
  expect(state.item(ANN, 'item-a')?.item).toMatchObject({ content: 'one' })
  expect(state.history({ ...ANN, user: 'bob' }, 'b')).toBeNull()
  expect(state.history({ ...ANN, user: null }, 'b')).toBeNull()
  expect(state.turn({ ...ANN, user: null }, 'b')?.id).toBe('b')
  expect(state.item({ ...ANN, space: 'other' }, 'item-a')).toBeNull()
})

test('a refused turn adds nothing, a circle leads nowhere', () => {
  const state = createResponseState({ now: () => 0 })
  state.keep(ANN, turn('a'))
  state.keep(ANN, { ...turn('b', 'a'), refused: true, faithful: false })
  expect(state.history(ANN, 'b')).toMatchObject({ items: [{}, {}], faithful: false })
  state.keep(ANN, turn('c', 'd'))
  state.keep(ANN, turn('d', 'c'))
  expect(state.history(ANN, 'c')).toBeNull()
})

test('what is not used is forgotten, with everything that goes on from it', () => {
  let time = 0
  const state = createResponseState({ now: () => time, expiry: 100 })
  state.keep(ANN, turn('a'))
  state.keep(ANN, turn('b', 'a'))
  time = 90
  expect(state.history(ANN, 'b')?.items).toHaveLength(4)
  time = 189
  expect(state.history(ANN, 'b')?.items).toHaveLength(4)
  time = 289
  expect(state.history(ANN, 'b')).toBeNull()
  expect(state.item(ANN, 'item-a')).toBeNull()
  expect(state.counts.entries).toBe(0)
})

test('one thing that is too large is not kept and drives nothing out', () => {
  const state = createResponseState({ now: () => 0, size: 2000 })
  state.keep(ANN, turn('a'))
  state.keep(ANN, turn('b', null, 'x'.repeat(3000)))
  expect(state.turn(ANN, 'a')).not.toBeNull()
  expect(state.turn(ANN, 'b')).toBeNull()
})

test('count and size stay within their bounds, whatever is kept', () => {
  const act = fc.record({
    id: fc.integer({ min: 0, max: 30 }).map(String),
    previous: fc.option(fc.integer({ min: 0, max: 30 }).map(String)),
    length: fc.integer({ min: 0, max: 400 }),
    conversation: fc.boolean(),
    wait: fc.integer({ min: 0, max: 30 }),
  })
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
      let time = 0
      const state = createResponseState({ now: () => time, turns: 8, size: 4000, expiry: 200 })
      for (const { id, previous, length, conversation, wait } of acts) {
        time += wait
        const text = 'x'.repeat(length)
        if (conversation) {
          state.keepConversation(ANN, { id, createdAt: 0, metadata: {}, items: [] })
          state.extend(ANN, id, [{ content: text }])
        } else state.keep(ANN, turn(id, previous, text))
        expect(state.counts.entries).toBeLessThanOrEqual(8)
        expect(state.counts.size).toBeLessThanOrEqual(4000)
      }
      time += 1000
      for (const { id } of acts) {
        state.turn(ANN, id)
        state.conversation(ANN, id)
      }
      expect(state.counts).toEqual({ entries: 0, size: 0 })
    }),
  )
})
