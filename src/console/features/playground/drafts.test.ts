import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import type { DraftMessage, RowDraft } from './drafts.ts'
import { EMPTY_ROW, move, nextMessage, readMessages, readRow, toBody, toInput } from './drafts.ts'
import { EXAMPLES } from './examples.ts'

const row = (part: Partial<RowDraft>): RowDraft => ({ ...EMPTY_ROW, ...part })
const message = (id: number, content = 'x', role: DraftMessage['role'] = 'user'): DraftMessage => ({
  id,
  role,
  content,
})

function bodyOf(draft: RowDraft): unknown {
  const made = toInput('text', draft, [])
  return 'input' in made ? toBody(made.input) : made.missing
}

describe('what is sent', () => {
  test('holds only what was written', () => {
    expect(bodyOf(row({ prompt: 'a' }))).toEqual({ prompt: 'a' })
    expect(bodyOf(row({ prompt: 'a', response: 'b', system: 's', stage: 'output' }))).toEqual({
      prompt: 'a',
      response: 'b',
      system: 's',
      stage: 'output',
    })
    expect(bodyOf(row({ response: 'b' }))).toEqual({ response: 'b' })
    expect(bodyOf(row({ prompt: ' ' }))).toEqual({ prompt: ' ' })
  })

  test('is nothing where nothing was written', () => {
    expect(bodyOf(row({ system: 's' }))).toMatch(/^Write a text/)
    expect(toInput('conversation', row({}), [message(1, ''), message(2, '')])).toHaveProperty('missing')
  })

  test('is the conversation in its order, empty messages too', () => {
    const made = toInput('conversation', row({}), [message(2, 'b', 'system'), message(1, '')])
    expect('input' in made && toBody(made.input)).toEqual({
      messages: [
        { role: 'system', content: 'b' },
        { role: 'user', content: '' },
      ],
    })
  })
})

test('moving keeps all messages and stops at the ends', () => {
  const list = [message(1), message(2), message(3)]
  expect(move(list, 2, -1).map(({ id }) => id)).toEqual([2, 1, 3])
  expect(move(list, 2, 1).map(({ id }) => id)).toEqual([1, 3, 2])
  for (const [id, by] of [
    [1, -1],
    [3, 1],
    [9, 1],
  ] as const) {
    expect(move(list, id, by)).toBe(list)
  }
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.constantFrom(1 as const, -1 as const))),
      (moves) => {
        const moved = moves.reduce<readonly DraftMessage[]>((current, [id, by]) => move(current, id, by), list)
        expect(moved.map(({ id }) => id).toSorted()).toEqual([1, 2, 3])
      },
    ),
  )
})

test('a new message has an id of its own and the other side’s role', () => {
  expect(nextMessage([message(4), message(2)])).toEqual({ id: 5, role: 'assistant', content: '' })
  expect(nextMessage([message(1, 'x', 'assistant')])).toMatchObject({ role: 'user' })
  expect(nextMessage([])).toEqual({ id: 1, role: 'user', content: '' })
})

test('what was stored is read back; what another version stored is not', () => {
  const draft = row({ prompt: 'a', stage: 'retrieval' })
  expect(readRow(JSON.parse(JSON.stringify(draft)))).toEqual(draft)
  for (const odd of [null, 7, {}, { ...draft, stage: 'nowhere' }, { ...draft, prompt: 1 }])
    expect(readRow(odd)).toBeUndefined()
  expect(readMessages([{ id: 9, role: 'tool', content: 'r' }])).toEqual([{ id: 1, role: 'tool', content: 'r' }])
  for (const odd of [null, [], [{ role: 'robot', content: '' }], [{ role: 'user' }], Array(101).fill(message(1))]) {
    expect(readMessages(odd)).toBeUndefined()
  }
})

test('every example can be judged', () => {
  expect(EXAMPLES.length).toBeGreaterThan(4)
  for (const { mode, row: draft, messages = [] } of EXAMPLES) {
    expect(
      toInput(
        mode,
        draft ?? EMPTY_ROW,
        messages.map((item, id) => ({ id, ...item })),
      ),
    ).toHaveProperty('input')
  }
})
