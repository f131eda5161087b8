/** The record form: a line that is none is an error with its place, never a row that is silently left out. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { row, writeLines } from '../../../test/support/lab-rows.ts'
import { parseRecord, readRecordFile, readRecordFiles } from './records.ts'

const folder = mkdtempSync(join(tmpdir(), 'parapet-records-'))
afterAll(() => rmSync(folder, { recursive: true }))
const place = (name: string): string => join(folder, name)

describe('a line', () => {
  test('comes back as it is; what may be absent is null or empty', () => {
    const record = row({ task: 'prompt_harm', label: 1, categories: ['S2'], response: 'No.' })
    expect(parseRecord(JSON.stringify(record), 'f:1')).toEqual(record)
    const { response: _, system: __, categories: ___, ...least } = row()
    expect(parseRecord(JSON.stringify(least), 'f:1')).toEqual(row())
  })

  test.each([
    ['an unknown task', { ...row(), task: 'harmm' }],
    ['a label that is none', { ...row(), label: 2 }],
    ['no prompt', { ...row(), prompt: null }],
    ['no language', { ...row(), lang: undefined }],
    ['no licence', { ...row(), licence: undefined }],
    ['no source', { ...row(), source: 3 }],
    ['an answer that is no text', { ...row(), response: ['No.'] }],
    ['categories that are no list', { ...row(), categories: 'S2' }],
    ['nothing', null],
    ['another value', 'moss'],
  ])('with %s is an error, not a zero', (_, value) => {
    expect(() => parseRecord(JSON.stringify(value), 'rows:7')).toThrow(
      expect.objectContaining({ code: 'input_invalid', message: expect.stringContaining('rows:7 is not a training') }),
    )
  })

  test('that is not JSON is an error that does not quote it', () => {
    expect(() => parseRecord('{"prompt":"a secret of mine"', 'rows:7')).toThrow(
      expect.objectContaining({
        ...{ name: 'ParapetError', code: 'input_invalid' },
        message: expect.stringMatching(/^rows:7 is not JSON(?!.*secret)/),
      }),
    )
  })
})

describe('files', () => {
  test('are read by name, with the digest of their bytes; empty lines count', () => {
    const own = place('files')
    mkdirSync(own)
    writeLines(join(own, 'b.jsonl.gz'), [row(), '', row({ prompt: 'Moss?' })])
    writeLines(join(own, 'a.jsonl.gz'), [])
    writeFileSync(join(own, 'README.md'), 'not read')
    const [a, b, ...more] = readRecordFiles(own)
    expect(more).toEqual([])
    expect(a).toMatchObject({ name: 'a', records: [] })
    expect(b?.records.map(({ prompt }) => prompt)).toEqual(['How do I water beans?', 'Moss?'])
    expect(b?.sha256).toMatch(/^[0-9a-f]{64}$/)
    writeLines(join(own, 'b.jsonl.gz'), [row(), '', { ...row(), label: 'yes' }])
    expect(() => readRecordFiles(own)).toThrow('b.jsonl.gz:3 is not a training record')
  })

  test.each([
    ['a folder that is not there', (): unknown => readRecordFiles(place('absent')), 'configuration', 'absent'],
    ['a folder without rows', (): unknown => readRecordFiles(emptyFolder()), 'configuration', 'no *.jsonl.gz'],
    ['a file that is not there', (): unknown => readRecordFile(place('no.jsonl.gz')), 'configuration', 'no.jsonl.gz'],
    ['a file that is not packed', (): unknown => readRecordFile(plain()), 'input_invalid', 'no whole gzip file'],
  ])('%s is an error that names it', (_, read, code, message) => {
    expect(read).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }))
  })
})

function emptyFolder(): string {
  const path = place('empty')
  mkdirSync(path)
  return path
}

function plain(): string {
  const path = place('plain.jsonl.gz')
  writeFileSync(path, JSON.stringify(row()))
  return path
}
