/**
 * MultiJail: harmful prompts in ten languages, row by row the same.
 *
 * Schema: DAMO-NLP-SG/MultiJail `MultiJail.csv`; the languages from the repository's readme at 050f72c, the first columns (`id`,
 * `source`, `tags`) from public code that loads it; read 2026-11-26. Label rule (paper): every prompt is unsafe, so 1 and
 * `recall_only`. Each language is a set of its own,
 * with the same ids.
 */
import { type Draft, type Reader, sample, textHash } from './reader.ts'
import type { Row } from './row.ts'
import type { Table } from './table.ts'

const LANGUAGES = ['en', 'zh', 'it', 'vi', 'ar', 'ko', 'th', 'bn', 'sw', 'jv'] as const

export const multiJail: Reader = {
  name: 'multijail',
  description: 'MultiJail: harmful prompts in ten languages, recall only',
  files: 'MultiJail.csv',
  citation: 'MultiJail, arXiv 2310.06474; github.com/DAMO-NLP-SG/multilingual-safety-for-LLMs (README seen 2026-11-26)',
  licence: 'MIT',
  forms: [
    {
      name: 'csv',
      container: 'csv',
      columns: { required: ['id', 'tags', ...LANGUAGES], optional: ['source'] },
      verified: 'third_party',
      read: readLanguages,
    },
  ],
}

function readLanguages(table: Table): readonly Draft[] {
  return LANGUAGES.map((language) => ({
    name: `multijail_${language}`,
    task: 'prompt_harm',
    samples: table.rows.map((row) =>
      sample({
        id: `${row.key('id')}-${textHash(row.text('en'))}`,
        language,
        prompt: row.text(language),
        label: 1,
        categories: tagsOf(row),
      }),
    ),
  }))
}

/** The tags stand as a Python list of strings. */
function tagsOf(row: Row): readonly string[] {
  const text = row.filled('tags').trim()
  if (!text.startsWith('[') || !text.endsWith(']')) return row.fail('tags', 'a list in square brackets')
  const tags = [...text.matchAll(/'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1] ?? match[2] ?? '')
  return tags.length > 0 || text === '[]' ? tags : row.fail('tags', 'a list of quoted names')
}
