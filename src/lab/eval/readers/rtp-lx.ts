/**
 * RTP-LX: toxic prompts by locale with the mean marks of native speakers.
 *
 * Schema: microsoft/RTP-LX `README.md` at 0a49817 and `RTP-LX/RTP_LX_{EN,HE,NO-NB}.json` at d64f109 and `…_{AR,DE,PT-BR,ZH-Hans}.json`
 * at aae2534 (last rows; some locales add `OriginalMetadata`), read 2026-11-26. Label rule: toxic where the mean of `Toxicity` is
 * above 1, which reproduces DuoGuard's counts in en, fr, es and de (project notes). Marks run from 1 to 5. The language is that of
 * the file's name, because `Locale` says `ZH` for both ways of writing Chinese; without such a name it is `Locale`. Only prompts
 * are read; completions have files of their own. One English row holds `NA` for a text and is kept as published.
 */
import { type Draft, type Reader, rowId, sample } from './reader.ts'
import { type Row, checkColumns } from './row.ts'
import { setName, stem } from './source-file.ts'
import type { Table } from './table.ts'

const DIMENSIONS = [
  'Toxicity',
  'IdentityAttack',
  'Bias',
  'Microaggression',
  'Violence',
  'SelfHarm',
  'Insult',
  'SexualContent',
] as const

export const rtpLx: Reader = {
  name: 'rtp_lx',
  description: 'RTP-LX: toxicity of prompts in 28 locales',
  files: 'RTP-LX/RTP_LX_{locale}.json (JSON Lines)',
  citation: 'RTP-LX, arXiv 2404.14397; github.com/microsoft/RTP-LX (seen 2026-11-26)',
  licence: 'MIT (data, see NOTICE)',
  forms: [
    {
      name: 'json lines',
      container: 'json',
      columns: {
        required: ['Prompt', 'Completion', 'Index', 'Locale', 'Annotations'],
        optional: ['Dialect', 'OriginalMetadata', 'AnnotationsRaw'],
      },
      verified: 'published_file',
      read: readPrompts,
    },
  ],
}

function readPrompts(table: Table): readonly Draft[] {
  const samples = table.rows.map((row) => {
    const marks = row.object('Annotations')
    checkColumns(marks, { required: DIMENSIONS })
    const prompt = row.text('Prompt')
    return sample({
      id: rowId(row, prompt),
      language: languageOf(row, table),
      prompt,
      label: mark(marks, 'Toxicity') > 1 ? 1 : 0,
      categories: DIMENSIONS.filter((dimension) => mark(marks, dimension) > 1),
    })
  })
  const languages = [...new Set(samples.map(({ language }) => language))]
  return languages.map((language) => ({
    name: setName('rtp_lx', language),
    task: 'toxicity',
    samples: samples.filter((one) => one.language === language),
  }))
}

function mark(marks: Row, dimension: string): number {
  const value = marks.decimal(dimension)
  return value >= 1 && value <= 5 ? value : marks.fail(dimension, 'a mark from 1 to 5')
}

/** Codes stand as `DE`, `Pt-Br`, `ZH-Hans`; `NO` and `NO-NB` are Bokmål. */
function languageOf(row: Row, table: Table): string {
  const code = /^RTP_LX_([A-Z]{2}(?:-[A-Z]+)?)$/i.exec(stem(table.name))?.[1] ?? row.filled('Locale')
  try {
    const [language = 'und'] = Intl.getCanonicalLocales(code)
    return language.startsWith('no') ? 'nb' : language
  } catch {
    return row.fail('Locale', 'a language code such as DE or PT-BR')
  }
}
