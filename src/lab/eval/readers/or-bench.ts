/**
 * OR-Bench: prompts that look toxic and are not (80k, hard 1k), and prompts that are (toxic).
 *
 * Schema: dataset card of bench-llm/or-bench (`prompt`, `category`; three files), read 2026-11-26. Label rule of the card: the 80k
 * and hard files are seemingly toxic and safe, so 0 (`over_refusal`); the toxic file is 1 (`recall_only`). Only the file's name
 * tells them apart.
 */
import { type Draft, type Reader, rowId, sample } from './reader.ts'
import { stem } from './source-file.ts'
import type { Table } from './table.ts'

export const orBench: Reader = {
  name: 'or_bench',
  description: 'OR-Bench: over-refusal prompts and toxic prompts',
  files: 'or-bench-80k.csv, or-bench-hard-1k.csv, or-bench-toxic.csv',
  citation: 'OR-Bench, arXiv 2405.20947; huggingface.co/datasets/bench-llm/or-bench (card seen 2026-11-26)',
  licence: 'CC-BY-4.0',
  forms: [
    {
      name: 'csv',
      container: 'csv',
      columns: { required: ['prompt', 'category'] },
      verified: 'documentation',
      read: readPrompts,
    },
  ],
}

function readPrompts(table: Table): readonly Draft[] {
  const part = /(80k|hard|toxic)/i.exec(stem(table.name))?.[1]?.toLowerCase()
  if (part === undefined)
    return (
      table.rows[0]?.fail(
        'prompt',
        'a file name with 80k, hard or toxic in it',
        'another name, which hides the label',
      ) ?? []
    )
  const samples = table.rows.map((row) => {
    const prompt = row.text('prompt')
    return sample({
      id: rowId(row, prompt),
      prompt,
      label: part === 'toxic' ? 1 : 0,
      categories: [row.filled('category')],
    })
  })
  return [{ name: `or_bench_${part}`, task: 'prompt_harm', samples }]
}
