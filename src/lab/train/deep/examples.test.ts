/** What records say to the deep tier: kinds of text, targets of toxic texts, groups of rows made here. */
import { describe, expect, test } from 'vitest'
import type { TrainingRecord } from '../records.ts'
import { syntheticFrom } from '../synthetic.ts'
import { createRandom } from '../../../nn/random.ts'
import { RESPONSE_OUTPUTS, TEXT_OUTPUTS } from '../examples.ts'
import { DEEP_HEADS, deepExamples, documentTargets, extraExamples, guardText } from './examples.ts'

function record(change: Partial<TrainingRecord>): TrainingRecord {
  return {
    ...{ task: 'benign', lang: 'en', prompt: 'How do I water beans?', response: null, system: null },
    ...{ label: 0, categories: [], source: 'invented', licence: 'CC0', ...change },
  }
}

function only(change: Partial<TrainingRecord>, file = 'file'): ReturnType<typeof deepExamples>[number] {
  const [example, ...more] = deepExamples([{ name: file, sha256: '', records: [record(change)] }])
  expect(more).toEqual([])
  return example ?? expect.fail('no example')
}

test('the heads are those of both fast models, hazards last', () => {
  expect(DEEP_HEADS.toSorted()).toEqual([...TEXT_OUTPUTS, ...RESPONSE_OUTPUTS].toSorted())
  expect(DEEP_HEADS.slice(6)).toEqual(Array.from({ length: 13 }, (_, index) => `S${index + 1}`))
})

describe('kinds of text', () => {
  test('an indirect injection is a document, a direct one a prompt', () => {
    const indirect = only({ task: 'injection', label: 1, categories: ['indirect'] })
    expect(guardText(indirect)).toEqual({ kind: 'document', text: 'How do I water beans?' })
    expect(indirect.targets).toEqual({ injection_indirect: 1 })
    const direct = only({ task: 'injection', label: 1, categories: ['direct'] })
    expect(guardText(direct)).toEqual({ kind: 'prompt', text: 'How do I water beans?' })
    expect(direct.targets).toEqual({ injection_direct: 1 })
  })

  test('a response has its prompt as context', () => {
    const refusal = only({ task: 'refusal', label: 1, response: 'Sorry, no.' })
    expect(guardText(refusal)).toEqual({ kind: 'response', text: 'Sorry, no.', context: 'How do I water beans?' })
    expect(refusal.targets).toEqual({ response_harm: 0, refusal: 1 })
  })

  test('invented documents are documents and say nothing else', () => {
    const file = {
      ...{ name: 'benign_misc', sha256: '' },
      records: [record({}), record({ prompt: `Beans need water. ${'They grow in May. '.repeat(8)}` })],
    }
    const invented = syntheticFrom([file], createRandom(1), 5).map(documentTargets)
    const documents = invented.filter((example) => guardText(example).kind === 'document')
    expect(documents).toHaveLength(10)
    expect(documents.map(({ targets }) => Object.keys(targets))).toEqual(documents.map(() => ['injection_indirect']))
    expect(new Set(documents.map(({ group }) => group))).toEqual(new Set(['synthetic-planted', 'synthetic-document']))
  })
})

describe('targets', () => {
  test('a toxic text is no injection, and a harmful prompt only by some categories', () => {
    expect(only({ task: 'toxicity', label: 0 }).targets).toEqual({ toxicity: 0, injection_direct: 0, prompt_harm: 0 })
    expect(only({ task: 'toxicity', label: 1, categories: ['insult'] }).targets).toEqual({
      ...{ toxicity: 1, injection_direct: 0 },
    })
    expect(only({ task: 'toxicity', label: 1, categories: ['insult', 'threat'] }).targets).toEqual({
      ...{ toxicity: 1, injection_direct: 0, prompt_harm: 1 },
    })
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
  expect(
    extraExamples([{ name: 'extra', sha256: '', records }]).map(({ group, language }) => [group, language]),
  ).toEqual([
    ['translate/words/de:prompt_harm:de/1', 'de'],
    ['synth/benign-alarming:prompt_harm:fr/0', 'fr'],
  ])
})
