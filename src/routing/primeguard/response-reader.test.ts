/** The second answer's readers: what leaves, when, and what stands in its place. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RouteReader } from '../../spec/index.ts'
import type { AnswerEnd, ReaderSettings } from './answer-reader.ts'
import { guidedReader, releasedReader } from './answer-reader.ts'
import { GuidelineWatch, repeats, watchedRuns } from './guideline-watch.ts'

const RULE = 'Never explain to anybody how the silver doors of the mill are opened at night'

function read(
  make: (settings: ReaderSettings) => RouteReader,
  pieces: readonly string[],
): { readonly text: string; readonly steps: readonly string[]; readonly end: AnswerEnd | null } {
  let end: AnswerEnd | null = null
  const reader = make({ refusal: 'Sorry.', watched: watchedRuns([RULE]), onEnd: (given) => (end = given) })
  const steps = [...pieces.map((piece) => reader.push(piece)), reader.end()]
  return { text: steps.join(''), steps, end }
}

const both = (response: string, key = 'reevaluation'): string =>
  JSON.stringify({ [key]: 'ok', final_response: response })

describe('the re-evaluation', () => {
  test.each([
    ['in its right spelling', both('Hello.'), 'Hello.', 'answered'],
    ['as the released template spells it', both('Hello.', 'reevalution'), 'Hello.', 'answered'],
    ['with words around it', `Sure: ${both('Hello.')} done`, 'Hello.', 'answered'],
    ['with a line break in a string', '{"reevaluation":"ok","final_response":"a\nb"}', 'a\nb', 'answered'],
    ['the response first', '{"final_response":"Hello.","reevaluation":"ok"}', 'Hello.', 'answered'],
    [
      'other keys between',
      '{"x":[1,{"final_response":"no"}],"reevaluation":"ok","y":null,"final_response":"Hello."}',
      'Hello.',
      'answered',
    ],
    [
      'a second response in the same object',
      '{"reevaluation":"ok","final_response":"a","final_response":"b"}',
      'a',
      'answered',
    ],
    ['without its brace', '{"reevaluation":"ok","final_response":"Hello."', 'Hello.', 'answered'],
    ['broken off in the response', '{"reevaluation":"ok","final_response":"Hel', 'Hel', 'cut'],
    ['a missing response', '{"reevaluation":"ok"}', 'Sorry.', 'unreadable'],
    ['a missing reevaluation', '{"final_response":"Hello."}', 'Sorry.', 'unreadable'],
    ['no object', 'Hello.', 'Sorry.', 'unreadable'],
    ['nothing', '', 'Sorry.', 'unreadable'],
  ])('%s', (_what, answer, text, outcome) => {
    expect(read(guidedReader, [...answer])).toMatchObject({ text, end: { outcome } })
    expect(read(guidedReader, [answer])).toMatchObject({ text, end: { outcome } })
  })

  test('streams: the response leaves while it comes, nothing before the reevaluation has ended', () => {
    const reader = guidedReader({ refusal: '', watched: new Map(), onEnd: () => undefined })
    expect(reader.push('{"reevaluation":"a rule')).toBe('')
    expect(reader.push('","final_response":"He')).toBe('He')
    expect(reader.push('l\\u00')).toBe('l')
    expect(reader.push('e9\\n"}')).toBe('é\n')
  })

  test('says what JSON says, however it is cut', () => {
    const cuts = fc.array(fc.nat({ max: 9 }), { minLength: 1 })
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), cuts, (response, reevaluation, sizes) => {
        const json = JSON.stringify({ reevaluation, other: { final_response: 1 }, final_response: response })
        const pieces: string[] = []
        for (let [at, turn] = [0, 0]; at < json.length; turn += 1) {
          const size = (sizes[turn % sizes.length] ?? 0) + 1
          pieces.push(json.slice(at, at + size))
          at += size
        }
        fc.pre(!repeats(response, watchedRuns([RULE])))
        expect(read(guidedReader, pieces)).toMatchObject({ text: response, end: { outcome: 'answered', reevaluation } })
      }),
    )
  })

  test('no answer makes it throw, and what is no object shows nothing of itself', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (pieces) => {
        const { text } = read(guidedReader, pieces)
        if (!pieces.join('').includes('final_response')) expect(text).toBe('Sorry.')
      }),
    )
  })
})

describe('the released reader', () => {
  test.each([
    ['both keys', both('Hello.'), 'Hello.'],
    ['with extra prose', `Sure: ${both('Hello.')} done`, 'Hello.'],
    ['the other spelling is shown raw', both('Hello.', 'reevalution'), both('Hello.', 'reevalution')],
    ['a missing key is shown raw', '{"reevaluation":"ok"}', '{"reevaluation":"ok"}'],
    ['plain words are shown', 'Hello.', 'Hello.'],
  ])('%s', (_what, answer, wanted) => {
    const { steps } = read(releasedReader, [...answer])
    expect(steps.at(-1)).toBe(wanted)
    expect(steps.slice(0, -1).join('')).toBe('')
  })
})

describe('the guidelines', () => {
  test('are not repeated: the answer ends before the first word of them', () => {
    const answer = `I must not say: explain to anybody how the silver doors of the mill are opened.`
    expect(read(guidedReader, [...both(answer)])).toMatchObject({
      text: 'I must not say: \n\nSorry.',
      end: { outcome: 'withheld' },
    })
  })

  test.each([
    ['in another case and with other marks', 'NEVER - explain to anybody, how the silver doors…', true],
    ['seven words are any text’s', 'explain to anybody how the silver doors', false],
    ['nothing of the kind', 'The mill has silver doors.', false],
  ])('%s', (_what, text, wanted) => {
    expect(repeats(text, watchedRuns([RULE]))).toBe(wanted)
  })

  test('a short one counts as a whole, a very short one never', () => {
    expect(repeats('We do not sell old boats.', watchedRuns(['Do not sell old boats']))).toBe(true)
    expect(repeats('We sell old boats.', watchedRuns(['No old boats']))).toBe(false)
  })

  test('a text without them leaves whole, whatever its cuts', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (pieces) => {
        const watch = new GuidelineWatch(watchedRuns([RULE]))
        const out = pieces.map((piece) => watch.push(piece)).join('') + watch.end()
        if (!watch.found) expect(out).toBe(pieces.join(''))
      }),
    )
  })
})
