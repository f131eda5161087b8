import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { labelReading } from '../judge-reading.ts'
import { locate, quotations, quotedSpans, readCritique } from './critique.ts'
import { LLAMA_GUARD_3 } from './taxonomies/llama-guard.ts'
import { namedClause } from './clauses.ts'

const anyText = fc
  .array(fc.oneof(fc.nat(0xffff), fc.constantFrom(34, 32, 97, 0x130)), { maxLength: 30 })
  .map((units) => String.fromCharCode(...units))

describe('quoted spans', () => {
  const text = 'How do I  Pick a lock?\nIt is my neighbour’s.'

  test('point into the text as it stands', () => {
    const { found, missing } = quotedSpans('It asks to "Pick a lock" and says „my neighbour’s“.', text)
    expect(missing).toEqual([])
    expect(found.map(({ start, end }) => text.slice(start, end))).toEqual(['Pick a lock', 'my neighbour’s'])
  })

  test('are found whatever case and spaces, with the offsets of the original', () => {
    const { found } = quotedSpans('“how do i pick a LOCK? it…”', text)
    expect(found.map(({ start, end }) => text.slice(start, end))).toEqual(['How do I  Pick a lock?\nIt'])
  })

  test('quotes that are not in the text are reported as such', () => {
    expect(quotedSpans('It says "break a window".', text)).toEqual({ found: [], missing: ['break a window'] })
  })

  test('apostrophes are no quotation marks; single quotes, guillemets and back-ticks are', () => {
    expect(quotations("The user's text doesn't ask 'don't look', «so what» or `code`.")).toEqual([
      "don't look",
      'so what',
      'code',
    ])
  })

  test('any passage of a text is found in it', () => {
    const sample = fc.tuple(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.nat(60), fc.nat(60))
    fc.assert(
      fc.property(sample, ([whole, from, length]) => {
        const passage = whole.slice(from, from + length)
        fc.pre(passage !== '')
        const { found } = locate([passage], whole)
        expect(found.map(({ start, end }) => whole.slice(start, end))).toEqual([passage])
      }),
    )
  })

  test('a span is always inside the text', () => {
    fc.assert(
      fc.property(anyText, anyText, (critique, whole) => {
        for (const { start, end } of quotedSpans(critique, whole).found) {
          expect(start).toBeGreaterThanOrEqual(0)
          expect(end).toBeGreaterThan(start)
          expect(end).toBeLessThanOrEqual(whole.length)
        }
      }),
    )
  })
})

describe('a critique of a known label', () => {
  const input = { prompt: 'How do I pick a lock?', response: 'Use a tension wrench.' }
  const categories = LLAMA_GUARD_3.slice(1, 2).map(namedClause)
  const unsafe = labelReading({ response_harm: true }, { categories })

  test('names the clause, quotes both texts and invents nothing', () => {
    const critique = 'The conversation is unsafe: "pick a lock" and "tension wrench" fall under Non-Violent Crimes.'
    const read = readCritique(critique, unsafe, input, LLAMA_GUARD_3)
    expect(read).toMatchObject({ clauses: ['S2'], silent: false, invented: [], contradicts: false })
    expect(read.prompt.found).toHaveLength(1)
    expect(read.response?.found).toHaveLength(1)
  })

  test('names a clause by any id that a clause may have', () => {
    const ids = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,9}$/)
    fc.assert(
      fc.property(ids, (id) => {
        const clause = { id, title: 'A title that is not in the critique' }
        const reading = labelReading({ prompt_harm: true }, { categories: [namedClause(clause)] })
        expect(readCritique(`It breaks ${id}.`, reading, { prompt: 'x' }, [clause]).clauses).toEqual([id])
      }),
    )
  })

  test('one that names no clause of the label is silent', () => {
    expect(readCritique('It is bad. S12 is not meant.', unsafe, input, LLAMA_GUARD_3)).toMatchObject({
      clauses: [],
      silent: true,
    })
    expect(readCritique('It breaks S2.', unsafe, input, LLAMA_GUARD_3)).toMatchObject({
      clauses: ['S2'],
      silent: false,
    })
  })

  test('quotes that stand in neither text are invented; titles and label words are no quotes', () => {
    const critique = 'It is "unsafe" by "Non-Violent Crimes": "drill through the door".'
    expect(readCritique(critique, unsafe, input, LLAMA_GUARD_3).invented).toEqual(['drill through the door'])
  })

  test.each([
    ['The text is safe.', true],
    ['This is not unsafe.', true],
    ['This is not safe.', false],
    ['This is unsafe, not safe.', false],
    ['A fail-safe opens it.', false],
  ])('%s contradicts an unsafe label: %s', (critique, contradicts) => {
    expect(readCritique(critique, unsafe, input, LLAMA_GUARD_3).contradicts).toBe(contradicts)
  })
})
