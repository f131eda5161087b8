import { expect, test } from 'vitest'
import fc from 'fast-check'
import { HAZARDS, isKnownLabel, nearest, suggestLabel } from './index.ts'

test('hazards are S1 to S14, in order', () => {
  expect(HAZARDS.map(({ id }) => id)).toEqual(Array.from({ length: 14 }, (_, index) => `S${index + 1}`))
})

test('known labels are known, also below a family', () => {
  for (const label of ['prompt_harm', 'injection.direct', 'S14', 'pii.email', 'rule.competitors', 'secret.a.b']) {
    expect(isKnownLabel(label)).toBe(true)
  }
  for (const label of ['promt_harm', 'S15', 'pi.email', '']) expect(isKnownLabel(label)).toBe(false)
})

test.each([
  ['promt_harm', 'prompt_harm'],
  ['toxcity', 'toxicity'],
  ['secrets', 'secret'],
  ['injection.dircet', 'injection.direct'],
])('%s means %s', (label, meant) => {
  expect(suggestLabel(label)).toBe(meant)
})

test('a name far from all suggests nothing; a name finds itself', () => {
  expect(nearest('zebra', ['input', 'output'])).toBeUndefined()
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 20 }), (name) => {
      expect(nearest(name, ['input', name])?.toLowerCase()).toBe(
        name.toLowerCase() === 'input' ? 'input' : name.toLowerCase(),
      )
    }),
  )
})
