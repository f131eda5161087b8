import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { APERTIUM_ROUTES, countWords, translateWithApertium } from './apertium.ts'

/** Stands in for Apertium: the mode's name says what it does with each line. */
const FAKE = `#!${process.execPath}
const { appendFileSync, readFileSync } = require('node:fs')
const [, , flag, format, mode, file] = process.argv
const lines = readFileSync(file, 'utf8').split('\\n').slice(0, -1)
appendFileSync(__dirname + '/runs.log', [flag, format, mode, lines.length].join(' ') + '\\n')
const modes = {
  upper: (line) => line.toUpperCase(),
  reverse: (line) => [...line.slice(0, -1)].reverse().join('') + line.slice(-1),
  marks: (line) => line.replaceAll('zorb', '*zorb').replaceAll('went', '#go').replaceAll('sky', '@sky'),
}
if (mode === 'absent') { console.error('Error: Mode absent does not exist. Try one of:'); process.exit(1) }
if (mode === 'broken') { console.error('out of memory'); process.exit(3) }
if (mode === 'lossy') console.log(lines.slice(1).join('\\n'))
else if (mode === 'endless') setInterval(() => {}, 1000)
else process.stdout.write(lines.map(modes[mode]).join('\\n') + '\\n')
`

let folder: string
let program: string
const runs = (): string[] => readFileSync(join(folder, 'runs.log'), 'utf8').trim().split('\n')

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-fake-apertium-'))
  program = join(folder, 'fake-apertium.cjs')
  writeFileSync(program, FAKE, { mode: 0o755 })
})
afterAll(() => rmSync(folder, { recursive: true }))

test('order, number and line breaks of the texts are kept over several runs', async () => {
  const texts = ['one\n\ntwo two', '', 'three?', '42 -- 17', ' four. ']
  const translated = await translateWithApertium(texts, ['upper'], { program, linesPerRun: 2 })
  expect(translated.map(({ text }) => text)).toEqual(['ONE\n\nTWO TWO', '', 'THREE?', '42 -- 17', 'FOUR.'])
  expect(translated.map(({ words }) => words)).toEqual([3, 0, 1, 0, 1])
  expect(runs()).toEqual(['-f line upper 2', '-f line upper 2'])
})

test('any texts keep their number and their lines', async () => {
  const text = fc.array(fc.string({ unit: 'binary' }), { maxLength: 3 }).map((lines) => lines.join('\n'))
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 4 }), async (texts) => {
      const translated = await translateWithApertium(texts, ['upper'], { program })
      const lines = (value: string): number => value.split(/\r\n?|[\n\u2028\u2029\v\f\u0085]/).length
      expect(translated.map((one) => one.text.split('\n').length)).toEqual(texts.map(lines))
    }),
    { numRuns: 15 },
  )
}, 60_000)

test('a route runs its modes one after another', async () => {
  const [translated] = await translateWithApertium(['abc'], ['upper', 'reverse'], { program })
  expect(translated?.text).toBe('CBA')
})

test('marks are taken off and counted; the signs of the text stay', async () => {
  const [translated] = await translateWithApertium(['zorb went under a sky, *bold* #tag @name'], ['marks'], { program })
  expect(translated).toEqual({ text: 'zorb go under a sky, *bold* #tag @name', words: 8, unknown: 3 })
})

test('a lexicon fills in words that Apertium does not know', async () => {
  const lexicon = (word: string): string | undefined => (word === 'zorb' ? 'bola' : undefined)
  const [translated] = await translateWithApertium(['a zorb'], ['marks'], { program, lexicon })
  expect(translated).toEqual({ text: 'a bola', words: 2, unknown: 0 })
})

test.each([
  ['absent', 'engine_unavailable', /apt-get install apertium apertium-absent/],
  ['broken', 'upstream_error', /status 3 .*out of memory/],
  ['lossy', 'upstream_error', /gave 1 lines for 2/],
])('mode %s: %s', async (mode, code, message) => {
  const error: unknown = await translateWithApertium(['one', 'two'], [mode], { program }).catch(
    (cause: unknown) => cause,
  )
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) as unknown })
})

test('a missing program names the packages', async () => {
  const missing = join(folder, 'nothing-here')
  const error: unknown = await translateWithApertium(['one'], APERTIUM_ROUTES['fr'] ?? [], { program: missing }).catch(
    (cause: unknown) => cause,
  )
  expect(error).toMatchObject({
    code: 'engine_unavailable',
    message: expect.stringContaining('apt-get install apertium apertium-eng-spa') as unknown,
  })
})

test('the signal ends a translation', async () => {
  const controller = new AbortController()
  const running = translateWithApertium(['one'], ['endless'], { program, signal: controller.signal })
  controller.abort()
  await expect(running).rejects.toMatchObject({ code: 'aborted' })
})

test('words are runs of letters', () => {
  expect(countWords("Don't eat 12 cakes, año नमस्ते")).toBe(6)
})

test('the real program translates into Spanish and, over Spanish, into French', async ({ skip }) => {
  const modes = spawnSync('apertium', ['-l'], { encoding: 'utf8' }).stdout
  skip(!/eng-spa[\s\S]*es-fr/.test(modes ?? ''), 'Apertium with apertium-eng-spa and apertium-fr-es is not installed')
  const texts = ['The house is big.', 'My friend has a cat']
  const spanish = await translateWithApertium(texts, APERTIUM_ROUTES['es'] ?? [])
  const french = await translateWithApertium(texts, APERTIUM_ROUTES['fr'] ?? [])
  expect(spanish.map(({ text }) => text)).toEqual(['La casa es grande.', 'Mi amigo tiene un gato'])
  expect(french.map(({ text }) => text)).toEqual(['La maison est grande.', 'Mon ami a un chat'])
})
