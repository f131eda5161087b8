/** Parallel texts from a file: every line a pair, or an error with its place. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { writeLines } from '../../../../test/support/lab-rows.ts'
import { readParallelTexts } from './parallel-texts.ts'

const folder = mkdtempSync(join(tmpdir(), 'parapet-parallel-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = join(folder, 'pairs.jsonl.gz')
const PAIR = { lang: 'de', english: 'Water the moss.', text: 'Gieß das Moos.' }

test('pairs come in their order', () => {
  writeLines(path, [PAIR, { ...PAIR, lang: 'fr', text: 'Arrosez la mousse.' }, ''])
  expect(readParallelTexts(path)).toEqual([
    { language: 'de', english: 'Water the moss.', text: 'Gieß das Moos.' },
    { language: 'fr', english: 'Water the moss.', text: 'Arrosez la mousse.' },
  ])
})

test.each([
  ['no JSON', '{"lang":"de"', 'is not JSON'],
  ['no language', { english: 'Moss', text: 'Moos' }, 'is no pair'],
  ['no English', { lang: 'de', text: 'Moos' }, 'is no pair'],
  ['a text that is none', { ...PAIR, text: null }, 'is no pair'],
  ['nothing', null, 'is no pair'],
])('a line with %s is an error that names file and line', (_, line, message) => {
  writeLines(path, [PAIR, '', line])
  expect(() => readParallelTexts(path)).toThrow(
    expect.objectContaining({ code: 'input_invalid', message: expect.stringContaining(`${path}:3 ${message}`) }),
  )
})

test('a file that is not there or not packed is an error that names it', () => {
  const absent = join(folder, 'absent.jsonl.gz')
  expect(() => readParallelTexts(absent)).toThrow(expect.objectContaining({ code: 'configuration' }))
  expect(() => readParallelTexts(absent)).toThrow(absent)
  writeFileSync(path, JSON.stringify(PAIR))
  expect(() => readParallelTexts(path)).toThrow(
    expect.objectContaining({ code: 'input_invalid', message: expect.stringContaining('no whole gzip file') }),
  )
})
