/**
 * Parapet's own record form: JSON Lines, gzipped or plain, one labelled text a line, as the training tools read it.
 *
 * Schema: `{"task","lang","prompt","response","system","label","categories","source","licence"}`. Task `benign` (always 0) becomes a
 * prompt harm set of negatives, so an over-refusal set; `agent` has no evaluation task and is an error. Source and licence come
 * from the rows. A file with several tasks gives a set for each.
 */
import type { EvaluationTask } from '../sample.ts'
import { type Draft, type Reader, rowId, sample } from './reader.ts'
import type { Row } from './row.ts'
import { setName, stem } from './source-file.ts'
import type { Table } from './table.ts'

const TASKS: Readonly<Record<string, EvaluationTask>> = {
  prompt_harm: 'prompt_harm',
  benign: 'prompt_harm',
  response_harm: 'response_harm',
  refusal: 'refusal',
  injection: 'injection',
  toxicity: 'toxicity',
  offtopic: 'offtopic',
  pii: 'pii',
}

export const records: Reader = {
  name: 'records',
  description: "Parapet's own labelled records",
  files: '*.jsonl or *.jsonl.gz in the record form',
  citation: 'stated in each record',
  licence: 'stated in each record',
  forms: [
    {
      name: 'record jsonl',
      container: 'json',
      columns: {
        required: ['task', 'lang', 'prompt', 'response', 'system', 'label', 'categories', 'source', 'licence'],
      },
      verified: 'published_file',
      read: readRecords,
    },
  ],
}

function readRecords(table: Table): readonly Draft[] {
  const rows = table.rows.map((row) => ({ row, named: row.filled('task'), task: row.choice('task', TASKS) }))
  const names = [...new Set(rows.map(({ named }) => named))]
  return names.map((named) => {
    const own = rows.filter((one) => one.named === named).map(({ row }) => row)
    const stated = (column: string): string => [...new Set(own.map((row) => row.filled(column)))].toSorted().join('; ')
    return {
      name: names.length === 1 ? setName(stem(table.name)) : setName(stem(table.name), named),
      task: TASKS[named] ?? 'prompt_harm',
      samples: own.map((row) => recordSample(row, named)),
      citation: stated('source'),
      licence: stated('licence'),
    }
  })
}

/** Sources whose prompts are unsafe when harmful or toxic (see `duoguard.ts`). */
const DUOGUARD = 'yihedeng9/DuoGuard:'

function recordSample(row: Row, named: string): Draft['samples'][number] {
  const label = row.value('label')
  if (label !== 0 && label !== 1) return row.fail('label', '0 or 1')
  if (named === 'benign' && label === 1) return row.fail('label', '0, because the task is benign')
  const [prompt, response, system] = [row.text('prompt'), row.textOrNull('response'), row.textOrNull('system')]
  if (prompt.trim() === '' && response === null) return row.fail('prompt', 'a text, because there is no response')
  const id = rowId(row, prompt, response, system)
  const either = named === 'prompt_harm' && row.filled('source').startsWith(DUOGUARD)
  return sample({
    ...{ id, language: languageOf(row), prompt, response, system, categories: row.texts('categories') },
    ...{ label, ...(either ? { harmfulOrToxic: true } : {}) },
  })
}

function languageOf(row: Row): string {
  const code = row.filled('lang')
  try {
    return Intl.getCanonicalLocales(code)[0] ?? 'und'
  } catch {
    return row.fail('lang', 'a BCP 47 language code')
  }
}
