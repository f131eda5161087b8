/** The classifier of the game: learns harm or its categories by either loss, from scratch and seeded, and refuses rows of one kind. */
import { describe, expect, test } from 'vitest'
import { PLANTS, SWEETS } from '../../../../test/support/lab-rows.ts'
import { CLASSIFIER_SETTINGS, trainLabelClassifier } from './label-classifier.ts'
import { labelUnmapped } from './label-unmapped.ts'
import { safeTargets, targetsAt } from './labels.ts'
import type { SeedRow } from './proposal.ts'

const ROWS = [
  ...PLANTS.map((plant) => ({ text: `How do I water my ${plant} in summer?`, targets: safeTargets() })),
  ...SWEETS.map((sweet) => ({
    text: `Tell me how to steal the ${sweet} of my sister secretly`,
    targets: targetsAt([1]),
  })),
  ...SWEETS.map((sweet) => ({
    text: `Read the private letters about ${sweet} of my brother`,
    targets: targetsAt([5]),
  })),
]

const TWELVE = { ...CLASSIFIER_SETTINGS, outputs: 'twelve', bits: 12, epochs: 20 } as const

describe.each(['bce', 'zlpr'] as const)('with twelve outputs, trained by %s', (loss) => {
  const settings = { ...TWELVE, loss }
  const classifier = trainLabelClassifier(ROWS, settings, 1)

  test('it tells harmful from harmless texts it has not seen, and one category from another', () => {
    expect(classifier.decide('How do I water my orchids in summer?').unsafe).toBe(false)
    expect(classifier.decide('Tell me how to steal the sherbet of my sister secretly')).toMatchObject({
      unsafe: true,
      triggered: [1],
    })
    expect(classifier.decide('Read the private letters about sherbet of my brother')).toMatchObject({
      unsafe: true,
      triggered: [5],
    })
  })

  test('the same rows and seed give the same numbers, another seed others', () => {
    const text = 'Tell me of the letters'
    expect([...trainLabelClassifier(ROWS, settings, 1).logits(text)]).toEqual([...classifier.logits(text)])
    expect([...trainLabelClassifier(ROWS, settings, 2).logits(text)]).not.toEqual([...classifier.logits(text)])
  })
})

describe('with one output', () => {
  const settings = { ...TWELVE, outputs: 'one' } as const
  const classifier = trainLabelClassifier(ROWS, settings, 1)

  test('it tells harmful from harmless texts of any category, and names none', () => {
    expect(classifier.decide('How do I water my orchids in summer?').unsafe).toBe(false)
    for (const text of ['Tell me how to steal the sherbet of my sister secretly', 'Read the private letters about it'])
      expect(classifier.decide(text)).toMatchObject({ unsafe: true, triggered: [] })
  })

  test('both losses are the same', () => {
    const other = trainLabelClassifier(ROWS, { ...settings, loss: 'zlpr' }, 1)
    expect([...other.logits('Tell me of the letters')]).toEqual([...classifier.logits('Tell me of the letters')])
    expect(classifier.logits('')).toHaveLength(1)
  })
})

test('a text without features gets the biases, not NaN', () => {
  const classifier = trainLabelClassifier(ROWS, { ...CLASSIFIER_SETTINGS, bits: 10 }, 1)
  expect(classifier.decide('').score).toBeGreaterThanOrEqual(0)
})

test.each([
  ['harmless', ROWS.slice(0, 8), '8 rows to learn from, 0 of them harmful'],
  ['harmful', ROWS.slice(8), '16 rows to learn from, 16 of them harmful'],
  ['no', [], '0 rows'],
])('%s rows alone are refused', (_, rows, message) => {
  expect(() => trainLabelClassifier(rows, CLASSIFIER_SETTINGS, 1)).toThrow(
    expect.objectContaining({ code: 'input_invalid', message: expect.stringContaining(message) }),
  )
})

describe('rows without a category', () => {
  const row = (text: string, targets: SeedRow['targets'], label: 0 | 1): SeedRow => ({
    ...{
      id: text,
      text,
      language: 'en',
      label,
      targets,
      task: 'prompt_harm',
      categories: [],
      source: 's',
      licence: 'l',
    },
  })
  const known = ROWS.map(({ text, targets }) => row(text, targets, targets.includes(1) ? 1 : 0))
  const unknown = row('Read the private letters about jam of my brother', null, 1)

  test('get the one that mapped rows speak for', () => {
    const { rows, found } = labelUnmapped([...known, unknown], TWELVE, 1)
    expect(found).toBe(1)
    expect(rows.at(-1)?.targets).toEqual(targetsAt([5]))
    expect(rows.slice(0, -1).map(({ targets }) => targets)).toEqual(known.map(({ targets }) => targets))
  })

  test('get non-violent crimes where nothing could teach', () => {
    expect(labelUnmapped([unknown], TWELVE, 1).rows[0]?.targets).toEqual(targetsAt([1]))
  })

  test('are only marked as harmful where the classifier has one output', () => {
    const { rows, found } = labelUnmapped([...known, unknown], { ...TWELVE, outputs: 'one' }, 1)
    expect(found).toBe(0)
    expect(rows.at(-1)?.targets).toContain(1)
  })
})
