/**
 * OpenAI's moderation evaluation set: 1,680 texts with eight binary labels.
 *
 * Schema: openai/moderation-api-release `README.md` at 44dfee8 (label table; a label that is absent is unknown) for
 * `data/samples-1680.jsonl.gz`, read 2026-11-26. Label rule of GuardReasoner, ThinkGuard and WildGuard: 1 where any of the eight
 * labels is 1, which gives 522 of 1,680; an unknown label counts as not set.
 */
import { type Reader, rowId, sample } from './reader.ts'
import type { Row } from './row.ts'

const LABELS = ['S', 'H', 'V', 'HR', 'SH', 'S3', 'H2', 'V2'] as const

export const openAiModeration: Reader = {
  name: 'openai_moderation',
  description: 'OpenAI moderation evaluation set',
  files: 'data/samples-1680.jsonl.gz',
  citation: 'Markov et al., arXiv 2208.03274; github.com/openai/moderation-api-release (README seen 2026-11-26)',
  licence: 'MIT',
  forms: [
    {
      name: 'jsonl',
      container: 'json',
      columns: { required: ['prompt'], optional: LABELS },
      verified: 'documentation',
      read: (table) => [
        {
          name: 'openai_moderation',
          task: 'prompt_harm',
          samples: table.rows.map((row) => {
            const prompt = row.text('prompt')
            const categories = setLabels(row)
            return sample({ id: rowId(row, prompt), prompt, label: categories.length > 0 ? 1 : 0, categories })
          }),
        },
      ],
    },
  ],
}

function setLabels(row: Row): readonly string[] {
  const known = LABELS.filter((label) => row.has(label) && row.value(label) !== null)
  if (known.length === 0) return row.fail('S', `at least one of the labels ${LABELS.join(', ')}`, 'none of them')
  return known.filter((label) => row.flag(label))
}
