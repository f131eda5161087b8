/** Data files of every form and every kind of damage: each row is read, or said to be unscreened with its line. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FORM_NAMES, formNamed, formOf, readRow } from './forms/index.ts'
import { inspectJson } from './read/inspect-json.ts'
import { rawRows } from './read/open-data.ts'
import { parseRow } from './read/parse-row.ts'
import { splitArray } from './read/split-array.ts'
import { splitLines } from './read/split-lines.ts'
import type { RawRow } from './read/raw-row.ts'

let folder = ''
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'parapet-screen-'))))
afterAll(() => rmSync(folder, { recursive: true }))

async function all<T>(source: AsyncIterable<T>): Promise<readonly T[]> {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}

async function rowsIn(bytes: string | Uint8Array): Promise<readonly RawRow[]> {
  const path = join(folder, 'data')
  writeFileSync(path, bytes)
  return all(rawRows(path))
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const textOf = ({ line, bytes }: RawRow): string => `${line}:${bytes === null ? '-' : Buffer.from(bytes).toString()}`

describe('rows of a file', () => {
  test('lines with blank ones, carriage returns, a byte order mark and no feed at the end', async () => {
    const rows = await rowsIn('\uFEFF{"a":1}\r\n\n   \n{"b":2}')
    expect(rows.map(textOf)).toEqual(['1:{"a":1}', '4:{"b":2}'])
  })

  test('an array, pretty or not, with the line each element begins on', async () => {
    const rows = await rowsIn('[\n  {"a": "]},["},\n  {"b":\n [1, 2]}\n]\n')
    expect(rows.map(textOf)).toEqual(['2:{"a": "]},["}', '3:{"b":\n [1, 2]}'])
  })

  test('an array that is cut off, and text after one, are told', async () => {
    const cut = await rowsIn('[{"a":1},{"b"')
    expect(cut.map(({ bytes, problem }) => (bytes === null ? problem : 'row'))).toEqual([
      'row',
      expect.stringContaining('cut off'),
    ])
    const after = await rowsIn('[{"a":1}]\n{"b":2}')
    expect(after.map(({ problem }) => problem)).toEqual([undefined, expect.stringContaining('after the end')])
  })

  test('gzip, and gzip that is cut off', async () => {
    const lines = Array.from({ length: 400 }, (_, index) => JSON.stringify({ index, text: Math.sin(index) }))
    const packed = gzipSync(lines.join('\n'))
    expect((await rowsIn(packed)).map(({ bytes }) => Buffer.from(bytes ?? []).toString())).toEqual(lines)
    const cut = await rowsIn(packed.subarray(0, packed.length - 900))
    expect(cut.at(-1)?.problem).toContain('gzip')
    expect(cut.length).toBeGreaterThan(1)
  })

  test('an empty file has none', async () => {
    expect(await rowsIn('')).toEqual([])
    expect(await rowsIn('\n\n')).toEqual([])
  })

  test('a row that is too long is told and the next one is read', async () => {
    const bytes = Buffer.from(`{"a":"${'x'.repeat(200)}"}\n{"b":1}\n`)
    const lines = await all(splitLines(inPieces(bytes, 7), 100))
    expect(lines.map(textOf)).toEqual(['1:-', '2:{"b":1}'])
    const array = await all(splitArray(inPieces(Buffer.from(`[{"a":"${'x'.repeat(200)}"},{"b":1}]`), 7), 100))
    expect(array.map(textOf)).toEqual(['1:-', '1:{"b":1}'])
  })

  test('however it arrives, the rows are the same', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue(), { maxLength: 8 }),
        fc.integer({ min: 1, max: 9 }),
        async (values, size) => {
          const texts = values.map((value) => JSON.stringify(value))
          const lines = await all(splitLines(inPieces(Buffer.from(texts.join('\n')), size)))
          expect(lines.map(({ bytes }) => Buffer.from(bytes ?? []).toString())).toEqual(texts)
          const array = await all(splitArray(inPieces(Buffer.from(JSON.stringify(values)), size)))
          expect(array.map(({ bytes }) => Buffer.from(bytes ?? []).toString())).toEqual(texts)
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('what JSON does not tell', () => {
  test('a key that stands twice, written alike or not', () => {
    expect(inspectJson('{"a":1,"b":{"a":2}}')).toEqual({ depth: 2, doubled: false })
    expect(inspectJson('{"a":1,"\\u0061":2}').doubled).toBe(true)
    expect(inspectJson('[{"k":"a\\"k"},{"k":1,"k":2}]').doubled).toBe(true)
    expect(inspectJson('{"a":"{\\"a\\":1}","b":["a","a"]}').doubled).toBe(false)
  })

  test('no JSON that was written from a value has one', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(inspectJson(text).doubled).toBe(false)
      }),
    )
  })

  test.each([
    ['{', 'not JSON'],
    ['{"messages":[],"messages":[]}', 'stands twice'],
    [`${'['.repeat(200)}${']'.repeat(200)}`, 'nested'],
    [Uint8Array.of(0x22, 0xff, 0x22), 'UTF-8'],
    ['\uFEFF{}', 'not JSON'],
  ])('%s is said to be wrong', (text, problem) => {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text
    expect(parseRow({ line: 7, bytes })).toEqual({ line: 7, problem: expect.stringContaining(problem) as string })
  })
})

describe('forms', () => {
  const user = { role: 'user', text: 'hello there' }
  const assistant = { role: 'assistant', text: 'hi' }

  test.each([
    [
      'openai',
      {
        messages: [
          { role: 'user', content: 'hello there' },
          { role: 'assistant', content: [{ type: 'text', text: 'hi' }] },
        ],
      },
    ],
    [
      'sharegpt',
      {
        conversations: [
          { from: 'human', value: 'hello there' },
          { from: 'gpt', value: 'hi' },
        ],
      },
    ],
    ['alpaca', { instruction: 'hello there', input: '', output: 'hi' }],
    ['completion', { prompt: 'hello there', completion: 'hi' }],
  ])('%s becomes a conversation', (name, value) => {
    expect(formOf(value)?.name).toBe(name)
    expect(readRow({ line: 3, value }, formNamed(name))).toEqual({ line: 3, turns: [user, assistant] })
  })

  test('pairs are screened by the answer that is chosen', () => {
    const value = { prompt: 'hello there', chosen: 'hi', rejected: [{ role: 'assistant', content: 'no' }] }
    expect(readRow({ line: 1, value }, formNamed('preference'))).toEqual({
      line: 1,
      turns: [user, assistant],
      rejected: 'no',
    })
    const avoided = { prompt: 'hello there', completion: 'no', label: false }
    expect(readRow({ line: 1, value: avoided }, formNamed('completion'))).toEqual({
      line: 1,
      turns: [user],
      rejected: 'no',
    })
  })

  test('what the assistant says to tools is part of its answer, and systems stand first', () => {
    const call = { role: 'assistant', content: null, tool_calls: [{ function: { name: 'find', arguments: '{}' } }] }
    const row = readRow(
      { line: 1, value: { messages: [{ role: 'developer', content: 'be kind' }, call] } },
      formNamed('openai'),
    )
    expect(row).toMatchObject({ turns: [{ role: 'system', text: 'be kind' }, { role: 'assistant' }] })
    expect(JSON.stringify(row)).toContain('find')
  })

  test.each([
    [{ messages: 'none' }, 'no list'],
    [{ messages: [] }, 'no message'],
    [{ messages: [{ role: 'wizard', content: 'x' }] }, 'no known role'],
    [{ messages: [{ role: 'toString', content: 'x' }] }, 'no known role'],
    [{ messages: [{ role: 'user', content: 'x' }] }, 'no answer'],
    [{ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: 'x' }] }] }, 'other than text'],
    [{ instruction: 'x', output: 'y' }, 'other fields'],
    [{ messages: [], instruction: 'x', output: 'y' }, 'may read either'],
    [['x'], 'no object'],
    [null, 'no object'],
  ])('%j is said to be wrong', (value, problem) => {
    expect(readRow({ line: 2, value }, formNamed('openai'))).toEqual({
      line: 2,
      problem: expect.stringContaining(problem) as string,
    })
  })

  test('any value is read or said to be wrong, and problems quote nothing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...FORM_NAMES), (value, name) => {
        const row = readRow({ line: 1, value }, formNamed(name))
        expect('problem' in row || row.turns.length > 0).toBe(true)
      }),
    )
  })
})
