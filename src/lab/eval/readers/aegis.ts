/**
 * NVIDIA Aegis content safety data, 1.0 and 2.0 (also published as Nemotron Content Safety V2).
 *
 * 2.0: columns and their meaning from the dataset card, read in a copy 2026-11-26. Label rule: `unsafe` is 1; rows whose prompt is
 * redacted carry no text and are left out of both sets, as the card sends the user to another data set for them.
 * 1.0: published as Parquet, columns read only in public code. Label rule of allenai/safety-eval as rebuilt there: harmful where
 * at most half of the annotators said `Safe`, so that `Needs Caution` counts as harmful; a tie counts as harmful. GuardReasoner's
 * own training script takes the most common single label instead; its 359 test rows come in its own file. Texts of another type
 * than `user_message` hold an answer or a whole dialogue in one text and become sets of answers.
 */
import { type Draft, type Reader, rowId, sample } from './reader.ts'
import type { Row } from './row.ts'
import { setName } from './source-file.ts'
import type { Table } from './table.ts'

const SAFETY = { safe: 0, unsafe: 1 } as const
const ANNOTATIONS = ['labels_0', 'labels_1', 'labels_2', 'labels_3', 'labels_4'] as const

export const aegis: Reader = {
  name: 'aegis',
  description: 'NVIDIA Aegis content safety data 1.0 and 2.0: prompt harm and response harm',
  files: '2.0: {train,validation,test}.json; 1.0: the Parquet files, converted to JSON Lines or CSV',
  citation:
    'Aegis, arXiv 2404.05993; Aegis 2.0, NAACL 2025; huggingface.co/datasets/nvidia/Aegis-AI-Content-Safety-Dataset-2.0 (card seen 2026-11-26)',
  licence: 'CC-BY-4.0',
  forms: [
    {
      name: '2.0 json',
      container: 'json',
      columns: {
        required: [
          'id',
          'reconstruction_id_if_redacted',
          'prompt',
          'response',
          'prompt_label',
          'response_label',
          'violated_categories',
          'prompt_label_source',
          'response_label_source',
        ],
      },
      verified: 'documentation',
      read: readSecond,
    },
    {
      name: '1.0 annotations',
      container: 'any',
      columns: {
        required: ['text', 'text_type', 'labels_0', 'labels_1', 'labels_2'],
        optional: ['id', 'num_annotations', 'labels_3', 'labels_4'],
      },
      verified: 'third_party',
      read: readFirst,
    },
  ],
}

function readSecond(table: Table): readonly Draft[] {
  const rows = table.rows.filter((row) => row.value('reconstruction_id_if_redacted') === null)
  const prompts = rows.map((row) => secondSample(row, row.choice('prompt_label', SAFETY), null))
  const answers = rows.flatMap((row) => {
    const label = row.choiceOrNull('response_label', SAFETY)
    return label === null ? [] : [secondSample(row, label, row.text('response'))]
  })
  return [
    { name: 'aegis2_prompt', task: 'prompt_harm', samples: prompts },
    { name: 'aegis2_response', task: 'response_harm', samples: answers },
  ]
}

function secondSample(row: Row, label: 0 | 1, response: string | null): Draft['samples'][number] {
  const named = row.textOrNull('violated_categories')?.split(',') ?? []
  const categories = named.map((name) => name.trim()).filter((name) => name !== '')
  return sample({ id: row.key('id'), prompt: row.text('prompt'), response, label, categories })
}

function readFirst(table: Table): readonly Draft[] {
  const types = [...new Set(table.rows.map((row) => row.filled('text_type')))]
  return types.map((type) => {
    const rows = table.rows.filter((row) => row.text('text_type') === type)
    const samples = rows.map((row) => firstSample(row, type))
    return type === 'user_message'
      ? { name: 'aegis_prompt', task: 'prompt_harm', samples }
      : { name: setName('aegis', type), task: 'response_harm', samples }
  })
}

function firstSample(row: Row, type: string): Draft['samples'][number] {
  const given = ANNOTATIONS.flatMap((column) => (row.has(column) ? (row.textOrNull(column) ?? []) : []))
  if (given.length === 0) return row.fail('labels_0', 'at least one annotation')
  const safe = given.filter((label) => label === 'Safe').length
  const text = row.text('text')
  const texts = type === 'user_message' ? { prompt: text, response: null } : { prompt: '', response: text }
  const categories = [...new Set(given.flatMap((label) => label.split(',')).map((label) => label.trim()))]
  return sample({ id: rowId(row, text), ...texts, label: safe * 2 > given.length ? 0 : 1, categories })
}
