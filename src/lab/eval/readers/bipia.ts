/**
 * BIPIA: attacks set into e-mails, tables, news and forum answers.
 *
 * Schema: microsoft/BIPIA `benchmark/README.md`, `benchmark/{email,table,code}/test.jsonl`, `benchmark/text_attack_test.json` and
 * the builders in `bipia/data/{base,email,table,abstract,code,utils}.py`, read 2026-11-26. The sets are built from a context file
 * and an attack file, so both are needed; the context's folder (`email`, `abstract`, …) tells the kinds apart, so it must be kept. Label rule: the
 * clean context is 0; a context with an attack line before or after it is 1, every attack with every context, as BIPIA's
 * `insert_start` and `insert_end` join them. Its third place, the middle, needs NLTK's sentence splitter and Python's random
 * numbers and is left out. `system` states the trusted task.
 */
import { ParapetError } from '../../../spec/index.ts'
import { type Draft, type Form, type Reader, fits, rowId, sample, textHash } from './reader.ts'
import { type Row, checkColumns } from './row.ts'
import { setName } from './source-file.ts'
import type { Table } from './table.ts'

const question: Form = contextForm('questions jsonl', ['context', 'question', 'ideal'])
const news: Form = contextForm('news jsonl', ['context', 'ideal'])
const code: Form = contextForm(
  'code jsonl',
  ['error', 'code', 'context', 'ideal'],
  ['context_url', 'context_author_url'],
)
const attacks: Form = {
  name: 'attacks json',
  container: 'json',
  columns: { required: [] },
  fits: isAttackFile,
  verified: 'published_file',
  read: () => [],
}

export const bipia: Reader = {
  name: 'bipia',
  description: 'BIPIA: indirect injections in documents, with the clean documents',
  files: 'benchmark/{email,table,abstract,code}/{train,test}.jsonl together with {text,code}_attack_{train,test}.json',
  citation: 'BIPIA, arXiv 2312.14197; github.com/microsoft/BIPIA benchmark (seen 2026-11-26)',
  licence: 'MIT',
  forms: [question, news, code, attacks],
  combine,
}

function contextForm(name: string, required: readonly string[], optional: readonly string[] = []): Form {
  return { name, container: 'json', columns: { required, optional }, verified: 'published_file', read: () => [] }
}

/** One object of lists of texts; a code context of one row looks alike but has a context. */
function isAttackFile({ rows, columns }: Table): boolean {
  const [row] = rows
  if (row === undefined || rows.length > 1 || columns.has('context') || columns.size === 0) return false
  return row.columns.every((name) => isTexts(row.value(name)))
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((one: unknown) => typeof one === 'string')
}

function combine(tables: readonly Table[]): readonly Draft[] {
  const attackTables = tables.filter((table) => fits(attacks, table))
  const contexts = tables.filter((table) => !attackTables.includes(table))
  if (attackTables.length === 0 || contexts.length === 0)
    throw new ParapetError(
      'input_invalid',
      `${tables.map(({ name }) => name).join(', ')}: BIPIA needs a context file and an attack file together. Give ${bipia.files}.`,
    )
  return contexts.map((table) => compose(table, attacksFor(table, attackTables)))
}

interface Attack {
  readonly name: string
  readonly text: string
}

/** Attacks on code go with code, those on text with everything else; their files are named so. */
function attacksFor(context: Table, tables: readonly Table[]): readonly Attack[] {
  const forCode = context.columns.has('code')
  const fitting = tables.filter(({ name }) => /code_attack/i.test(name) === forCode)
  if (fitting.length === 0)
    throw new ParapetError(
      'input_invalid',
      `${context.name} has no attack file: give ${forCode ? 'code' : 'text'}_attack_test.json, named as published, with it.`,
    )
  return fitting.flatMap(({ rows }) =>
    rows.flatMap((row) => row.columns.flatMap((name) => row.texts(name).map((text) => ({ name, text })))),
  )
}

function compose(table: Table, list: readonly Attack[]): Draft {
  const kind = /(?:^|[\\/])(email|table|abstract|qa|code)[\\/]/i.exec(table.name)?.[1] ?? ''
  const samples = table.rows.flatMap((row) => {
    const { context, system } = readContext(row, kind)
    const clean = sample({ id: rowId(row, context), prompt: context, system, label: 0 })
    const placed = (id: string, attack: Attack, prompt: string): Draft['samples'][number] =>
      sample({
        id: `${clean.id}-${id}-${textHash(attack.name, attack.text)}`,
        prompt,
        system,
        label: 1,
        categories: [attack.name],
      })
    return [
      clean,
      ...list.flatMap((attack) => [
        placed('start', attack, `${attack.text}\n${context}`),
        placed('end', attack, `${context}\n${attack.text}`),
      ]),
    ]
  })
  return { name: setName('bipia', kind), task: 'injection', samples }
}

function readContext(row: Row, kind: string): { context: string; system: string } {
  if (row.has('code') || row.has('error')) {
    checkColumns(row, code.columns)
    const [error, source, context] = [row.texts('error'), row.texts('code'), row.texts('context')].map((one) =>
      one.join('\n'),
    )
    return { context: context ?? '', system: `Fix the error in this code.\n\nError:\n${error}\n\nCode:\n${source}` }
  }
  const summary = kind.toLowerCase() === 'abstract'
  checkColumns(row, summary ? news.columns : question.columns)
  const system = summary ? 'Summarise the text in a few words.' : row.filled('question')
  return { context: row.filled('context'), system }
}
