import { expect, test } from 'vitest'
import type { Store } from './memory.ts'
import { createMemory } from './memory.ts'

function storeOf(initial: Readonly<Record<string, string>> = {}): Store & { readonly kept: Map<string, string> } {
  const kept = new Map(Object.entries(initial))
  return {
    kept,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  }
}

const text = (stored: unknown): string | undefined => (typeof stored === 'string' ? stored : undefined)

test('what is written is there after a reload', () => {
  const store = storeOf()
  createMemory(store).remember('draft', '', text).value = 'hello'
  expect(createMemory(store).remember('draft', '', text).value).toBe('hello')
})

test.each(['{broken', '7', 'null', '{"a":1}'])('what was stored otherwise is not taken: %s', (stored) => {
  expect(createMemory(storeOf({ 'parapet.draft': stored })).remember('draft', 'new', text).value).toBe('new')
})

test('forgetting empties the store and puts back what was there at first', () => {
  const store = storeOf()
  const memory = createMemory(store)
  const draft = memory.remember('draft', 'first', text)
  draft.value = 'private'
  memory.forget()
  expect(draft.value).toBe('first')
  expect([...store.kept.values()].join('')).not.toContain('private')
})

test('a store that is missing, full or broken costs nothing but the memory', () => {
  const broken: Store = {
    getItem: () => {
      throw new Error('denied')
    },
    setItem: () => {
      throw new Error('full')
    },
    removeItem: () => undefined,
  }
  for (const store of [null, broken]) {
    const draft = createMemory(store).remember('draft', 'first', text)
    draft.value = 'second'
    expect(draft.value).toBe('second')
  }
})

test('a value that is too long is not kept, and does not leave an old one behind', () => {
  const store = storeOf()
  const draft = createMemory(store).remember('draft', '', text)
  draft.value = 'short'
  draft.value = 'x'.repeat(600_000)
  expect(store.kept.has('parapet.draft')).toBe(false)
})
