/**
 * Writes ordinary answers as training rows: what keeps `response_harm` from flagging assistants for being assistants.
 *
 *   npx tsx src/lab/synth/answers/main.ts --data DIR --out FILE.jsonl.gz [--long 16000] [--short 6000] [--advice 8000] [--seed 1]
 *     [--wordnet /usr/share/wordnet] [--manual /usr/share/doc/apache2-doc/manual]
 *
 * DIR holds `*.jsonl.gz` in the record form; its requests stand beside the answers. The two folders are those of Debian's `wordnet-base` and
 * `apache2-doc`; LICENCES.md beside this file has their terms.
 */
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { createRandom } from '../../../nn/random.ts'
import { ParapetError } from '../../../spec/index.ts'
import { readRecordFiles, type TrainingRecord } from '../../train/records.ts'
import { writeAtomically } from '../../train/write-atomically.ts'
import { answerRows, byLanguage } from './answer-rows.ts'
import { manualPassages, wordNetPassages } from './passages.ts'

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    out: { type: 'string' },
    long: { type: 'string', default: '16000' },
    short: { type: 'string', default: '6000' },
    advice: { type: 'string', default: '8000' },
    seed: { type: 'string', default: '1' },
    wordnet: { type: 'string', default: '/usr/share/wordnet' },
    manual: { type: 'string', default: '/usr/share/doc/apache2-doc/manual' },
  },
})
const { data, out } = values
if (data === undefined || out === undefined)
  throw new ParapetError('configuration', 'Give --data DIR and --out FILE.jsonl.gz.')

/** Requests are cut here: what stands beside an answer is a question, not a book. */
const LONGEST_REQUEST = 600

const records = readRecordFiles(data).flatMap((file) => file.records)
const rows = [
  ...answerRows({
    passages: [...wordNetPassages(values.wordnet), ...manualPassages(values.manual)],
    requests: grouped(({ task }) => task === 'benign' || task === 'offtopic'),
    harmful: grouped(({ task, label }) => task === 'prompt_harm' && label === 1),
    long: wholeNumber('long'),
    short: wholeNumber('short'),
    advice: wholeNumber('advice'),
    random: createRandom(wholeNumber('seed')),
  }),
]
writeAtomically(out, gzipSync(rows.map((row) => `${JSON.stringify(row)}\n`).join('')))
process.stdout.write(`${rows.length} rows\n`)

function grouped(wanted: (record: TrainingRecord) => boolean): ReadonlyMap<string, readonly TrainingRecord[]> {
  return byLanguage(records.filter((record) => record.prompt.length <= LONGEST_REQUEST && wanted(record)))
}

function wholeNumber(name: 'long' | 'short' | 'advice' | 'seed'): number {
  const value = Number(values[name])
  if (!Number.isInteger(value) || value < 0)
    throw new ParapetError('configuration', `--${name} ${values[name]}: give a whole number.`)
  return value
}
