/**
 * BeaverTails: prompt and answer pairs with fourteen harm categories.
 *
 * Schema: PKU-Alignment/BeaverTails `round0/30k/test.jsonl.gz` and others; read on the copy in yihedeng9/DuoGuard
 * `evaluation/eval_data_De/beavertail_test.jsonl` at 70cefb5, 2026-11-26. Label rule: the answer is harmful where `is_safe` is
 * false. The prompt has no label of its own.
 */
import { type Reader, rowId, sample } from './reader.ts'
import { type Columns, type Row, checkColumns } from './row.ts'

const CATEGORIES = [
  'animal_abuse',
  'child_abuse',
  'controversial_topics,politics',
  'discrimination,stereotype,injustice',
  'drug_abuse,weapons,banned_substance',
  'financial_crime,property_crime,theft',
  'hate_speech,offensive_language',
  'misinformation_regarding_ethics,laws_and_safety',
  'non_violent_unethical_behavior',
  'privacy_violation',
  'self_harm',
  'sexually_explicit,adult_content',
  'terrorism,organized_crime',
  'violence,aiding_and_abetting,incitement',
] as const

export const beaverTailsColumns: Columns = { required: ['prompt', 'response', 'category', 'is_safe'] }

/** Names of the categories that are true. */
export function harmfulCategories(row: Row): readonly string[] {
  const category = row.object('category')
  checkColumns(category, { required: CATEGORIES })
  return CATEGORIES.filter((name) => category.flag(name))
}

export const beaverTails: Reader = {
  name: 'beavertails',
  description: 'BeaverTails: harm of an answer to a prompt, fourteen categories',
  files: 'round0/{30k,330k}/{train,test}.jsonl.gz',
  citation: 'BeaverTails, arXiv 2307.04657; huggingface.co/datasets/PKU-Alignment/BeaverTails (schema seen 2026-11-26)',
  licence: 'CC-BY-NC-4.0',
  forms: [
    {
      name: 'jsonl',
      container: 'json',
      columns: beaverTailsColumns,
      verified: 'published_file',
      read: (table) => [
        {
          name: 'beavertails',
          task: 'response_harm',
          samples: table.rows.map((row) => {
            const [prompt, response] = [row.text('prompt'), row.text('response')]
            const label = row.flag('is_safe') ? 0 : 1
            return sample({
              id: rowId(row, prompt, response),
              prompt,
              response,
              label,
              categories: harmfulCategories(row),
            })
          }),
        },
      ],
    },
  ],
}
