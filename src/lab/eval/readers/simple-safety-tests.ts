/**
 * SimpleSafetyTests: one hundred plainly harmful prompts.
 *
 * Schema: bertiev/SimpleSafetyTests `SimpleSafetyTests - test cases.csv` at 0a31ff0, read 2026-11-26; the Hugging Face copy
 * (`sst_test_cases.csv`) names its text column `prompt`, read only in public code. Label rule (readme): a model should comply
 * with none, so every prompt is 1 and the set is `recall_only`.
 */
import { type Draft, type Reader, sample } from './reader.ts'
import type { Table } from './table.ts'

export const simpleSafetyTests: Reader = {
  name: 'simple_safety_tests',
  description: 'SimpleSafetyTests: harmful prompts, recall only',
  files: 'SimpleSafetyTests - test cases.csv, sst_test_cases.csv',
  citation: 'SimpleSafetyTests, arXiv 2311.08370; github.com/bertiev/SimpleSafetyTests (seen 2026-11-26)',
  licence: 'CC-BY-4.0',
  forms: [
    {
      name: 'repository csv',
      container: 'csv',
      columns: { required: ['id', 'harm_area', 'counter', 'category', 'prompts_final'] },
      verified: 'published_file',
      read: (table) => readCases(table, 'prompts_final'),
    },
    {
      name: 'hugging face csv',
      container: 'csv',
      columns: { required: ['id', 'harm_area', 'category', 'prompt'], optional: ['counter'] },
      verified: 'third_party',
      read: (table) => readCases(table, 'prompt'),
    },
  ],
}

function readCases(table: Table, text: string): readonly Draft[] {
  const samples = table.rows.map((row) =>
    sample({
      id: row.key('id'),
      prompt: row.filled(text),
      label: 1,
      categories: [row.filled('harm_area'), row.filled('category')],
    }),
  )
  return [{ name: 'simple_safety_tests', task: 'prompt_harm', samples }]
}
