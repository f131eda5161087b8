/**
 * Puts the models of a training run into `models/`: the files, the demo language model, and the manifest of what they were made from.
 *
 *   npx tsx src/lab/train/ship.ts --run RUNDIR --data DIR [--out models]
 *
 * RUNDIR is what `parapet lab train` wrote. DIR is the data it was given: the demo model is counted from its harmless answers.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { EmbeddedModel } from '../../nn/embedded-model.ts'
import { writeNgramModel } from '../../nn/ngram-model.ts'
import { ParapetError } from '../../spec/index.ts'
import { demoCorpus } from './demo-corpus.ts'
import { trainNgram } from './ngram-trainer.ts'
import { readRecordFiles } from './records.ts'

/** Answers of the demo model score below this. */
const HARMLESS = 0.1

const { values } = parseArgs({
  options: { run: { type: 'string' }, data: { type: 'string' }, out: { type: 'string', default: 'models' } },
})
const { run, data, out } = values
if (run === undefined || data === undefined) throw new ParapetError('configuration', 'Give --run RUNDIR --data DIR.')
mkdirSync(out, { recursive: true })
const training = JSON.parse(readFileSync(join(run, 'training.json'), 'utf8')) as Readonly<Record<string, unknown>>
const names = ['classifier.bin', 'classifier-lite.bin', 'deep.bin'].filter((name) => existsSync(join(run, name)))
for (const name of names) writeFileSync(join(out, name), readFileSync(join(run, name)))

const model = EmbeddedModel.read(readFileSync(join(run, 'classifier.bin')), 'classifier.bin')
const corpus = demoCorpus(
  readRecordFiles(join(data, 'train/open')),
  (text) =>
    (model.scoreResponse(text, undefined)['response_harm'] ?? 1) < HARMLESS &&
    (model.scoreText(text)['toxicity'] ?? 1) < HARMLESS,
)
const demo = writeNgramModel(trainNgram(corpus, { id: 'parapet-demo', vocabulary: 8000, trigrams: 120_000 }))
writeFileSync(join(out, 'demo-lm.bin'), demo)
const sha256 = createHash('sha256').update(demo).digest('hex')
const models = {
  ...(training['models'] as object),
  'demo-lm.bin': { sha256, bytes: demo.length, texts: corpus.length },
}
writeFileSync(join(out, 'manifest.json'), `${JSON.stringify({ ...training, models }, null, 2)}\n`)
process.stdout.write(`wrote ${[...names, 'demo-lm.bin', 'manifest.json'].join(', ')} to ${out}\n`)
