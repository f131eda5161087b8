/**
 * WildGuardMix (WildGuardTest and WildGuardTrain): prompt harm, response harm and refusal of one row.
 *
 * Published as gated Parquet at allenai/wildguardmix, which could not be opened; the card's text on the label columns and the
 * column lists that public code prints were read 2026-11-26. Convert to JSON Lines or CSV first. Label rules of the card and of
 * `evaluate.py` of GuardReasoner: `harmful` and `refusal` are positive, a null label (no agreement) keeps the row out of that set.
 */
import { type Draft, type Reader, rowId, sample } from './reader.ts'
import type { Row } from './row.ts'
import type { Table } from './table.ts'

const HARM = { harmful: 1, unharmful: 0 } as const
const REFUSAL = { refusal: 1, compliance: 0 } as const

export const wildGuard: Reader = {
  name: 'wildguard',
  description: 'WildGuardTest: prompt harm, response harm and refusal as three sets',
  files: 'test/wildguard_test.parquet, converted to JSON Lines or CSV',
  citation: 'WildGuard, arXiv 2406.18495; huggingface.co/datasets/allenai/wildguardmix (card seen 2026-11-26)',
  licence: 'ODC-BY',
  forms: [
    {
      name: 'three labels',
      container: 'any',
      columns: {
        required: [
          'prompt',
          'adversarial',
          'response',
          'prompt_harm_label',
          'response_refusal_label',
          'response_harm_label',
          'subcategory',
        ],
        optional: ['prompt_harm_agreement', 'response_refusal_agreement', 'response_harm_agreement'],
      },
      verified: 'third_party',
      read: readLabels,
    },
  ],
}

function readLabels(table: Table): readonly Draft[] {
  return [
    draft(table, 'wildguard_prompt', 'prompt_harm', (row) => row.choiceOrNull('prompt_harm_label', HARM)),
    draft(table, 'wildguard_response', 'response_harm', (row) => row.choiceOrNull('response_harm_label', HARM)),
    draft(table, 'wildguard_refusal', 'refusal', (row) => row.choiceOrNull('response_refusal_label', REFUSAL)),
  ]
}

function draft(table: Table, name: string, task: Draft['task'], labelOf: (row: Row) => 0 | 1 | null): Draft {
  const samples = table.rows.flatMap((row) => {
    const label = labelOf(row)
    if (label === null) return []
    const prompt = row.text('prompt')
    const response = task === 'prompt_harm' ? null : row.text('response')
    const shape = row.flag('adversarial') ? 'adversarial' : 'vanilla'
    const subcategory = row.textOrNull('subcategory')
    const categories = subcategory === null ? [shape] : [shape, subcategory]
    return [sample({ id: rowId(row, prompt, response), prompt, response, label, categories })]
  })
  return { name, task, samples }
}
