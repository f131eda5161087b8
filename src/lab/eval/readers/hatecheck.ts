/**
 * HateCheck (English) and Multilingual HateCheck (ten languages): functional tests of hate speech detection.
 *
 * Schema: paul-rottger/hatecheck-data `README.md` at 0734b2e for `test_suite_cases.csv` (last rows at 8464084) and
 * `all_cases.csv`, the header (with an unnamed index column) as quoted in public code; rewire-online/multilingual-hatecheck `README.md` at 4c7d630 and
 * `MHC Final Cases/hatecheck_cases_final_{mandarin,hindi}.csv` at 9f72ce8. Read 2026-11-26. Label rule: `label_gold`. Hindi cases
 * are written in Latin script.
 */
import { type Draft, type Reader, sample } from './reader.ts'
import type { Row } from './row.ts'
import { setName } from './source-file.ts'
import type { Table } from './table.ts'

const LABELS = { hateful: 1, 'non-hateful': 0 } as const
const LANGUAGES: Readonly<Record<string, string>> = {
  arabic: 'ar',
  dutch: 'nl',
  french: 'fr',
  german: 'de',
  hindi: 'hi-Latn',
  italian: 'it',
  mandarin: 'zh',
  polish: 'pl',
  portuguese: 'pt',
  spanish: 'es',
}

export const hateCheck: Reader = {
  name: 'hatecheck',
  description: 'HateCheck: English functional tests of hate speech detection',
  files: 'test_suite_cases.csv, all_cases.csv',
  citation: 'HateCheck, ACL 2021; github.com/paul-rottger/hatecheck-data (README seen 2026-11-26)',
  licence: 'CC-BY-4.0',
  forms: [
    {
      name: 'cases csv',
      container: 'csv',
      columns: {
        required: ['functionality', 'case_id', 'test_case', 'label_gold', 'target_ident', 'templ_id'],
        optional: ['', 'direction', 'focus_words', 'focus_lemma', 'ref_case_id', 'ref_templ_id', 'case_templ'],
      },
      verified: 'published_file',
      read: (table) => [
        {
          name: 'hatecheck',
          task: 'toxicity',
          samples: table.rows.map((row) => hateCase(row, row.key('case_id'), 'en')),
        },
      ],
    },
  ],
}

export const multilingualHateCheck: Reader = {
  name: 'multilingual_hatecheck',
  description: 'Multilingual HateCheck: functional tests of hate speech detection in ten languages',
  files: 'MHC Final Cases/hatecheck_cases_final_{language}.csv',
  citation: 'Multilingual HateCheck, WOAH 2022; github.com/rewire-online/multilingual-hatecheck (seen 2026-11-26)',
  licence: 'CC-BY-4.0',
  forms: [
    {
      name: 'final cases csv',
      container: 'csv',
      columns: {
        required: ['mhc_case_id', 'functionality', 'test_case', 'label_gold', 'target_ident', 'templ_id'],
        optional: [
          'ref_case_id',
          'ref_templ_id',
          'case_templ',
          'gender_male',
          'gender_female',
          'label_annotated',
          'label_annotated_maj',
          'disagreement_in_case',
          'disagreement_in_template',
        ],
      },
      verified: 'published_file',
      read: readMultilingual,
    },
  ],
}

function hateCase(row: Row, id: string, language: string): Draft['samples'][number] {
  const target = row.textOrNull('target_ident')
  const functionality = row.filled('functionality')
  return sample({
    id,
    language,
    prompt: row.filled('test_case'),
    label: row.choice('label_gold', LABELS),
    categories: target === null ? [functionality] : [functionality, target],
  })
}

function readMultilingual(table: Table): readonly Draft[] {
  const samples = table.rows.map((row) => {
    const id = row.key('mhc_case_id')
    const language = LANGUAGES[id.split('-')[0] ?? '']
    if (language === undefined)
      return row.fail('mhc_case_id', `an id that starts with ${Object.keys(LANGUAGES).join(', ')}`)
    return hateCase(row, id, language)
  })
  const languages = [...new Set(samples.map(({ language }) => language))]
  return languages.map((language) => ({
    name: setName('multilingual_hatecheck', language),
    task: 'toxicity',
    samples: samples.filter((one) => one.language === language),
  }))
}
