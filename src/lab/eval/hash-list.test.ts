import fc from 'fast-check'
import { expect, test } from 'vitest'
import { textHash } from './contamination.ts'
import { readHashLines, readHashList, writeHashList } from './hash-list.ts'

test('what was written is known, in any order, and nothing else', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat()), fc.nat(), (numbers, other) => {
      const hashes = numbers.map((number) => textHash(`text ${number}`))
      const file = writeHashList(hashes)
      expect(writeHashList(hashes.toReversed())).toEqual(file)
      const known = readHashList(file, 'x')
      expect(known.size).toBe(hashes.length)
      expect(hashes.every((hash) => known.has(hash))).toBe(true)
      expect(known.has(textHash(`text ${other}`))).toBe(numbers.includes(other))
    }),
  )
  expect(readHashList(writeHashList(['0000000000000000', 'ffffffffffffffff']), 'x').has('ffffffffffffffff')).toBe(true)
})

test('a damaged list is refused', () => {
  const file = writeHashList([textHash('one'), textHash('two')])
  // A number so long that it is none.
  const endless = new Uint8Array(12 + 200).fill(128, 12, 211)
  endless.set(writeHashList(['0000000000000000']).subarray(0, 12))
  for (const bytes of [
    ...[new Uint8Array(3), file.subarray(0, file.length - 1), file.subarray(1), new Uint8Array(40), endless],
  ])
    expect(() => readHashList(bytes, 'hashes.bin')).toThrow(/hashes\.bin.*Install the package again/)
})

test('lines of hashes are read, and a damaged or cut off text is refused', () => {
  const [one, two] = [textHash('one'), textHash('two')]
  expect(readHashLines(`${one}\n${two}\n`, 'x').has(two)).toBe(true)
  for (const text of [
    '',
    '\n',
    one,
    `${one}\n${two}`,
    `${one}\n${two.slice(1)}\n`,
    `${one}\n\n`,
    `${one.toUpperCase()}\n`,
  ])
    expect(() => readHashLines(text, 'hashes.txt')).toThrow(/hashes\.txt is no whole list of hashes: line \d/)
})
