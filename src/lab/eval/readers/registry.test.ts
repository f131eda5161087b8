/** The registry: finding a format, reading from disk, and the project's own development records where they are at hand. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FIXTURES, fixtureFile } from '../../../../test/fixtures/eval/fixtures.ts'
import { READERS, detectFormat, readSets } from './registry.ts'
import { MAX_FILE_BYTES, sha256 } from './source-file.ts'

const AMBIGUOUS = ['beavertails.jsonl', 'duoguard/eval_data_De/beavertail_test.jsonl', 'xstest_v2_completions_gpt4.csv']
const SHARED = [...AMBIGUOUS, 'duoguard/eval_data_De/xstest_v2_completions_gpt4_gpteval.csv']
const onDisk = (path: string): string =>
  fileURLToPath(new URL(`../../../../test/fixtures/eval/${path}`, import.meta.url))

describe('detectFormat', () => {
  test.each(FIXTURES.filter(({ path }) => !SHARED.includes(path)))(
    '$path is $format',
    ({ path, format, with: others = [] }) => {
      expect(detectFormat([path, ...others].map(fixtureFile))).toBe(format)
    },
  )

  test.each([
    [SHARED[0], '--format beavertails or --format duoguard'],
    [SHARED[2], '--format duoguard or --format xstest'],
  ])('%s could be two: the error lists both flags', (path = '', flags) => {
    expect(() => detectFormat([fixtureFile(path)])).toThrow(flags)
  })

  test('files of two formats, and of none, are refused', () => {
    expect(() => detectFormat([fixtureFile('toxic_chat.csv'), fixtureFile('hatecheck.csv')])).toThrow(/no known format/)
    expect(() => detectFormat([{ name: 'x.csv', bytes: new TextEncoder().encode('a,b\n1,2\n') }])).toThrow(
      /no known format.*--format, one of aegis, agentdojo/,
    )
  })
})

describe('readSets', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'parapet-readers-'))
  })
  afterAll(() => {
    rmSync(folder, { recursive: true })
  })

  test('reads plain and gzipped files; the hash is that of the bytes on disk', () => {
    const { bytes } = fixtureFile('toxic_chat.csv')
    const zipped = gzipSync(bytes)
    const path = join(folder, 'toxic.csv.gz')
    writeFileSync(path, zipped)
    const [plain] = readSets(undefined, [onDisk('toxic_chat.csv')])
    const [packed] = readSets('toxic_chat', [path])
    expect(plain?.sha256).toBe(sha256(bytes))
    expect(packed).toEqual({ ...plain, sha256: sha256(zipped) })
    expect(plain).toMatchObject({ name: 'toxic_chat', licence: 'CC-BY-NC-4.0' })
  })

  test('the hash of a set from two files is that of both hashes', () => {
    const paths = ['pku_saferlhf.jsonl', 'pku_saferlhf_v0.jsonl']
    const [set] = readSets('pku_saferlhf', paths.map(onDisk))
    expect(set?.sha256).toBe(sha256(paths.map((path) => sha256(fixtureFile(path).bytes)).join('')))
  })

  test('ids are the same on every run and do not depend on other files', () => {
    const ids = (paths: readonly string[]): readonly string[] =>
      readSets('pku_saferlhf', paths.map(onDisk)).flatMap(({ samples }) => samples.map(({ id }) => id))
    const alone = ids(['pku_saferlhf.jsonl'])
    expect(ids(['pku_saferlhf_v0.jsonl', 'pku_saferlhf.jsonl'])).toEqual([...ids(['pku_saferlhf_v0.jsonl']), ...alone])
    expect(alone[0]).toMatch(/^1-[0-9a-f]{12}-0$/)
  })

  test('a file above the limit is refused before it is read', () => {
    const path = join(folder, 'huge.csv')
    writeFileSync(path, '')
    truncateSync(path, MAX_FILE_BYTES + 1)
    expect(() => readSets(undefined, [path])).toThrow(/huge\.csv is larger than 500,000,000 bytes/)
  })

  test.each([
    ['toxicchat', ['x.csv'], /no format "toxicchat".*toxic_chat/],
    [undefined, [], /no files/],
    ['toxic_chat', ['/nowhere/x.csv'], /\/nowhere\/x\.csv cannot be read \(ENOENT\)/],
    ['toxic_chat', [onDisk('hatecheck.csv')], /is not a file of toxic_chat: its columns are .*Expected data\//],
  ])('format %j with %j is refused', (format, paths, message) => {
    expect(() => readSets(format, paths)).toThrow(message)
  })
})

test('every entry says what it reads, from where, and how far it was checked', () => {
  for (const [name, entry] of READERS) {
    expect([name, entry.description, entry.files, entry.citation, entry.licence].every((text) => text.length > 2)).toBe(
      true,
    )
    expect(Object.keys(entry.verified).length).toBeGreaterThan(0)
  }
  expect(READERS.get('harmbench')?.verified).toEqual({
    'behaviours csv': 'third_party',
    'classifier validation json': 'third_party',
  })
})

const development = fileURLToPath(new URL('../../../../../shared/data/dev', import.meta.url))
const missing = existsSync(development) ? '' : ' (data outside the repository is absent)'

test.skipIf(missing !== '')(`the development records give all their rows${missing}`, () => {
  const names = readdirSync(development).filter((name) => name.endsWith('.jsonl.gz'))
  expect(names).not.toEqual([])
  for (const name of names) {
    const lines = gunzipSync(readFileSync(join(development, name)))
      .toString('utf8')
      .split('\n')
    const labels = lines.filter((line) => line !== '').map((line) => (JSON.parse(line) as { label: number }).label)
    const samples = readSets('records', [join(development, name)]).flatMap((set) => set.samples)
    const positives = (all: readonly number[]): number => all.filter((label) => label === 1).length
    expect([name, samples.length, positives(samples.map(({ label }) => label))]).toEqual([
      name,
      labels.length,
      positives(labels),
    ])
  }
})
