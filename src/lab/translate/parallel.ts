/**
 * Writes English texts beside their translations: what an English encoder learns other languages from (`lab/train/deep/distil.ts`).
 *
 *   npx tsx src/lab/translate/parallel.ts --data DIR --out FILE.jsonl.gz --languages es,fr,it,pt,de [--texts 20000] [--seed 1]
 *
 * DIR holds `*.jsonl.gz` in the record form. Languages with an Apertium route take it, the others go word by word. A pair whose
 * translation is still half English is dropped. LICENCES.md beside this file names the licences of the programs and lexicons.
 */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { ParapetError } from '../../spec/index.ts'
import type { TrainingRecord } from '../train/records.ts'
import { readRecordFiles } from '../train/records.ts'
import type { Translation } from './apertium.ts'
import { APERTIUM_ROUTES, translateWithApertium } from './apertium.ts'
import { readLexicon } from './lexicon-files.ts'
import { cutAtSentence, isProse } from './translate-rows.ts'
import { translateWords } from './word-by-word.ts'

/** Longest text, in characters: a sentence teaches as much as a page, and sooner. */
const LONGEST = 140
/** Least share of words that must have a translation. */
const KNOWN = 0.7

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    out: { type: 'string' },
    languages: { type: 'string' },
    texts: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
  },
})
if (values.data === undefined || values.out === undefined || values.languages === undefined)
  throw new ParapetError('configuration', 'Give --data DIR --out FILE.jsonl.gz --languages es,fr.')
const limit = Number(values.texts)
if (!Number.isSafeInteger(limit) || limit < 1)
  throw new ParapetError('configuration', '--texts must be a whole number.')

const rows = readRecordFiles(values.data).flatMap(({ records }) => records)
const english = sampleTexts(rows, limit, values.seed)
const pairs: string[] = []
for (const language of values.languages.split(',')) {
  const translated = await translate(language, english)
  let kept = 0
  translated.forEach(({ text, words, unknown }, index) => {
    if (words === 0 || text.trim() === '' || unknown > (1 - KNOWN) * words) return
    pairs.push(JSON.stringify({ lang: language, english: english[index], text }))
    kept += 1
  })
  process.stdout.write(`${language}: ${kept} of ${english.length} texts\n`)
}
writeFileSync(values.out, gzipSync(`${pairs.join('\n')}\n`))

/** Different English texts, chosen by a hash of seed and text, so that any order of the files gives the same choice. */
function sampleTexts(records: readonly TrainingRecord[], most: number, seed: string): readonly string[] {
  const keys = new Map<string, string>()
  for (const { lang, prompt, response } of records) {
    if (lang !== 'en') continue
    for (const part of [prompt, response ?? '']) {
      const text = cutAtSentence(part.replaceAll(/\s+/gu, ' ').trim(), LONGEST)
      if (text.length >= 12 && !keys.has(text) && isProse(text))
        keys.set(text, createHash('sha256').update(`${seed}\0${text}`).digest('hex'))
    }
  }
  return [...keys]
    .toSorted(([, left], [, right]) => (left < right ? -1 : 1))
    .slice(0, most)
    .map(([text]) => text)
}

function translate(language: string, texts: readonly string[]): Promise<readonly Translation[]> {
  const route = APERTIUM_ROUTES[language]
  if (route !== undefined) return translateWithApertium(texts, route)
  const native = rows
    .filter(({ lang }) => lang === language)
    .map(({ prompt, response }) => `${prompt} ${response ?? ''}`)
  const lexicon = readLexicon(language, native)
  return Promise.resolve(
    texts.map((text) => translateWords(text, lexicon, { language, seed: Number(values.seed), share: 1 })),
  )
}
