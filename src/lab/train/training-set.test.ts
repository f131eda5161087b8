/** One split for both tiers: by the text, so that nothing that calibrates was learnt in another guise. */
import { describe, expect, test } from 'vitest'
import { PLANTS, SWEETS, gardenRows, row } from '../../../test/support/lab-rows.ts'
import type { Example } from './examples.ts'
import type { RecordFile, TrainingRecord } from './records.ts'
import { HELD_OUT_SET, gatherTrainingSet, type TrainingSet } from './training-set.ts'

function file(name: string, records: readonly TrainingRecord[]): RecordFile {
  return { name, sha256: '', records }
}

function gather(files: readonly RecordFile[], seed = 1, calibration: readonly RecordFile[] = []): TrainingSet {
  return gatherTrainingSet({ files, calibration, seed, synthetic: 0 })
}

/** What an example is about: its text, or the prompt that is answered. */
function subject({ text, prompt = '', response = '' }: Example): string {
  return text ?? (prompt === '' ? response : prompt)
}

function sides(set: TrainingSet): { readonly learnt: ReadonlySet<string>; readonly held: ReadonlySet<string> } {
  return {
    learnt: new Set(set.learnt.map(subject)),
    held: new Set(set.calibration.filter((each) => each.set === HELD_OUT_SET).map(({ example }) => subject(example))),
  }
}

/** 640 prompts, each with answers and copies in two files. */
const QUESTIONS = PLANTS.flatMap((plant) =>
  SWEETS.flatMap((sweet) => Array.from({ length: 10 }, (_, index) => `Do ${plant} like ${sweet} on day ${index}?`)),
)
const ONE = file('one', [
  ...QUESTIONS.map((prompt) => row({ prompt, response: `${prompt} No. They like water.` })),
  ...QUESTIONS.map((prompt) => row({ task: 'refusal', label: 1, prompt, response: 'Sorry, I would rather not say.' })),
])
const TWO = file(
  'two',
  QUESTIONS.map((prompt) => row({ task: 'toxicity', prompt })),
)

describe('the split', () => {
  test('keeps a text, its copies and the answers to it on one side', () => {
    const set = gather([ONE, TWO])
    const { learnt, held } = sides(set)
    expect([...held].filter((text) => learnt.has(text))).toEqual([])
    expect(learnt.size + held.size).toBe(QUESTIONS.length)
    expect(held.size).toBeGreaterThan(0)
    expect(held.size).toBeLessThan(QUESTIONS.length / 4)
    // Prompt, two answers and the refusal of one file, and the copy in the other.
    const { learnt: examples, calibration } = set
    expect(examples.length + calibration.length).toBe(5 * QUESTIONS.length)
    expect(calibration).toHaveLength(5 * held.size)
  })

  test('is the same whatever the seed, the order and the company', () => {
    const { held } = sides(gather([ONE, TWO]))
    expect(sides(gather([ONE, TWO], 2)).held).toEqual(held)
    expect(sides(gather([file('three', ONE.records.toReversed())], 1)).held).toEqual(held)
    const { held: more } = sides(gather([TWO, file('garden', gardenRows())]))
    expect([...held].filter((text) => !more.has(text))).toEqual([])
  })

  test('learns nothing from sets that calibrate, and names them', () => {
    const set = gather([TWO], 1, [file('dev', gardenRows())])
    const texts = sides(set).learnt
    const ofDev = set.calibration.filter((each) => each.set === 'dev')
    expect(ofDev.length).toBeGreaterThanOrEqual(gardenRows().length)
    expect(ofDev.filter(({ example }) => texts.has(subject(example)))).toEqual([])
  })
})

test('coverage says of each head and language whether it had rows of both labels, some, or none', () => {
  const many = (label: 0 | 1, lang: string): readonly TrainingRecord[] =>
    Array.from({ length: 2000 }, (_, index) => row({ task: 'toxicity', label, lang, prompt: `Moss ${index} ${label}` }))
  const set = gather([file('a', [...many(0, 'en'), ...many(1, 'en-GB'), ...many(0, 'de'), row({ lang: 'fr' })])])
  expect(set.coverage['toxicity']).toEqual({ en: 'trained', de: 'transferred', fr: 'transferred' })
  expect(set.coverage['S1']).toEqual({ fr: 'transferred' })
  expect(set.coverage).not.toHaveProperty('refusal')
})

test('invented examples come on top, as many as asked for, and are decided by the seed', () => {
  const long = 'Water the moss in the morning, the ferns at noon, and the ivy in the evening, every day of the summer.'
  const files = [file('a', [...gardenRows(), row({ task: 'refusal', prompt: 'When?', response: long })])]
  const texts = (seed: number, synthetic: number): readonly string[] => {
    const { learnt, calibration } = gatherTrainingSet({ files, calibration: [], seed, synthetic })
    return [...learnt, ...calibration.map(({ example }) => example)]
      .filter(({ group }) => group.startsWith('synthetic'))
      .map(subject)
  }
  expect(texts(1, 0)).toEqual([])
  expect(texts(1, 20).length).toBeGreaterThanOrEqual(20)
  expect(texts(1, 20)).toEqual(texts(1, 20))
  expect(texts(2, 20)).not.toEqual(texts(1, 20))
})
