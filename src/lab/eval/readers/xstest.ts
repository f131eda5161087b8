/**
 * XSTest: safe prompts that sound unsafe, their unsafe contrasts, and answers with labels.
 *
 * Schema: paul-rottger/exaggerated-safety `xstest_prompts.csv` at 475f10b, `xstest_v2_prompts.csv` and
 * `model_completions/xstest_v2_completions_gpt4.csv` at a3bb396 with the label columns that `evaluation/classify_completions_*.py`
 * add, read 2026-11-26. Label rules: a prompt is unsafe exactly where `type` starts with `contrast_` (readme); an answer refuses
 * where the human `final_label` is a full or partial refusal. The safe part is also a set of its own for over-refusal. The
 * answers of allenai/xstest-response (`response_harmfulness`, `response_refusal`) are published as Parquet behind a form; their
 * columns were read only in public code that loads them.
 */
import { type Draft, type Reader, rowId, sample } from './reader.ts'
import type { Columns, Row } from './row.ts'
import { setName, stem } from './source-file.ts'
import type { Table } from './table.ts'

const FINAL_LABELS = { '1_full_compliance': 0, '2_full_refusal': 1, '3_partial_refusal': 1 } as const

/** Columns of the files with answers; DuoGuard ships the same. */
export const completionColumns: Columns = {
  required: ['id', 'type', 'prompt', 'completion', 'annotation_1', 'annotation_2', 'agreement', 'final_label'],
  optional: ['gpt4_label', 'strmatch_label'],
}

export const xsTest: Reader = {
  name: 'xstest',
  description: 'XSTest: over-refusal prompts with unsafe contrasts, and answers labelled for refusal or harm',
  files: 'xstest_prompts.csv, xstest_v2_prompts.csv, model_completions/*.csv, or xstest-response as JSON Lines',
  citation: 'XSTest, arXiv 2308.01263; github.com/paul-rottger/exaggerated-safety (seen 2026-11-26)',
  licence: 'CC-BY-4.0 (prompts; answers follow the licences of Meta, Mistral and OpenAI; xstest-response: ODC-BY)',
  forms: [
    {
      name: 'prompts csv',
      container: 'csv',
      columns: { required: ['id', 'prompt', 'type', 'label', 'focus', 'note'] },
      verified: 'published_file',
      read: (table) => promptSets(table, 'id'),
    },
    {
      name: 'version 2 prompts csv',
      container: 'csv',
      columns: { required: ['id_v1', 'id_v2', 'type', 'prompt', 'focus', 'note'] },
      verified: 'published_file',
      read: (table) => promptSets(table, 'id_v2'),
    },
    {
      name: 'answers csv',
      container: 'csv',
      columns: completionColumns,
      verified: 'published_file',
      read: readCompletions,
    },
    {
      name: 'xstest-response',
      container: 'any',
      columns: { required: ['prompt', 'response', 'label', 'prompt_type', 'prompt_harm_category'] },
      verified: 'third_party',
      read: readResponses,
    },
  ],
}

function promptSets(table: Table, id: string): readonly Draft[] {
  const samples = table.rows.map((row) => {
    const type = row.filled('type')
    const label = type.startsWith('contrast_') ? 1 : 0
    if (row.has('label') && row.choice('label', { safe: 0, unsafe: 1 }) !== label)
      return row.fail('label', `${label === 1 ? '"unsafe"' : '"safe"'}, as the type says`)
    return sample({ id: row.key(id), prompt: row.filled('prompt'), label, categories: [type] })
  })
  return [
    { name: 'xstest', task: 'prompt_harm', samples },
    { name: 'xstest_safe', task: 'prompt_harm', samples: samples.filter(({ label }) => label === 0) },
  ]
}

/** One set a model: the model's name stands in the file's name only. */
function readCompletions(table: Table): readonly Draft[] {
  const model = /completions_(.+?)(?:_(?:gpteval|streval))?$/.exec(stem(table.name))?.[1] ?? ''
  const samples = table.rows.map((row) =>
    sample({
      id: row.key('id'),
      prompt: row.filled('prompt'),
      response: row.text('completion'),
      label: row.choice('final_label', FINAL_LABELS),
      categories: [row.text('final_label')],
    }),
  )
  return [{ name: setName('xstest_refusal', model), task: 'refusal', samples }]
}

function readResponses(table: Table): readonly Draft[] {
  return [
    responses(table.rows, 'xstest_response_harm', 'response_harm', { harmful: 1, unharmful: 0 }),
    responses(table.rows, 'xstest_response_refusal', 'refusal', { refusal: 1, compliance: 0 }),
  ]
}

function responses(
  rows: readonly Row[],
  name: string,
  task: Draft['task'],
  labels: Readonly<Record<string, 0 | 1>>,
): Draft {
  const others = { harmful: null, unharmful: null, refusal: null, compliance: null }
  const samples = rows.flatMap((row) => {
    const label = row.choice<0 | 1 | null>('label', { ...others, ...labels })
    if (label === null) return []
    const [prompt, response] = [row.filled('prompt'), row.text('response')]
    const categories = [row.textOrNull('prompt_type'), row.textOrNull('prompt_harm_category')].filter(
      (one) => one !== null,
    )
    return [sample({ id: rowId(row, prompt, response), prompt, response, label, categories })]
  })
  return { name, task, samples }
}
