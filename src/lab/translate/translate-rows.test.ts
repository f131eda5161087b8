import { existsSync, mkdtempSync, readFileSync, rmSync, appendFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Task, TrainingRecord } from '../train/records.ts'
import { countWords } from './apertium.ts'
import type { Translator } from './translate-rows.ts'
import { cutAtSentence, isProse, openOutput, sampleRows, translateRows } from './translate-rows.ts'

let folder: string
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'parapet-rows-'))))
afterAll(() => rmSync(folder, { recursive: true }))

function row(prompt: string, changes: Partial<TrainingRecord> = {}): TrainingRecord {
  const base = { task: 'benign', lang: 'en', response: null, system: null, label: 0, categories: ['small'] } as const
  return { ...base, prompt, source: 'invented/rows:a.json', licence: 'CC-BY-SA-4.0', ...changes }
}

/** Knows every word but "zorb". */
const shouting: Translator = {
  language: 'xx',
  way: 'shout',
  translate: (texts) =>
    Promise.resolve(
      texts.map((text) => ({
        text: text.toUpperCase(),
        words: countWords(text),
        unknown: text.match(/zorb/g)?.length ?? 0,
      })),
    ),
}

test('prompt, response and system are translated; label, categories and licence stay; the source names the way', async () => {
  const source = row('say hello', { task: 'refusal', label: 1, response: 'i cannot', system: 'be kind' })
  const { rows } = await translateRows([source, row('plain')], shouting)
  expect(rows).toEqual([
    {
      ...source,
      lang: 'xx',
      prompt: 'SAY HELLO',
      response: 'I CANNOT',
      system: 'BE KIND',
      source: 'invented/rows:a.json+parapet/lab:translate/shout/xx',
    },
    expect.objectContaining({ prompt: 'PLAIN', response: null, system: null }),
  ])
})

test('a row is dropped when one of its texts is mostly unknown', async () => {
  const good = row('a b c zorb zorb')
  const bad = row('all of this is known', { response: 'zorb zorb known' })
  const { rows, counts } = await translateRows([good, bad], shouting)
  expect(rows.map(({ prompt }) => prompt)).toEqual(['A B C ZORB ZORB'])
  expect(counts).toEqual({ read: 2, written: 1, dropped: 1, words: 13, unknown: 4 })
})

test('the sample keeps to task, label, language and number, whatever the order of rows', () => {
  const rows = [
    ...Array.from({ length: 30 }, (_, index) => row(`text number ${String.fromCharCode(97 + index)}`)),
    row('hallo', { lang: 'de' }),
    row('other task', { task: 'offtopic' }),
    row('https://example.org/a/long/address/of/a/page'),
  ]
  const perTask = new Map<Task, number>([['benign', 10]])
  const sample = sampleRows(rows, { perTask, seed: 1 })
  expect(sample).toHaveLength(10)
  expect(sample.every(({ task, lang }) => task === 'benign' && lang === 'en')).toBe(true)
  expect(sampleRows(rows.toReversed(), { perTask, seed: 1 })).toEqual(sample)
  expect(sampleRows(rows, { perTask, seed: 2 })).not.toEqual(sample)
})

test('code and addresses are not prose', () => {
  expect(isProse('Please bake a cake.')).toBe(true)
  expect(isProse('see https://example.org/one/two/three/four')).toBe(false)
  expect(isProse('```\nwhile (true) bake()\n```')).toBe(false)
  expect(isProse('f(x)=[{1},{2},{3}]')).toBe(false)
})

test('long texts are cut after a sentence, else after a word', () => {
  expect(cutAtSentence('One two. Three four. Five', 22)).toBe('One two. Three four.')
  expect(cutAtSentence('One two three four', 10)).toBe('One two')
  expect(cutAtSentence('Short', 10)).toBe('Short')
})

test('a broken run goes on after its last whole chunk; another run may not', () => {
  const path = join(folder, 'out.jsonl.gz')
  const lines = (): string[] => gunzipSync(readFileSync(path)).toString('utf8').trim().split('\n')
  openOutput(path, 'run').append([row('one'), row('two')])
  appendFileSync(path, 'half a chunk')
  const again = openOutput(path, 'run')
  expect(again.done()).toBe(1)
  again.append([row('three')])
  expect(lines().map((line) => (JSON.parse(line) as TrainingRecord).prompt)).toEqual(['one', 'two', 'three'])
  expect(() => openOutput(path, 'other')).toThrow('begun with other rows or options')
  again.finish()
  expect(existsSync(`${path}.progress`)).toBe(false)
  expect(() => openOutput(path, 'run')).toThrow('complete')
})
