/** The folder: made once, held by one, whole after a crash, and useless without its key. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ImprovementFolder } from './improvement-folder.ts'

let root = ''
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'parapet-folder-'))))
afterEach(() => rmSync(root, { recursive: true }))
const place = (name: string): string => join(root, name)

test('is made once, with a key for its owner only', () => {
  const folder = ImprovementFolder.create(place('a'), 0.1)
  expect(folder.settings).toEqual({ format: 1, holdOut: 0.1 })
  expect(statSync(place('a/secret.key')).mode & 0o077).toBe(0)
  // Without a current version its beginning was cut off, and it begins again with the same key.
  expect(ImprovementFolder.create(place('a')).hashOf('user', 'x')).toBe(folder.hashOf('user', 'x'))
  writeFileSync(folder.pointer, '{}')
  expect(() => ImprovementFolder.create(place('a'))).toThrow(/already/)
  mkdirSync(place('b'))
  writeFileSync(place('b/notes'), '')
  expect(() => ImprovementFolder.create(place('b'))).toThrow(/other things/)
  expect(() => ImprovementFolder.create(place('c'), 0.9)).toThrow(/0 to 0.5/)
  expect(() => ImprovementFolder.open(place('d'))).toThrow(/improve start/)
})

test('hashes depend on the key and the kind, and a lost key is an error', () => {
  const [one, other] = [ImprovementFolder.create(place('a')), ImprovementFolder.create(place('b'))]
  expect(one.hashOf('user', 'x')).toBe(ImprovementFolder.open(place('a')).hashOf('user', 'x'))
  expect(one.hashOf('user', 'x')).not.toBe(other.hashOf('user', 'x'))
  expect(one.hashOf('user', 'x')).not.toBe(one.hashOf('reviewer', 'x'))
  rmSync(place('a/secret.key'))
  expect(() => ImprovementFolder.open(place('a'))).toThrow(/secret.key is missing/)
  writeFileSync(place('b/improve.json'), '{"format": 2}')
  expect(() => ImprovementFolder.open(place('b'))).toThrow(/format/)
})

test('one process changes it at a time', () => {
  const folder = ImprovementFolder.create(place('a'))
  const release = folder.hold()
  expect(() => folder.hold()).toThrow(/Another run/)
  release()
  folder.hold()()
})

test('what a crash left half done goes, and what it had set aside comes back', () => {
  const folder = ImprovementFolder.create(place('a'))
  folder.writeFolder(folder.data('d1'), (draft) => writeFileSync(join(draft, 'x'), 'one'))
  expect(() =>
    folder.writeFolder(folder.data('d1'), (draft) => {
      writeFileSync(join(draft, 'x'), 'tw')
      throw new Error('killed')
    }),
  ).toThrow('killed')
  expect(readFileSync(join(folder.data('d1'), 'x'), 'utf8')).toBe('one')
  mkdirSync(folder.data('d2.replaced'))
  expect(folder.ids('data')).toEqual(['d1'])
  folder.hold()()
  expect(folder.ids('data')).toEqual(['d1', 'd2'])
  expect(existsSync(folder.data('d1.unfinished'))).toBe(false)
  expect(folder.nextId('data')).toBe('d3')
})
