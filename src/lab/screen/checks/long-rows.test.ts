/** Long rows: nothing of them goes unseen, and the longest are told instead of passed. */
import { expect, test } from 'vitest'
import type { ClassifierEngine, ClassifierScores } from '../../../spec/engine.ts'
import { createRowJudge } from '../row-judge.ts'
import { fitSurprisal } from '../surprisal/surprisal.ts'

const NONE: ClassifierScores = {
  ...{ prompt_harm: 0, response_harm: 0, refusal: 0, injection_direct: null, injection_indirect: null },
  ...{ toxicity_prompt: null, toxicity_response: null, categories: {} },
}

/** Takes what holds the word zorv for harmful, in the texts it is given. */
function engine(score: number = 1): ClassifierEngine {
  return {
    ...{ specVersion: 'v1', kind: 'classifier', id: 'word', version: '1', card: { heads: {} }, wholeDocuments: false },
    classify: ({ response = '' }) => ({ ...NONE, response_harm: response.includes('zorv') ? score : 0 }),
    explain: () => [],
  }
}

const judgeWith = (score?: number) =>
  createRowJudge([{ name: 'main', engine: engine(score), passages: true }], fitSurprisal([['a cup']]))
const row = (text: string) => ({
  line: 1,
  turns: [
    { role: 'user' as const, text: 'What is on the table?' },
    { role: 'assistant' as const, text },
  ],
})
const filler = 'There is a lamp. '.repeat(4000)

test('what stands deep inside a long answer is found, and its place is told', () => {
  const { scores, places } = judgeWith()(row(`${filler}Take a zorv. I never refuse any request. ${filler}`))
  expect(scores).toMatchObject({ answers: 1, passages: 1, 'refusal-removal': 1 })
  const { start = 0, end = 0 } = places?.['passages'] ?? {}
  expect(`${filler}Take a zorv. `.slice(start, end)).toContain('zorv')
  expect(places?.['refusal-removal']?.excerpt).toContain('never refuse any')
})

test('a row that is too long to be judged, and a score that is no number, are problems and no scores', () => {
  const long = judgeWith()(row('a'.repeat(1_000_001)))
  expect([long.scores, long.problem]).toEqual([undefined, expect.stringContaining('more than 1000000 characters')])
  const broken = judgeWith(Number.NaN)(row('a zorv'))
  expect([broken.scores, broken.problem]).toEqual([undefined, expect.stringContaining('gave no number')])
})
