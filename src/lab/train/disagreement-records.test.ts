import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { LabelledDisagreement } from './disagreement-records.ts'
import { disagreementRecords, writeDisagreementRecords } from './disagreement-records.ts'
import { readRecordFile } from './records.ts'

const ABOUT = { source: 'our traffic', licence: 'internal' }

function prompt(text: string, harmful: boolean): LabelledDisagreement {
  return {
    ...{ label: 'prompt_harm', judge: { score: harmful ? 1 : 0, harmful } },
    texts: { prompt: text, response: null, system: null },
  }
}

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-disagreements-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('the judge’s verdict is the label, and a file of them is training data', () => {
  const answer: LabelledDisagreement = {
    ...{ label: 'response_harm', judge: { score: 0.1, harmful: false } },
    texts: { prompt: 'How?', response: 'So.', system: 'Be kind.' },
  }
  const path = join(folder, 'disagreements.jsonl.gz')
  expect(writeDisagreementRecords(path, [prompt('a', true), answer], { ...ABOUT, language: () => 'en' })).toBe(2)
  const common = { ...ABOUT, lang: 'en', categories: [] }
  expect(readRecordFile(path).records).toEqual([
    { ...common, task: 'prompt_harm', prompt: 'a', response: null, system: null, label: 1 },
    { ...common, task: 'response_harm', prompt: 'How?', response: 'So.', system: 'Be kind.', label: 0 },
  ])
})

test('a text counts once, and not at all where the judge contradicts itself', () => {
  const all = [prompt('a', true), prompt('b', true), prompt('a', true), prompt('b', false), prompt('b', true)]
  expect(disagreementRecords(all, ABOUT).map((record) => [record.prompt, record.label, record.lang])).toEqual([
    ['a', 1, 'und'],
  ])
})

test('texts that were not captured, another name, nothing, and a file that is there are refused', () => {
  const bare: LabelledDisagreement = { ...prompt('a', true), texts: null }
  expect(() => disagreementRecords([bare], ABOUT)).toThrow(/capture/)
  const path = join(folder, 'd.jsonl.gz')
  expect(() => writeDisagreementRecords(join(folder, 'd.jsonl'), [prompt('a', true)], ABOUT)).toThrow(/\.jsonl\.gz/)
  expect(() => writeDisagreementRecords(path, [], ABOUT)).toThrow(expect.objectContaining({ code: 'configuration' }))
  writeDisagreementRecords(path, [prompt('a', true)], ABOUT)
  expect(() => writeDisagreementRecords(path, [prompt('b', true)], ABOUT)).toThrow(/new file/)
  expect(readRecordFile(path).records.map((record) => record.prompt)).toEqual(['a'])
})
