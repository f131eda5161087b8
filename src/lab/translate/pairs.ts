/**
 * Word pairs for the start of multilingual embeddings: the most frequent English words of the training rows with their best translations.
 *
 *   npx tsx src/lab/translate/pairs.ts --data DIR --out-dir DIR --languages de,fr [--words 15000] [--targets 3]
 *
 * Writes `pairs-<language>.tsv`, lines of `english<TAB>target`, best target first.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ParapetError } from '../../spec/index.ts'
import { readRecordFiles } from '../train/records.ts'
import { FUNCTION_WORDS } from './function-words.ts'
import { readLexicon } from './lexicon-files.ts'
import { translationsOf } from './word-by-word.ts'

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    'out-dir': { type: 'string' },
    languages: { type: 'string' },
    words: { type: 'string', default: '15000' },
    targets: { type: 'string', default: '3' },
  },
})
if (values.data === undefined || values['out-dir'] === undefined || values.languages === undefined)
  throw new ParapetError('configuration', 'Give --data DIR --out-dir DIR --languages de,fr.')

const rows = readRecordFiles(values.data).flatMap(({ records }) => records)
const counts = new Map<string, number>()
for (const row of rows)
  if (row.lang === 'en')
    for (const word of `${row.prompt} ${row.response ?? ''}`.toLowerCase().match(/[a-z]{2,}|\b[ai]\b/g) ?? [])
      counts.set(word, (counts.get(word) ?? 0) + 1)
const frequent = [...counts]
  .toSorted((left, right) => right[1] - left[1])
  .slice(0, Number(values.words))
  .map(([word]) => word)
mkdirSync(values['out-dir'], { recursive: true })
for (const language of values.languages.split(',')) {
  const texts = rows
    .filter(({ lang }) => lang === language)
    .map(({ prompt, response }) => `${prompt} ${response ?? ''}`)
  const lexicon = readLexicon(language, texts)
  const lines = frequent.flatMap((word) =>
    (translationsOf(word, lexicon, FUNCTION_WORDS[language])?.targets ?? [])
      .filter((target) => target !== '')
      .slice(0, Number(values.targets))
      .map((target) => `${word}\t${target}`),
  )
  writeFileSync(join(values['out-dir'], `pairs-${language}.tsv`), `${lines.join('\n')}\n`)
  const covered = new Set(lines.map((line) => line.split('\t')[0])).size
  process.stdout.write(
    `${language}: ${lexicon.size} entries; ${covered} of ${frequent.length} words, ${lines.length} pairs\n`,
  )
}
