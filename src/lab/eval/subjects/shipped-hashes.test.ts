import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MODEL_FILES } from '../../../engines/embedded/index.ts'
import { textHash } from '../contamination.ts'
import { HASHES_FILE, shippedTrainingHashes } from './shipped-hashes.ts'

let folder = ''
const models = fileURLToPath(new URL('./', MODEL_FILES.classifier))
const path = (name: string): string => join(folder, name)
const read = (): ReturnType<typeof shippedTrainingHashes> => shippedTrainingHashes(pathToFileURL(`${folder}/`))

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-hashes-'))
  for (const name of [HASHES_FILE, 'manifest.json']) cpSync(join(models, name), path(name))
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

test('the shipped list is whole and knows a text that many published sets have', async () => {
  const known = await shippedTrainingHashes()
  expect(known?.size).toBeGreaterThan(100_000)
  expect(known?.has(textHash("I'm sorry, but I can't assist with that."))).toBe(true)
  expect(known?.has(textHash('A sentence about a purple lighthouse that nobody ever wrote.'))).toBe(false)
  expect((await read())?.size).toBe(known?.size)
})

test('a list that was left out is not known, never empty', async () => {
  rmSync(path(HASHES_FILE))
  expect(await read()).toBeNull()
})

test('one flipped bit, which still reads as a list, a cut and an empty file are refused', async () => {
  const whole = readFileSync(path(HASHES_FILE))
  const flipped = Buffer.from(whole)
  flipped[1000] = (flipped[1000] ?? 0) ^ 1
  for (const bytes of [flipped, whole.subarray(0, 5000), Buffer.alloc(0)]) {
    writeFileSync(path(HASHES_FILE), bytes)
    await expect(read()).rejects.toThrow(/training-hashes\.bin is damaged.*Install the package again/)
  }
})

test.each(['', '{}', '{"models":{}}'])('a list without an entry in the manifest (%j) is refused', async (manifest) => {
  writeFileSync(path('manifest.json'), manifest)
  await expect(read()).rejects.toThrow(/has no entry in manifest\.json/)
})
