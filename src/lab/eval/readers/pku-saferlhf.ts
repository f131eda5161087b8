/**
 * PKU-SafeRLHF: prompts with two answers each (or one, in the question and answer edition), each with a safety label.
 *
 * Schema: dataset card of PKU-Alignment/PKU-SafeRLHF and its revision v0 (`round0/test.jsonl.xz`), read 2026-11-26; the columns
 * of the present revision were read in public code that loads it (field names of PyRIT's fetcher and of preference builders).
 * Label rule: an answer is harmful where `is_response_N_safe` (or `is_safe`) is false. Preferences are not used. GuardReasoner's
 * sample of 2,000 is drawn from pairs that disagree: read it with `guardreasoner`.
 */
import { type Draft, type Reader, rowId, sample } from './reader.ts'
import type { Row } from './row.ts'
import type { Table } from './table.ts'

export const pkuSafeRlhf: Reader = {
  name: 'pku_saferlhf',
  description: 'PKU-SafeRLHF: harm of an answer to a prompt',
  files: 'data/*/{train,test}.jsonl, round0/*.jsonl, or the QA edition',
  citation: 'PKU-SafeRLHF, arXiv 2406.15513; huggingface.co/datasets/PKU-Alignment/PKU-SafeRLHF (card seen 2026-11-26)',
  licence: 'CC-BY-NC-4.0',
  forms: [
    {
      name: 'pairs jsonl',
      container: 'json',
      columns: {
        required: ['prompt', 'response_0', 'response_1', 'is_response_0_safe', 'is_response_1_safe'],
        optional: [
          'better_response_id',
          'safer_response_id',
          'prompt_source',
          'response_0_source',
          'response_1_source',
          'response_0_harm_category',
          'response_1_harm_category',
          'response_0_severity_level',
          'response_1_severity_level',
          'response_0_sha256',
          'response_1_sha256',
        ],
      },
      verified: 'third_party',
      read: (table) => draft(table.rows.flatMap((row) => [answer(row, 0), answer(row, 1)])),
    },
    {
      name: 'question and answer jsonl',
      container: 'json',
      columns: {
        required: ['prompt', 'response', 'is_safe'],
        optional: ['prompt_source', 'response_source', 'harm_category', 'severity_level', 'sha256'],
      },
      verified: 'third_party',
      read: readPairsOfText,
    },
  ],
}

function draft(samples: Draft['samples']): readonly Draft[] {
  return [{ name: 'pku_saferlhf', task: 'response_harm', samples }]
}

function answer(row: Row, index: 0 | 1): Draft['samples'][number] {
  const [prompt, response] = [row.text('prompt'), row.text(`response_${index}`)]
  return sample({
    id: `${rowId(row, prompt, response)}-${index}`,
    prompt,
    response,
    label: row.flag(`is_response_${index}_safe`) ? 0 : 1,
    categories: categoriesOf(row, `response_${index}_harm_category`),
  })
}

function readPairsOfText({ rows }: Table): readonly Draft[] {
  return draft(
    rows.map((row) => {
      const [prompt, response] = [row.text('prompt'), row.text('response')]
      const label = row.flag('is_safe') ? 0 : 1
      const categories = categoriesOf(row, 'harm_category')
      return sample({ id: rowId(row, prompt, response), prompt, response, label, categories })
    }),
  )
}

function categoriesOf(row: Row, column: string): readonly string[] {
  if (!row.has(column)) return []
  const category = row.object(column)
  return category.columns.filter((name) => category.flag(name))
}
