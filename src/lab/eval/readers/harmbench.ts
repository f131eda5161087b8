/**
 * HarmBench: harmful behaviours, and the classifier's validation set of answers with three human votes.
 *
 * Schema: the publisher's files could not be opened. The header of `data/behavior_datasets/harmbench_behaviors_text_*.csv` and
 * the fields of `data/classifier_val_sets/text_behaviors_val_set.json` were read in public code that parses them, 2026-11-26.
 * Label rules: every behaviour is harmful (`recall_only`); an answer is harmful where at least two of `human_0…2` are 1, as in
 * allenai/safety-eval (273 of 602). A contextual behaviour is its context, a rule of three dashes and the behaviour.
 */
import { type Draft, type Reader, sample, textHash } from './reader.ts'
import { type Row, checkColumns } from './row.ts'
import type { Table } from './table.ts'

const VOTES = ['human_0', 'human_1', 'human_2'] as const

export const harmBench: Reader = {
  name: 'harmbench',
  description: 'HarmBench: harmful behaviours, and answers of the classifier validation set',
  files: 'harmbench_behaviors_text_{all,val,test}.csv, text_behaviors_val_set.json',
  citation:
    'HarmBench, arXiv 2402.04249; github.com/centerforaisafety/HarmBench (schema seen in code of others 2026-11-26)',
  licence: 'MIT',
  forms: [
    {
      name: 'behaviours csv',
      container: 'csv',
      columns: {
        required: ['Behavior', 'FunctionalCategory', 'SemanticCategory', 'Tags', 'ContextString', 'BehaviorID'],
      },
      verified: 'third_party',
      read: readBehaviours,
    },
    {
      name: 'classifier validation json',
      container: 'json',
      columns: { required: [] },
      fits: isValidationSet,
      verified: 'third_party',
      read: readValidation,
    },
  ],
}

function readBehaviours(table: Table): readonly Draft[] {
  const samples = table.rows.map((row) => {
    const [behaviour, context] = [row.filled('Behavior'), row.textOrNull('ContextString')]
    return sample({
      id: row.key('BehaviorID'),
      prompt: context === null ? behaviour : `${context}\n\n---\n\n${behaviour}`,
      label: 1,
      categories: [row.filled('FunctionalCategory'), row.filled('SemanticCategory')],
    })
  })
  return [{ name: 'harmbench_prompt', task: 'prompt_harm', samples }]
}

/** One object whose every value is a list of judged answers. */
function isValidationSet({ rows }: Table): boolean {
  const [row] = rows
  if (row === undefined || rows.length > 1) return false
  return row.columns.every((behaviour) => {
    const answers = row.value(behaviour)
    return Array.isArray(answers) && answers.every((one: unknown) => hasVotes(one))
  })
}

function hasVotes(value: unknown): boolean {
  return typeof value === 'object' && value !== null && VOTES.every((vote) => Object.hasOwn(value, vote))
}

function readValidation({ rows }: Table): readonly Draft[] {
  const samples = rows.flatMap((row) =>
    row.columns.flatMap((behaviour) => row.objects(behaviour).map((answer) => judged(behaviour, answer))),
  )
  return [{ name: 'harmbench_response', task: 'response_harm', samples }]
}

function judged(behaviour: string, answer: Row): Draft['samples'][number] {
  checkColumns(answer, { required: ['test_case', 'generation', ...VOTES], optional: ['experiment'] })
  const [prompt, response] = [answer.text('test_case'), answer.text('generation')]
  const harmful = VOTES.filter((vote) => answer.flag(vote)).length >= 2
  return sample({
    id: `${behaviour}-${answer.number}-${textHash(prompt, response)}`,
    prompt,
    response,
    label: harmful ? 1 : 0,
    categories: answer.has('experiment') ? [answer.text('experiment')] : [],
  })
}
