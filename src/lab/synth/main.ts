/**
 * Writes invented training rows.
 *
 *   npx tsx src/lab/synth/main.ts --out FILE.jsonl.gz [--data DIR] [--per-language 2000] [--languages en,de] [--seed 1]
 *
 * DIR holds `*.jsonl.gz` in the record form; its prompts are wrapped, its documents planted into. Without it nothing is harmful, so
 * there are no `prompt_harm` rows of label 1. It trains nothing.
 */
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { ParapetError } from '../../spec/index.ts'
import { readRecordFiles } from '../train/records.ts'
import { writeAtomically } from '../train/write-atomically.ts'
import { generateSyntheticRows, summariseRows } from './generate.ts'
import { SYNTH_LANGUAGES } from './phrases/phrases.ts'

const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    data: { type: 'string' },
    languages: { type: 'string', default: SYNTH_LANGUAGES.join(',') },
    'per-language': { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
  },
})

if (values.out === undefined) throw new ParapetError('configuration', 'Give --out FILE.jsonl.gz.')
const perLanguage = wholeNumber('per-language', values['per-language'])
const languages = values.languages.split(',').map((name) => {
  const known = SYNTH_LANGUAGES.find((language) => language === name)
  if (known === undefined)
    throw new ParapetError('configuration', `--languages ${name}: use some of ${SYNTH_LANGUAGES.join(', ')}.`)
  return known
})
const payloads = values.data === undefined ? [] : readRecordFiles(values.data).flatMap(({ records }) => records)
const rows = [...generateSyntheticRows({ seed: wholeNumber('seed', values.seed), perLanguage, languages, payloads })]
writeAtomically(values.out, gzipSync(rows.map((row) => `${JSON.stringify(row)}\n`).join('')))
for (const { task, lang, generator, negatives, positives } of summariseRows(rows))
  process.stdout.write(`${lang} ${task} ${generator}: ${negatives} of label 0, ${positives} of label 1\n`)

function wholeNumber(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1)
    throw new ParapetError('configuration', `--${name} ${text}: give a whole number of at least 1.`)
  return value
}
