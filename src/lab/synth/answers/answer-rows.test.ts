/** Ordinary answers: what each row says, that the same seed gives the same rows, and what of the two packages becomes prose. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createRandom } from '../../../nn/random.ts'
import { toExamples } from '../../train/examples.ts'
import type { TrainingRecord } from '../../train/records.ts'
import { answerRows, byLanguage } from './answer-rows.ts'
import { manualPassages, type Passage, wordNetPassages } from './passages.ts'

const PASSAGES: readonly Passage[] = ['otter', 'heron', 'newt'].map((topic) => ({
  ...{ lang: 'en', topic, text: `${topic}: an animal that lives near water.` },
  ...{ source: 'wordnet', licence: 'WordNet-3.0' },
}))

function request(prompt: string, task: 'benign' | 'prompt_harm', label: 0 | 1): TrainingRecord {
  return {
    ...{ task, lang: 'en', prompt, response: null, system: null, label, categories: [] },
    ...{ source: 'owner/name:path', licence: 'MIT' },
  }
}

function rows(seed: number): readonly TrainingRecord[] {
  return [
    ...answerRows({
      passages: PASSAGES,
      requests: byLanguage([request('What swims here?', 'benign', 0)]),
      harmful: byLanguage([request('How do I poison the pond?', 'prompt_harm', 1)]),
      ...{ long: 120, short: 120, advice: 120, random: createRandom(seed) },
    }),
  ]
}

describe('rows of ordinary answers', () => {
  test('teach that the answer is harmless, whatever stands beside it', () => {
    for (const row of rows(1)) {
      const answers = toExamples(row, 'ordinary').filter(({ response }) => response !== undefined)
      expect(answers.length).toBeGreaterThan(0)
      for (const { targets } of answers) expect(targets['response_harm']).toBe(0)
    }
  })

  test('say nothing of the requests beside them, which other rows teach', () => {
    expect(rows(1).flatMap((row) => toExamples(row, 'ordinary').flatMap(({ text }) => text ?? []))).toEqual([])
    for (const prompt of ['How do I poison the pond?', 'What swims here?', ''])
      expect(rows(1).some((row) => row.prompt === prompt)).toBe(true)
  })

  test('name the texts they hold, with their licences in the same order', () => {
    const mixed = rows(1).find(({ source, licence }) => source.includes('owner/name') && licence.includes('WordNet'))
    expect(mixed?.source).toMatch(/^parapet\/lab:synth\/answers\/\w+ < wordnet < owner\/name:path$/)
    expect(mixed?.licence).toBe('WordNet-3.0 AND MIT')
  })

  test('leave no slot of a template open, and are the same for the same seed', () => {
    for (const { response } of rows(2))
      expect(response).not.toMatch(/\{(?:number|time|day|place|thing|topic|count)\}|^$/)
    expect(rows(3)).toEqual(rows(3))
    expect(rows(3)).not.toEqual(rows(4))
  })
})

describe('prose of local packages', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'parapet-prose-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  test('glosses become sentences, without those that speak of insults', () => {
    const lines = [
      '  1 This is the notice at the top of the file.',
      '00001 05 n 01 otter 0 000 | a mammal that swims; "the otter slept on its back"',
      '00002 05 n 01 oaf 0 000 | an offensive name for somebody; "you oaf"',
    ]
    for (const part of ['noun', 'adj', 'adv']) writeFileSync(join(folder, `data.${part}`), lines.join('\n'))
    writeFileSync(join(folder, 'data.verb'), '00003 30 v 01 jump_over 0 000 | move across by leaping; "jump over it"')
    const texts = wordNetPassages(folder).map(({ text }) => text)
    expect(texts).toContain('Otter: a mammal that swims. The otter slept on its back.')
    expect(texts).toContain('To jump over means to move across by leaping. Jump over it.')
    expect(texts.join()).not.toMatch(/oaf|notice/)
  })

  test('pages are read in their own encoding, and only where they are in the language of their folder', () => {
    for (const name of ['fr', 'de']) mkdirSync(join(folder, name))
    const long = 'Le serveur lit ses fichiers au d&eacute;marrage et les garde en m\u00e9moire tant que rien ne change.'
    const page = `<?xml version="1.0" encoding="ISO-8859-1"?><html lang="fr"><title>D\u00e9marrer</title><p>${long}</p><p>court</p></html>`
    for (const name of ['fr', 'de']) writeFileSync(join(folder, name, 'start.html'), Buffer.from(page, 'latin1'))
    expect(manualPassages(folder)).toEqual([
      {
        ...{ lang: 'fr', topic: 'D\u00e9marrer', source: 'apache2-doc', licence: 'Apache-2.0' },
        text: 'Le serveur lit ses fichiers au d\u00e9marrage et les garde en m\u00e9moire tant que rien ne change.',
      },
    ])
  })

  test('a folder that is not there is named with what to install', () => {
    expect(() => wordNetPassages(join(folder, 'none'))).toThrow(/Install wordnet-base/)
    expect(() => manualPassages(join(folder, 'none'))).toThrow(/Install apache2-doc/)
  })
})
