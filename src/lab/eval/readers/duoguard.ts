/**
 * DuoGuard's evaluation files in English, French, Spanish and German.
 *
 * Schema: yihedeng9/DuoGuard, `evaluation/eval_data_{En,Fr,Es,De}/*` at 70cefb5 and `evaluation/evaluate_duoguard.py` at 145e112,
 * read 2026-11-26; the columns of its XSTest files are those of XSTest's own answer files (see `xstest.ts`), their headers were
 * not opened. Label rules of that script: OpenAI and ToxicChat `moderation_flag`; RTP-LX and XSafety `class`; BeaverTails
 * not `is_safe`; XSTest 1 exactly where `type` starts with `contrast_`. It joins a BeaverTails prompt and answer with a blank;
 * here they stay apart. Its prompts are unsafe whether harmful or toxic (twelve categories, the largest score). XSafety is all positive, so it is `recall_only`. The folder gives the language and the file name the set,
 * so both must be kept.
 */
import { beaverTailsColumns, harmfulCategories } from './beavertails.ts'
import { type Draft, type Reader, rowId, sample } from './reader.ts'
import type { Row } from './row.ts'
import { setName, stem } from './source-file.ts'
import type { Table } from './table.ts'
import { completionColumns } from './xstest.ts'

const LANGUAGES: Readonly<Record<string, string>> = { en: 'en', fr: 'fr', es: 'es', de: 'de' }
const PROMPT_SETS = { openai: 'openai', toxic_chat: 'toxic_chat' } as const
const CLASS_SETS = { rtp_lx_prompt: 'rtp_lx', xsafety: 'xsafety' } as const

export const duoGuard: Reader = {
  name: 'duoguard',
  description: 'DuoGuard evaluation sets in en, fr, es, de: OpenAI, ToxicChat, RTP-LX, XSafety, BeaverTails, XSTest',
  files:
    'evaluation/eval_data_{En,Fr,Es,De}/{openai,toxic_chat,rtp_lx_prompt,XSafety}.json, beavertail_test.jsonl, xstest_*.csv',
  citation: 'DuoGuard, arXiv 2502.05163; github.com/yihedeng9/DuoGuard evaluation/eval_data_* (seen 2026-11-26)',
  licence: 'Apache-2.0 (repository); upstream licences differ per set',
  forms: [
    {
      name: 'flagged prompts json',
      container: 'json',
      columns: { required: ['prompt', 'parsed_result', 'moderation_flag', 'moderation_result'] },
      verified: 'published_file',
      read: (table) => prompts(table, setOf(table, PROMPT_SETS), 'moderation_flag'),
    },
    {
      name: 'classed prompts json',
      container: 'json',
      columns: { required: ['prompt', 'class'] },
      verified: 'published_file',
      read: (table) => prompts(table, setOf(table, CLASS_SETS), 'class'),
    },
    {
      name: 'beavertails jsonl',
      container: 'json',
      columns: beaverTailsColumns,
      verified: 'published_file',
      read: readBeaverTails,
    },
    {
      name: 'xstest csv',
      container: 'csv',
      columns: completionColumns,
      verified: 'documentation',
      read: readXsTest,
    },
  ],
}

function prompts(table: Table, set: string, column: string): readonly Draft[] {
  const language = languageOf(table)
  const samples = table.rows.map((row) => {
    const prompt = row.text('prompt')
    const label = row.flag(column) ? 1 : 0
    return sample({ id: rowId(row, prompt), language, prompt, label, harmfulOrToxic: true })
  })
  return [{ name: setName('duoguard', set, language), task: set === 'rtp_lx' ? 'toxicity' : 'prompt_harm', samples }]
}

function readBeaverTails(table: Table): readonly Draft[] {
  const language = languageOf(table)
  const samples = table.rows.map((row) => {
    const [prompt, response] = [row.text('prompt'), row.text('response')]
    const label = row.flag('is_safe') ? 0 : 1
    return sample({
      id: rowId(row, prompt, response),
      language,
      prompt,
      response,
      label,
      categories: harmfulCategories(row),
    })
  })
  return [{ name: setName('duoguard_beavertails', language), task: 'response_harm', samples }]
}

function readXsTest(table: Table): readonly Draft[] {
  const language = languageOf(table)
  const samples = table.rows.map((row: Row) => {
    const type = row.filled('type')
    const label = type.startsWith('contrast_') ? 1 : 0
    return sample({
      id: row.key('id'),
      language,
      prompt: row.filled('prompt'),
      label,
      categories: [type],
      harmfulOrToxic: true,
    })
  })
  return [{ name: setName('duoguard_xstest', language), task: 'prompt_harm', samples }]
}

/** The language of a folder `eval_data_De`; `und` where the path has lost it. */
function languageOf({ name }: Table): string {
  const folder = /eval_data_([A-Za-z]{2})(?![A-Za-z])/.exec(name)?.[1]?.toLowerCase() ?? ''
  return LANGUAGES[folder] ?? 'und'
}

function setOf(table: Table, sets: Readonly<Record<string, string>>): string {
  const set = sets[stem(table.name).toLowerCase()]
  if (set !== undefined) return set
  const names = Object.keys(sets).map((name) => `${name}.json`)
  return table.rows[0]?.fail('prompt', `a file named ${names.join(' or ')}`, 'another name, which hides the set') ?? ''
}
