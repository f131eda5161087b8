import { expect, test } from 'vitest'
import { BUILTIN_POLICY } from '../compose/index.ts'
import type { Policy } from '../spec/policy.ts'
import { modelsOf } from './guard-models.ts'

const policy = (guards: Policy['guards'], input: readonly string[]): Policy => ({
  parapet: 1,
  ...(guards === undefined ? {} : { guards }),
  rails: { input },
})

test('what a policy lists counts, by its name or its definition', () => {
  expect(modelsOf(BUILTIN_POLICY)).toEqual({ shipped: true, other: false })
  expect(modelsOf(policy({}, ['pii', 'secrets']))).toEqual({ shipped: false, other: false })
  expect(modelsOf(policy({ mine: { use: 'classifier' } }, ['mine']))).toEqual({ shipped: true, other: false })
  expect(modelsOf(policy({ mine: { use: 'classifier' } }, ['pii']))).toEqual({ shipped: false, other: false })
  expect(modelsOf(policy({ asks: { use: 'judge' } }, ['asks', 'classifier']))).toEqual({ shipped: true, other: true })
  for (const own of [
    { use: 'topic', model: 'a.bin' },
    { use: 'classifier', versions: 'folder' },
  ]) {
    expect(modelsOf(policy({ own }, ['own']))).toEqual({ shipped: false, other: true })
    expect(modelsOf(policy({ own }, ['own', 'classifier']))).toEqual({ shipped: true, other: true })
  }
  // A name of its own that is a family's too means what it defines.
  expect(modelsOf(policy({ classifier: { use: 'pii' } }, ['classifier']))).toEqual({ shipped: false, other: false })
})
