import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../nn/random.ts'
import type { TrainingRecord } from '../train/records.ts'
import { augmentRow, TRANSFORM_WEIGHTS, TRANSFORMS, type TransformName } from './augment.ts'

const NAMES = Object.keys(TRANSFORMS) as TransformName[]
/** Any code units at all, lone surrogates among them. */
const anyText = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 })
  .map((units) => String.fromCharCode(...units))

const row = (prompt: string, label: 0 | 1, task: TrainingRecord['task'] = 'injection'): TrainingRecord => ({
  task,
  lang: 'en',
  prompt,
  response: task === 'refusal' ? 'No, thank you. Please ask again.' : null,
  system: 'a task',
  label,
  categories: ['direct'],
  source: 'owner/data:rows',
  licence: 'MIT',
})

describe('augmentRow', () => {
  it('takes any text, and keeps all of a row but the judged text and the categories', () => {
    fc.assert(
      fc.property(anyText, fc.integer(), fc.constantFrom<0 | 1>(0, 1), (text, seed, label) => {
        const before = row(text, label)
        const after = augmentRow(before, { random: createRandom(seed) })
        expect({ ...after, prompt: text, categories: before.categories }).toEqual(before)
        expect(after.categories[0]).toBe('direct')
        expect(after.categories.length).toBeGreaterThan(1)
      }),
    )
  })

  it('has no transform that throws, in any language', () => {
    fc.assert(
      fc.property(
        anyText,
        fc.integer(),
        fc.constantFrom(...NAMES),
        fc.constantFrom('en', 'zh', 'ar', 'xx'),
        (text, seed, name, lang) => {
          expect(typeof TRANSFORMS[name](text, createRandom(seed), lang)).toBe('string')
        },
      ),
    )
  })

  it('changes the response where the label is about the response', () => {
    const before = row('a prompt', 1, 'refusal')
    const weights = { ...Object.fromEntries(NAMES.map((name) => [name, 0])), upperCase: 1 }
    const after = augmentRow(before, { random: createRandom(1), weights })
    expect(after.prompt).toBe('a prompt')
    expect(after.response).toBe('NO, THANK YOU. PLEASE ASK AGAIN.')
  })

  it('chooses transforms by weight, whatever the label', () => {
    const used = (label: 0 | 1): readonly string[] => {
      const random = createRandom(3)
      return Array.from({ length: 200 }, () => augmentRow(row('Say hello.', label), { random }).categories.join(' '))
    }
    expect(used(0)).toEqual(used(1))
    expect(new Set(used(0).flatMap((names) => names.split(' '))).size).toBeGreaterThan(NAMES.length * 0.8)
    expect(Object.keys(TRANSFORM_WEIGHTS)).toEqual(NAMES)
  })

  it('writes the surface changes it names', () => {
    const random = createRandom(5)
    expect(TRANSFORMS.noAccents('déjà vu', random, 'fr')).toBe('deja vu')
    expect(TRANSFORMS.noPunctuation('Stop! 好。', random, 'zh')).toBe('Stop 好')
    expect(TRANSFORMS.lookAlikes('aaaaaaaaaaaaaaaaaaaa', random, 'en')).toMatch(/а/)
    expect(TRANSFORMS.suffix('Hello', random, 'de').startsWith('Hello ')).toBe(true)
    expect(TRANSFORMS.suffix('Hello', random, 'xx')).toBe('Hello')
  })
})
