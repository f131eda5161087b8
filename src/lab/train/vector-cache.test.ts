/** Vectors on disk: they come back for the encoder they are of, and for no other; no text stands in the file. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { VectorCache } from './vector-cache.ts'

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-vectors-'))
  path = join(folder, 'vectors.bin')
})
afterEach(() => rmSync(folder, { recursive: true }))

const MOSS = Float32Array.of(1, -2.5, 3e-9)
const FERN = Float32Array.of(0, 7, 0.1)

function filled(): VectorCache {
  const cache = VectorCache.open(path, 'one')
  cache.set('water the moss', MOSS)
  cache.set('', FERN)
  return cache
}

test('vectors come back as they were, and more can be added', () => {
  filled().save()
  const again = VectorCache.open(path, 'one')
  expect(again.get('water the moss')).toEqual(MOSS)
  expect(again.get('')).toEqual(FERN)
  expect(again.get('water the fern')).toBeUndefined()
  again.set('water the fern', FERN)
  again.save()
  const third = VectorCache.open(path, 'one')
  expect([third.get('water the moss'), third.get('water the fern')]).toEqual([MOSS, FERN])
  expect(readFileSync(path).includes('moss')).toBe(false)
})

test('nothing is written before it is saved, nor when there is nothing new', () => {
  const cache = filled()
  expect(VectorCache.open(path, 'one').get('water the moss')).toBeUndefined()
  cache.save()
  const { mtimeNs, ino } = statSync(path, { bigint: true })
  cache.save()
  VectorCache.open(path, 'one').save()
  expect(statSync(path, { bigint: true })).toMatchObject({ mtimeNs, ino })
})

test('another encoder finds nothing, and its own take their place', () => {
  filled().save()
  const other = VectorCache.open(path, 'two')
  expect(other.get('water the moss')).toBeUndefined()
  other.set('water the moss', FERN)
  other.save()
  expect(VectorCache.open(path, 'two').get('water the moss')).toEqual(FERN)
  expect(VectorCache.open(path, 'one').get('water the moss')).toBeUndefined()
})

test.each([
  ['cut off', (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length - 9)],
  ['changed', (bytes: Buffer): Buffer => Buffer.concat([bytes.subarray(0, -8), Buffer.from('changed!')])],
  ['no such file', (): Buffer => Buffer.from('something else')],
])('a file that is %s is an error that says what to do', (_, change) => {
  filled().save()
  writeFileSync(path, change(readFileSync(path)))
  expect(() => VectorCache.open(path, 'one')).toThrow(
    expect.objectContaining({ code: 'configuration', message: expect.stringMatching(/vectors\.bin.*Remove the file/) }),
  )
})
