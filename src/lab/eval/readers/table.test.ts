/** Containers: encodings, damaged files, and where an error says that it is. */
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_FILE_BYTES, setName, sha256, sourceText, stem } from './source-file.ts'
import { MAX_ROW_LENGTH, readTable } from './table.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const table = (name: string, text: string): ReturnType<typeof readTable> => readTable({ name, bytes: bytes(text) })

describe('CSV', () => {
  test('keeps quoted commas, quotes and line breaks, and knows the line of each row', () => {
    const { rows, columns, container } = table('a.csv', 'id,text\r\n1,"a, ""b""\nc"\r\n2,d\r\n')
    expect(container).toBe('csv')
    expect([...columns]).toEqual(['id', 'text'])
    expect(rows.map((row) => [row.number, row.place, row.text('text')])).toEqual([
      [1, 'a.csv:2', 'a, "b"\nc'],
      [2, 'a.csv:4', 'd'],
    ])
  })

  test('a byte order mark is not part of the first column', () => {
    expect([...table('a.csv', '\ufeffid,text\n1,x\n').columns]).toEqual(['id', 'text'])
  })

  test.each([
    ['id,text\n1,x,y\n', /^a\.csv:2 has more or fewer cells than the header/],
    ['id,text\n1,x\n2\n', /^a\.csv:3 has more or fewer cells/],
    ['id,text\n1,"x\n', /^a\.csv:\d+ opens a quote that is never closed/],
    ['id,text\n1,"x"y\n', /^a\.csv:2 has text after a closing quote/],
    ['id,text\n1,x"y\n', /^a\.csv:2 has a quote inside an unquoted cell/],
    ['id,id\n1,2\n', /^a\.csv:1, column "id": stands twice/],
    ['id,text\n', /has no rows/],
  ])('%j is refused', (text, message) => {
    expect(() => table('a.csv', text)).toThrow(message)
  })

  test('whatever a cell holds comes back', () => {
    const cell = fc.string({ unit: 'binary' }).filter((text) => !text.startsWith('\ufeff'))
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 5 }), (cells) => {
        const quoted = cells.map((text, index) => `"${index}","${text.replaceAll('"', '""')}"`).join('\n')
        const { rows } = table('a.csv', `id,text\n${quoted}`)
        expect(rows.map((row) => row.text('text'))).toEqual(cells)
      }),
    )
  })
})

describe('JSON', () => {
  test('lines, a list and one object give the same rows; blank lines are no rows', () => {
    const rows = (text: string): readonly string[] => table('a.json', text).rows.map((row) => row.text('text'))
    expect(rows('{"text":"a"}\n\n{"text":"b"}\n')).toEqual(['a', 'b'])
    expect(rows('\ufeff{"text":"a"}\r\n{"text":"b"}')).toEqual(['a', 'b'])
    expect(rows('[{"text":"a"},{"text":"b"}]')).toEqual(['a', 'b'])
    expect(rows('{\n  "text": "a"\n}\n')).toEqual(['a'])
  })

  test.each([
    ['{"text":"a"}\n{"text":', /^a\.json:2:\d+ is not valid JSON/],
    ['{"text":"a"}\n{"text":"secret words",}\n', /^a\.json:2:\d+ is not valid JSON/],
    ['[{"text":"a"},\n{"text"', /^a\.json:2:\d+ is not valid JSON/],
    ['{"text":"a"}\n7\n', /^a\.json:2: expected a JSON object, found number 7/],
    ['[{"text":"a"},[]]', /^a\.json, item 2: expected a JSON object, found a list of 0/],
    ['[]', /has no rows/],
  ])('%j is refused', (text, message) => {
    expect(() => table('a.json', text)).toThrow(message)
    expect(() => table('a.json', text)).not.toThrow(/secret words/)
  })
})

describe('rows', () => {
  const [row] = table(
    'a.jsonl',
    '{"text":7,"blank":" ","flag":"true","list":["a",1],"in":{"deep":2},"key":1.5,"none":null}',
  ).rows

  test.each([
    [() => row?.text('text'), 'column "text": expected a string, found number 7'],
    [() => row?.text('gone'), 'column "gone": expected a string, found nothing'],
    [() => row?.filled('blank'), 'column "blank": expected a text, found an empty one'],
    [() => row?.flag('flag'), 'column "flag": expected true or false (or 1 or 0), found "true"'],
    [() => row?.texts('list'), 'column "list[1]": expected a string, found number 1'],
    [() => row?.objects('list'), 'column "list[0]": expected an object, found "a"'],
    [() => row?.object('in').text('deep'), 'column "in.deep": expected a string, found number 2'],
    [() => row?.key('key'), 'column "key": expected an id (text or whole number), found number 1.5'],
    [() => row?.decimal('none'), 'column "none": expected a number, found null'],
    [() => row?.choice('blank', { yes: 1, no: 0 }), 'column "blank": expected one of "yes", "no", found " "'],
  ])('%s says what is wrong', (access, message) => {
    expect(access).toThrow(`a.jsonl:1, ${message}`)
  })

  test('a label named like a method of every object is no label', () => {
    const [odd] = table('a.jsonl', '{"label":"toString"}').rows
    expect(() => odd?.choice('label', { yes: 1 })).toThrow('found "toString"')
  })

  test('a CSV cell may spell a truth value, a JSON text may not', () => {
    const { rows } = table('a.csv', 'flag\nTrue\nFALSE\n1\n0\n')
    expect(rows.map((one) => one.flag('flag'))).toEqual([true, false, true, false])
    expect(() => table('a.csv', 'flag\nyes\n').rows[0]?.flag('flag')).toThrow('found "yes"')
  })
})

describe('files', () => {
  test.each([
    ['a.csv', new Uint8Array(), /^a\.csv is empty/],
    ['a.csv', bytes(' \n\t'), /holds only blank space/],
    ['a.csv.gz', bytes('id\n1\n'), /named \.gz but is not gzip/],
    ['a.csv.gz', gzipSync(bytes('id\n1\n')).subarray(0, 15), /damaged or cut off gzip/],
    ['a.csv', Uint8Array.of(0xff, 0xfe, 0x69, 0), /is UTF-16/],
    ['a.csv', Uint8Array.of(0x69, 0x0a, 0x31, 0x0a, 0xe9, 0x0a), /is not UTF-8: line 3/],
    ['a.parquet', bytes('PAR1....'), /is a Parquet file.*JSON Lines/],
  ])('%s of %j is refused', (name, content, message) => {
    expect(() => sourceText({ name, bytes: content })).toThrow(message)
  })

  test('size is limited before and after unpacking', () => {
    expect(() => sourceText({ name: 'a.csv', bytes: bytes('id\n12345678\n') }, 8)).toThrow(/larger than 8 bytes/)
    const zipped = gzipSync(bytes('x'.repeat(10_000)))
    expect(zipped.length).toBeLessThan(100)
    expect(() => sourceText({ name: 'a.csv.gz', bytes: zipped }, 100)).toThrow(/larger than 100 bytes/)
    expect(MAX_FILE_BYTES).toBeLessThan(2 ** 29 - 24)
  })

  test.each([
    ['a.csv', `id\n"${'x'.repeat(MAX_ROW_LENGTH + 1)}"\n`],
    ['a.jsonl', `{"id":"${'x'.repeat(MAX_ROW_LENGTH + 1)}"}\n`],
  ])('a huge line of %s is refused', (name, text) => {
    expect(() => table(name, text)).toThrow(/is longer than 16,000,000 characters/)
  })

  test('the hash is that of the bytes, and names are made of stems', () => {
    expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    expect(stem('a/b\\c.d.jsonl.gz')).toBe('c.d')
    expect(setName('XSTest', 'DE-at!')).toBe('xstest_de_at')
  })
})
