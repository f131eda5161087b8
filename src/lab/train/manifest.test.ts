/** Who is named beside a model, for rows as they came, translated rows, and rows that hold texts of several sources. */
import { expect, test } from 'vitest'
import { manifestOf } from './manifest.ts'
import type { TrainingRecord } from './records.ts'

function record(source: string, licence: string): TrainingRecord {
  return {
    ...{ task: 'benign', lang: 'en', prompt: 'How tall is a giraffe?', response: null, system: null, label: 0 },
    ...{ categories: [], source, licence },
  }
}

test('every source of a row is named with its own licence, and what was done here', () => {
  const { sources, files } = manifestOf([
    {
      ...{ name: 'zoo', sha256: 'ab' },
      records: [
        record('owner/zoo:animals.csv', 'MIT'),
        record('owner/zoo:birds.csv', 'MIT'),
        record('owner/zoo:animals.csv+parapet/lab:translate/apertium/fr', 'MIT'),
        record('parapet/lab:synth/answers/prose < wordnet < other/sea:fish.csv', 'WordNet-3.0 AND CC-BY-SA-4.0'),
        record('parapet/lab:synth/answers/prose < wordnet+parapet/lab:translate/words/de', 'WordNet-3.0'),
        record('parapet/lab:synth/answers/everyday', 'Apache-2.0'),
      ],
    },
  ])
  expect(files).toEqual([{ name: 'zoo', rows: 6, sha256: 'ab' }])
  const plain = { modelOutput: false, shareAlike: false, rows: 1 }
  expect(sources).toHaveLength(6)
  expect(sources).toEqual(
    expect.arrayContaining([
      { ...plain, source: 'owner/zoo', licence: 'MIT', rows: 2 },
      { ...plain, source: 'owner/zoo', licence: 'MIT', made: 'translate/apertium/fr' },
      { ...plain, source: 'wordnet', licence: 'WordNet-3.0', made: 'synth/answers/prose' },
      { ...plain, source: 'other/sea', licence: 'CC-BY-SA-4.0', made: 'synth/answers/prose', shareAlike: true },
      { ...plain, source: 'wordnet', licence: 'WordNet-3.0', made: 'translate/words/de' },
      { ...plain, source: 'parapet/lab', licence: 'Apache-2.0', made: 'synth/answers/everyday' },
    ]),
  )
})
