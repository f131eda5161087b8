/**
 * Tensor Trust: attacks of players on each other's prompts, and answers that leak a secret.
 *
 * Schema: HumanCompatibleAI/tensor-trust-data `benchmarks/hijacking-robustness/v1/*.jsonl` (same fields for extraction) and
 * `detecting-extractions/v1/prompt_extraction_detection.jsonl` at 01856c3; the last rows read 2026-11-26, field names of the
 * first two confirmed in public code. Label rules: every attack is 1 (`recall_only`), `system` is the defence around it; in the
 * detection file `is_prompt_extraction` labels the model's answer, `system` is the access code that must not leak.
 */
import { type Draft, type Reader, sample } from './reader.ts'
import { setName } from './source-file.ts'
import type { Table } from './table.ts'

export const tensorTrust: Reader = {
  name: 'tensor_trust',
  description: 'Tensor Trust: prompt hijacking and extraction attacks, and leaked secrets',
  files: '{hijacking,extraction}_robustness_dataset.jsonl, prompt_extraction_detection.jsonl',
  citation: 'Tensor Trust, arXiv 2311.01011; github.com/HumanCompatibleAI/tensor-trust-data (seen 2026-11-26)',
  licence: 'unknown',
  forms: [
    {
      name: 'attacks jsonl',
      container: 'json',
      columns: { required: ['sample_id', 'pre_prompt', 'attack', 'post_prompt', 'access_code'] },
      verified: 'published_file',
      read: readAttacks,
    },
    {
      name: 'extraction detection jsonl',
      container: 'json',
      columns: { required: ['sample_id', 'access_code', 'llm_output', 'is_prompt_extraction'] },
      verified: 'published_file',
      read: readLeaks,
    },
  ],
}

function readAttacks(table: Table): readonly Draft[] {
  const part = /hijacking|extraction/i.exec(table.name)?.[0] ?? ''
  const samples = table.rows.map((row) =>
    sample({
      id: `${row.number}-${row.key('sample_id')}`,
      language: 'und',
      prompt: row.text('attack'),
      system: `${row.text('pre_prompt')}\n\n${row.text('post_prompt')}`,
      label: 1,
    }),
  )
  return [{ name: setName('tensor_trust', part), task: 'injection', samples }]
}

function readLeaks(table: Table): readonly Draft[] {
  const samples = table.rows.map((row) =>
    sample({
      id: `${row.number}-${row.key('sample_id')}`,
      language: 'und',
      prompt: '',
      response: row.text('llm_output'),
      system: row.text('access_code'),
      label: row.flag('is_prompt_extraction') ? 1 : 0,
    }),
  )
  return [{ name: 'tensor_trust_extraction_detection', task: 'injection', samples }]
}
