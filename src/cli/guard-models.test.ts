import { describe, expect, test } from 'vitest'
import { BUILTIN_POLICY } from '../compose/index.ts'
import type { Policy } from '../spec/policy.ts'
import { modelsOf } from './guard-models.ts'

const policy = (guards: Policy['guards'], input: readonly string[]): Policy => ({
  parapet: 1,
  ...(guards === undefined ? {} : { guards }),
  rails: { input },
})
const SHIPPED = { shipped: true, other: false }
const OTHER = { shipped: false, other: true }
const BOTH = { shipped: true, other: true }
const NONE = { shipped: false, other: false }
/** A policy whose own classifier judges with what `parapet improve` made. */
const improved = { classifier: { use: 'classifier', versions: 'folder' } }

describe('the models of a policy', () => {
  test('are those of its rails, by name or by definition, and of the classifier that scores every row', () => {
    expect(modelsOf(BUILTIN_POLICY)).toEqual(SHIPPED)
    expect(modelsOf(policy({}, ['pii', 'secrets']))).toEqual(SHIPPED)
    expect(modelsOf(policy({ mine: { use: 'classifier' } }, ['mine']))).toEqual(SHIPPED)
    expect(modelsOf(policy({ own: { use: 'topic', model: 'a.bin' } }, ['own']))).toEqual(BOTH)
    expect(modelsOf(policy({ own: { use: 'classifier', versions: 'folder' } }, ['own']))).toEqual(BOTH)
    expect(modelsOf(policy(improved, ['classifier']))).toEqual(OTHER)
    expect(modelsOf(policy(improved, ['pii']))).toEqual(OTHER)
    // A name of its own that is a family's too means what it defines.
    expect(modelsOf(policy({ classifier: { use: 'pii' } }, ['classifier']))).toEqual(NONE)
  })

  test('are those of its scopes too', () => {
    const asks = { asks: { use: 'judge' } }
    for (const scopes of [
      { organisation: { rails: { output: ['asks'] } } },
      { applications: { shop: { rails: { input: ['asks'] } } } },
      { users: { ann: { rails: { input: [{ guard: 'asks', shadow: true }] } } } },
    ] satisfies Policy['scopes'][])
      expect(modelsOf({ ...policy(asks, ['pii']), scopes })).toEqual(BOTH)
    expect(modelsOf(policy(asks, ['pii']))).toEqual(SHIPPED)
  })

  test.each([
    ['a judge', { use: 'judge' }, OTHER],
    ['a judge behind the classifier', { use: 'judge', band: { from: 0.2, to: 0.8 } }, BOTH],
    ['conversation', { use: 'conversation' }, SHIPPED],
    ['chunks', { use: 'chunks' }, SHIPPED],
    ['topic', { use: 'topic' }, SHIPPED],
    ['text-classifier', { use: 'text-classifier', folder: 'a' }, OTHER],
    ['grounding by words', { use: 'grounding' }, NONE],
    ['grounding with a judge', { use: 'grounding', judge: { url: 'http://127.0.0.1' } }, OTHER],
  ])('%s', (_name, definition, expected) => {
    // Without the classifier, whose own part is told above.
    expect(modelsOf(policy({ classifier: { use: 'pii' }, g: definition }, ['g']))).toEqual(expected)
  })

  test('that other guards ask are the version that judges, where there is one', () => {
    for (const definition of [
      { use: 'conversation' },
      { use: 'chunks' },
      { use: 'judge', band: { from: 0.2, to: 0.8 } },
    ])
      expect(modelsOf(policy({ ...improved, g: definition }, ['g']))).toEqual(OTHER)
  })
})
