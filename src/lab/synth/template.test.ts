import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../nn/random.ts'
import { toBase64, toReversed, toRot13 } from './encode.ts'
import { countVariants, fillTemplate, sample } from './template.ts'

describe('fillTemplate', () => {
  it('chooses, nests and leaves out', () => {
    const random = createRandom(2)
    const slots = { colour: ['red', '{light|dark} blue'] }
    const texts = new Set(
      Array.from({ length: 200 }, () => fillTemplate('a {{very |}{colour}|plain} hat', random, slots)),
    )
    expect([...texts].toSorted()).toEqual(
      ['', 'very ']
        .flatMap((very) => ['red', 'light blue', 'dark blue'].map((colour) => `a ${very}${colour} hat`))
        .concat('a plain hat')
        .toSorted(),
    )
    expect(countVariants('a {{very |}{colour}|plain} hat', slots)).toBe(texts.size)
  })

  it('puts given values in as they are', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(fillTemplate('<{value}>', createRandom(1), {}, { value: text })).toBe(`<${text}>`)
      }),
    )
  })

  it('names the slot or the template that is wrong', () => {
    expect(() => fillTemplate('{nobody}', createRandom(1))).toThrow(/"nobody"/)
    expect(() => fillTemplate('{a|b', createRandom(1))).toThrow(/not closed/)
  })
})

describe('sample', () => {
  it('takes different entries, at most all', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer()), fc.nat(20), fc.integer(), (list, count, seed) => {
        const chosen = sample(list, count, createRandom(seed))
        expect(new Set(chosen).size).toBe(Math.min(count, list.length))
        expect(chosen.every((entry) => list.includes(entry))).toBe(true)
      }),
    )
  })
})

describe('encodings', () => {
  it('agree with known answers', () => {
    expect(toBase64('héllo')).toBe('aMOpbGxv')
    expect(toRot13('Hello, Zoo')).toBe('Uryyb, Mbb')
    expect(toReversed('ab🙂')).toBe('🙂ba')
  })
})
