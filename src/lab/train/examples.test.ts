/** What records say to the trainers: targets of toxic texts and refusals, groups of rows made here. */
import { describe, expect, test } from 'vitest'
import { toExamples } from './examples.ts'
import type { Example } from './examples.ts'
import type { TrainingRecord } from './records.ts'

function record(change: Partial<TrainingRecord>): TrainingRecord {
  return {
    ...{ task: 'benign', lang: 'en', prompt: 'How do I water beans?', response: null, system: null },
    ...{ label: 0, categories: [], source: 'invented', licence: 'CC0', ...change },
  }
}

function only(change: Partial<TrainingRecord>, file = 'file'): Example {
  const [example, ...more] = toExamples(record(change), file)
  expect(more).toEqual([])
  return example ?? expect.fail('no example')
}

test('who refuses does no harm, and an answer has its prompt beside it', () => {
  expect(only({ task: 'refusal', label: 1, response: 'Sorry, no.' })).toMatchObject({
    ...{ response: 'Sorry, no.', prompt: 'How do I water beans?', targets: { response_harm: 0, refusal: 1 } },
  })
})

describe('targets', () => {
  test('a toxic text is no injection, and a harmful prompt only by some categories', () => {
    expect(only({ task: 'toxicity', label: 0 }).targets).toEqual({
      ...{ toxicity: 0, injection_direct: 0, prompt_harm: 0, S10: 0, S12: 0 },
    })
    expect(only({ task: 'toxicity', label: 1, categories: ['insult'] }).targets).toEqual({
      ...{ toxicity: 1, injection_direct: 0 },
    })
    expect(only({ task: 'toxicity', label: 1, categories: ['insult', 'threat'] }).targets).toEqual({
      ...{ toxicity: 1, injection_direct: 0, prompt_harm: 1, S1: 1 },
    })
  })

  test('a harmless request in the shape of a jailbreak says nothing of injection', () => {
    const change = { task: 'prompt_harm', label: 0 } as const
    expect(only(change).targets).toMatchObject({ prompt_harm: 0, injection_direct: 0 })
    const { targets } = only({ ...change, categories: ['jailbreak_shape'] })
    expect(targets).toMatchObject({ prompt_harm: 0 })
    expect(targets).not.toHaveProperty('injection_direct')
  })

  test('jailbreaks of the wild are harmful prompts too', () => {
    const change = { task: 'injection', label: 1, categories: ['direct'] } as const
    expect(only(change, 'jailbreaks').targets).toEqual({ injection_direct: 1, prompt_harm: 1 })
    expect(only({ ...change, label: 0 }, 'jailbreaks').targets['prompt_harm']).toBe(0)
  })
})

test('rows made here are grouped by method, task and language, not by file', () => {
  const records = [
    record({ task: 'prompt_harm', label: 1, lang: 'de', source: 'someone/rows:a.csv+parapet/lab:translate/words/de' }),
    record({ task: 'prompt_harm', label: 0, lang: 'fr', source: 'parapet/lab:synth/benign-alarming' }),
  ]
  expect(records.flatMap((each) => toExamples(each, 'extra')).map(({ group, language }) => [group, language])).toEqual([
    ['translate/words/de:prompt_harm:de/1', 'de'],
    ['synth/benign-alarming:prompt_harm:fr/0', 'fr'],
  ])
})
