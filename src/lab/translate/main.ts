/**
 * Translates English training rows.
 *
 *   npx tsx src/lab/translate/main.ts --data DIR --out FILE.jsonl.gz --languages de,fr,es --tasks prompt_harm,benign:4000
 *     [--per-task 2000] [--seed 1] [--share 1] [--fill-unknown]
 *
 * DIR holds `*.jsonl.gz` in the record form. `--per-task` is the number of rows per task and label; `task:number` overrides it. Languages
 * with an Apertium route take it, the others go word by word with the lexicons of `lexicon-files.ts`; `--share` below 1 leaves
 * some of those words English, `--fill-unknown` lets a lexicon translate words that Apertium does not know. LICENCES.md beside this file names the licences of the programs and lexicons.
 */
import { createHash } from 'node:crypto'
import { parseArgs } from 'node:util'
import { ParapetError } from '../../spec/index.ts'
import type { Task, TrainingRecord } from '../train/records.ts'
import { readRecordFiles } from '../train/records.ts'
import type { Translation } from './apertium.ts'
import { APERTIUM_ROUTES, translateWithApertium } from './apertium.ts'
import { readLexicon } from './lexicon-files.ts'
import type { Lexicon } from './lexicon.ts'
import type { Translator } from './translate-rows.ts'
import { openOutput, sampleRows, translateRows } from './translate-rows.ts'
import { translateWords, translationsOf } from './word-by-word.ts'

/** Rows between two notes of progress. */
const CHUNK = 2000

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    out: { type: 'string' },
    languages: { type: 'string' },
    tasks: { type: 'string', default: 'prompt_harm,benign,toxicity,injection,refusal,response_harm' },
    'per-task': { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    share: { type: 'string', default: '1' },
    'fill-unknown': { type: 'boolean', default: false },
  },
})

/** `pii` is not among them: its labels are about names and numbers of a country. */
const TRANSLATABLE: readonly Task[] = [
  'prompt_harm',
  'benign',
  'response_harm',
  'refusal',
  'injection',
  'toxicity',
  'offtopic',
  'agent',
]

const print = (line: string): void => void process.stdout.write(`${line}\n`)
const required = (name: 'data' | 'out' | 'languages', example: string): string => {
  const value = values[name]
  if (value === undefined) throw new ParapetError('configuration', `Give --${name} ${example}.`)
  return value
}

function parseTasks(list: string, perTask: number): ReadonlyMap<Task, number> {
  return new Map(
    list.split(',').map((item) => {
      const [name, number] = item.split(':')
      const task = TRANSLATABLE.find((known) => known === name)
      const limit = number === undefined ? perTask : Number(number)
      if (task === undefined || !Number.isInteger(limit) || limit < 1)
        throw new ParapetError(
          'configuration',
          `--tasks ${item}: write TASK or TASK:ROWS, TASK one of ${TRANSLATABLE.join(', ')}.`,
        )
      return [task, limit]
    }),
  )
}

/** `rows` in that language decide between translations of a lexicon. */
function translatorOf(language: string, rows: readonly TrainingRecord[], seed: number, share: number): Translator {
  const route = APERTIUM_ROUTES[language]
  const lexicon = (): Lexicon =>
    readLexicon(
      language,
      rows.filter(({ lang }) => lang === language).map(({ prompt, response }) => `${prompt} ${response ?? ''}`),
    )
  if (route === undefined) {
    const words = lexicon()
    const translate = (text: string): Translation => translateWords(text, words, { language, seed, share })
    return { language, way: 'words', translate: (texts) => Promise.resolve(texts.map(translate)) }
  }
  if (!values['fill-unknown'])
    return {
      language,
      way: 'apertium',
      translate: (texts, signal) => translateWithApertium(texts, route, signalled(signal)),
    }
  const words = lexicon()
  const fill = (word: string): string | undefined => translationsOf(word.toLowerCase(), words, undefined)?.targets[0]
  return {
    language,
    way: 'apertium+words',
    translate: (texts, signal) => translateWithApertium(texts, route, { ...signalled(signal), lexicon: fill }),
  }
}

const signalled = (signal: AbortSignal | undefined): { signal?: AbortSignal } =>
  signal === undefined ? {} : { signal }

async function run(): Promise<void> {
  const data = required('data', 'DIR')
  const out = required('out', 'FILE.jsonl.gz')
  const languages = required('languages', 'de,fr').split(',')
  const perTask = parseTasks(values.tasks, Number(values['per-task']))
  const files = readRecordFiles(data)
  const all = files.flatMap(({ records }) => records)
  const rows = sampleRows(all, { perTask, seed: Number(values.seed) })
  const fingerprint = createHash('sha256')
    .update(
      JSON.stringify([
        files.map(({ sha256 }) => sha256),
        languages,
        [...perTask],
        values.seed,
        values.share,
        values['fill-unknown'],
      ]),
    )
    .digest('hex')
  const output = openOutput(out, fingerprint)
  let place = 0
  for (const language of languages) {
    const translator = translatorOf(language, all, Number(values.seed), Number(values.share))
    const sum = { written: 0, dropped: 0, words: 0, unknown: 0 }
    const began = performance.now()
    for (let from = 0; from < rows.length; from += CHUNK) {
      if (place++ < output.done()) continue
      const result = await translateRows(rows.slice(from, from + CHUNK), translator)
      output.append(result.rows)
      sum.written += result.counts.written
      sum.dropped += result.counts.dropped
      sum.words += result.counts.words
      sum.unknown += result.counts.unknown
    }
    const seconds = (performance.now() - began) / 1000
    print(
      `${language} by ${translator.way}: ${sum.written} rows, ${sum.dropped} dropped, ${sum.words} words of which ` +
        `${((100 * sum.unknown) / Math.max(1, sum.words)).toFixed(1)} % unknown, ${Math.round(sum.words / seconds)} words/s`,
    )
  }
  output.finish()
}

await run()
