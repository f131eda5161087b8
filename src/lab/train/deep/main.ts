/**
 * Trains the deep tier.
 *
 *   npx tsx src/lab/train/deep/main.ts --data DIR --out RUNDIR --rows N [--extra FILE]... [--lexicon FILE]...
 *     [--seed S] [--threads T] [--learning-rate R] [--embedding-rate F] [--synthetic N] [--id ID] [--resume]
 *
 * DIR has `train/open/*.jsonl.gz` in the record form, as the extra files (translated or invented rows) are; a lexicon has lines
 * `english<TAB>word`. RUNDIR gets `checkpoint.bin` on the way and, at the end, `deep.bin` (int8) and `report.json`. Ctrl-C saves the
 * state and stops; `--resume` with the same data and options goes on.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createRandom } from '../../../nn/random.ts'
import { loadOnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import { ParapetError } from '../../../spec/errors.ts'
import type { Example } from '../examples.ts'
import { manifestOf } from '../manifest.ts'
import { readRecordFile, readRecordFiles } from '../records.ts'
import { syntheticFrom } from '../synthetic.ts'
import { writeAtomically } from './checkpoint.ts'
import { DEEP_HEADS, deepExamples, documentTargets, extraExamples } from './examples.ts'
import { addToLexicon, deepConfig, initialDeepParameters, loadUseLite } from './initial.ts'
import { figureLines } from './report.ts'
import { runDeepTraining } from './run.ts'
import { extendVocabulary, textsByLanguage } from './vocabulary.ts'

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    out: { type: 'string' },
    rows: { type: 'string', default: '100000' },
    extra: { type: 'string', multiple: true, default: [] },
    lexicon: { type: 'string', multiple: true, default: [] },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: '1' },
    'learning-rate': { type: 'string', default: '2e-4' },
    'embedding-rate': { type: 'string', default: '3' },
    synthetic: { type: 'string', default: '12000' },
    id: { type: 'string', default: 'parapet-deep-1' },
    resume: { type: 'boolean', default: false },
  },
})
const print = (line: string): void => void process.stdout.write(`${line}\n`)

function required(option: 'data' | 'out'): string {
  const value = values[option]
  if (value === undefined) throw new ParapetError('configuration', `The option --${option} is missing.`)
  return value
}

function whole(option: 'rows' | 'seed' | 'threads' | 'synthetic', least: number): number {
  const value = Number(values[option])
  if (!Number.isSafeInteger(value) || value < least)
    throw new ParapetError('configuration', `--${option} must be a whole number of at least ${least}.`)
  return value
}

function positive(option: 'learning-rate' | 'embedding-rate'): number {
  const value = Number(values[option])
  if (!(value > 0 && value < Infinity))
    throw new ParapetError('configuration', `--${option} must be a positive number.`)
  return value
}

const [data, folder] = [required('data'), required('out')]
const [rows, seed, threads, synthetic] = [
  whole('rows', 1),
  whole('seed', 0),
  whole('threads', 1),
  whole('synthetic', 0),
]
const [learningRate, embeddingRate] = [positive('learning-rate'), positive('embedding-rate')]
const stop = new AbortController()
process.once('SIGINT', () => stop.abort())
mkdirSync(folder, { recursive: true })

const files = readRecordFiles(join(data, 'train/open'))
const extra = values.extra.map(readRecordFile)
const invented = syntheticFrom(files, createRandom(seed + 6), synthetic)
const examples: readonly Example[] = [...deepExamples(files), ...extraExamples(extra), ...invented.map(documentTargets)]
print(`${examples.length} examples from ${files.length} files and ${extra.length} extra files`)

const pretrained = loadUseLite()
const texts = textsByLanguage([...files, ...extra].flatMap(({ records }) => records))
const english = (texts.get('en') ?? []).filter((_, index) => index % 20 === 0).map((text) => text.slice(0, 600))
const vocabulary = extendVocabulary({ base: pretrained.pieces, reserved: pretrained.reserved, texts, english })
print(
  `${vocabulary.pieces.length} pieces; new ones are ${(100 * vocabulary.englishShare).toFixed(2)} % of English tokens`,
)
for (const [language, figures] of Object.entries(vocabulary.languages)) {
  const density = figures.charactersPerToken.toFixed(2)
  print(`${language}: ${figures.pieces} pieces from ${figures.texts} texts, ${density} characters a token`)
}

const lexicon = new Map<string, string[]>()
for (const path of values.lexicon) addToLexicon(lexicon, readFileSync(path, 'utf8'))
const { pieces } = vocabulary
const config = deepConfig(pieces.length, DEEP_HEADS.length)
const { parameters, translated } = initialDeepParameters({ pretrained, config, pieces, lexicon, seed })
print(`${translated} new pieces start from translations`)

const result = await runDeepTraining({
  runtime: await loadOnnxRuntime(),
  ...{ id: values.id, heads: DEEP_HEADS, config, parameters, pieces, reserved: pretrained.reserved },
  ...{ examples, rows, seed, folder, resume: values.resume, threads, learningRate, embeddingRate, signal: stop.signal },
  onProgress: ({ step, steps, loss, rowsPerSecond, learningRate: rate }) =>
    print(
      `step ${step}/${steps} loss ${loss.toFixed(4)} rate ${rate.toExponential(1)} ${rowsPerSecond.toFixed(0)} rows/s`,
    ),
})
writeAtomically(join(folder, 'deep.bin'), result.file)
const { file, figures, ...counts } = result
const settings = { id: values.id, rows, seed, threads, learningRate, embeddingRate, synthetic }
const { englishShare, languages } = vocabulary
const report = {
  settings,
  ...counts,
  bytes: file.length,
  englishShare,
  languages,
  figures,
  ...manifestOf([...files, ...extra]),
}
writeAtomically(join(folder, 'report.json'), new TextEncoder().encode(`${JSON.stringify(report, null, 2)}\n`))
print(`wrote ${join(folder, 'deep.bin')}: ${file.length} bytes, ${counts.steps} steps, ${counts.learnt} examples`)
for (const line of figureLines(figures)) print(line)
