/** Rows: files, records put together, balance. Invented texts only. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TrainingRecord } from '../train/records.ts'
import { balancedRows, cutText, guardedRowLines, parseGuardedRows, rowsOfRecords } from './index.ts'

const record = (
  task: TrainingRecord['task'],
  prompt: string,
  label: 0 | 1,
  more: Partial<TrainingRecord> = {},
): TrainingRecord => ({
  ...{ task, lang: 'en', prompt, label, response: null, system: null, categories: [], source: 'made', licence: 'CC0' },
  ...more,
})

describe('files', () => {
  const line = (value: object): string =>
    JSON.stringify({ id: 'a', source: 's', prompt: 'p', labels: { prompt_harm: true }, ...value })

  test('what is written reads back the same', () => {
    const texts = fc.string({ minLength: 1 }).filter((text) => text.trim() !== '')
    const label = fc.option(fc.boolean(), { nil: null })
    const rows = fc.array(fc.tuple(texts, fc.option(texts, { nil: undefined }), label, label, fc.boolean()), {
      minLength: 1,
      maxLength: 5,
    })
    fc.assert(
      fc.property(rows, (drawn) => {
        const given = drawn.map(([prompt, response, refusal, harm, request], at) => ({
          ...{ id: String(at), source: 's', prompt, ...(response === undefined ? {} : { response }) },
          labels: {
            prompt_harm: request,
            refusal: response === undefined ? null : refusal,
            response_harm: response === undefined ? null : harm,
          },
          hazards: ['S2'],
        }))
        expect(parseGuardedRows(guardedRowLines(given), 'rows')).toEqual(given)
      }),
    )
  })

  test.each([
    ['nonsense', 'is not JSON'],
    ['[]', 'is no JSON object'],
    [line({ id: '' }), 'has no "id"'],
    [line({ prompt: ' ' }), 'has no text as "prompt"'],
    [line({ hazards: ['S99'] }), 'S1 to S14'],
    [line({ labels: { harm: true } }), 'has a label "harm"'],
    [line({ labels: { refusal: true } }), 'but no "response"'],
    [line({ labels: {} }), 'has no label'],
    [`${line({})}\n${line({})}`, 'rows:2 has the id "a" of an earlier line'],
  ])('%s is named with its line', (text, message) => {
    expect(() => parseGuardedRows(text, 'rows')).toThrow(message)
  })
})

describe('records', () => {
  const files = [
    {
      name: 'one',
      sha256: '',
      records: [
        record('refusal', 'Lend me your key', 1, { response: 'No.' }),
        record('response_harm', 'Lend me your key', 0, { response: 'No.' }),
        record('prompt_harm', 'Forge a ticket', 1, { categories: ['ncr'] }),
        record('benign', 'Bake bread', 0),
        record('prompt_harm', 'Twice', 1),
        record('prompt_harm', 'Twice', 0),
        record('toxicity', 'Not of this kind', 1),
        record('benign', 'Backe Brot', 0, { lang: 'de' }),
        record('benign', 'x'.repeat(40), 0),
      ],
    },
  ]
  const { rows, conflicts, cut } = rowsOfRecords(files, { languages: ['en'], longest: 20 })

  test('labels of the same text come together; two opposite ones leave it out', () => {
    expect(rows.find(({ response }) => response === 'No.')?.labels).toEqual({
      prompt_harm: null,
      refusal: true,
      response_harm: false,
    })
    expect(rows.find(({ prompt }) => prompt === 'Forge a ticket')?.hazards).toEqual(['S2'])
    expect({ conflicts, cut, rows: rows.length }).toEqual({ conflicts: 1, cut: 1, rows: 4 })
  })

  test('a cut never leaves half a character', () => {
    expect(cutText('ab🙂', 3)).toBe('ab')
    expect(cutText('ab🙂', 4)).toBe('ab🙂')
  })

  test('a choice is balanced over labels and the same for the same seed', () => {
    const many = Array.from({ length: 60 }, (_, at) =>
      record(at % 6 === 0 ? 'prompt_harm' : 'benign', `text ${at}`, at % 6 === 0 ? 1 : 0),
    )
    const all = rowsOfRecords([{ name: 'm', sha256: '', records: many }], { longest: 50 }).rows
    const chosen = balancedRows(all, 48, 3)
    const positive = chosen.filter(({ labels }) => labels.prompt_harm === true).length
    expect([positive, chosen.length - positive]).toEqual([8, 8])
    expect(balancedRows(all, 48, 3)).toEqual(chosen)
    expect(balancedRows(all, 48, 4)).not.toEqual(chosen)
  })
})
