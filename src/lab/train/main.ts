/**
 * Trains what ships in `models/`.
 *
 *   npx tsx src/lab/train/main.ts --data DIR --out models [--without-share-alike] [--report-only MODEL]
 *
 * DIR has `train/open/*.jsonl.gz` and `dev/*.jsonl.gz` in the record form. Only the development sets named below calibrate; all are
 * reported.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { EmbeddedModel } from '../../nn/embedded-model.ts'
import { writeNgramModel } from '../../nn/ngram-model.ts'
import { demoCorpus } from './demo-corpus.ts'
import { trainEmbedded } from './embedded.ts'
import { isShareAlike, manifestOf } from './manifest.ts'
import { trainNgram } from './ngram-trainer.ts'
import type { RecordFile } from './records.ts'
import { readRecordFiles } from './records.ts'
import { reportLines } from './report.ts'

/** Development sets whose licences permit that shipped thresholds are fitted on them. */
const CALIBRATION = [
  'guardreasoner_openai_moderation',
  'xstest',
  'or_bench_hard_heldout',
  'aegis_safety_test',
  'cyberseceval_mitre_frr_benign',
  'bipia_test',
  'cold_test',
  'germeval2018_test',
  'apeach_ko',
  'clinc_oos_test',
  'gptfuzz_response_eval',
  'multijail',
  'xstest_response_refusal',
]

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    out: { type: 'string', default: 'models' },
    seed: { type: 'string', default: '1' },
    'without-share-alike': { type: 'boolean', default: false },
    'report-only': { type: 'string' },
  },
})
if (values.data === undefined) throw new Error('Give the data folder: --data DIR')
const print = (line: string): void => void process.stdout.write(`${line}\n`)
const development = readRecordFiles(join(values.data, 'dev'))

if (values['report-only'] === undefined) train(values.data, values.out)
else report(EmbeddedModel.read(readFileSync(values['report-only']), values['report-only']))

function train(data: string, out: string): void {
  const all = readRecordFiles(join(data, 'train/open'))
  const files = values['without-share-alike'] ? all.map(withoutShareAlike) : all
  const calibration = development.filter(({ name }) => CALIBRATION.includes(name))
  const { model, bytes } = trainEmbedded({ files, calibration, seed: Number(values.seed), onProgress: print })
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, 'classifier.bin'), bytes)
  const corpus = demoCorpus(
    files,
    (text) =>
      (model.scoreResponse(text, undefined)['response_harm'] ?? 1) < 0.1 &&
      (model.scoreText(text)['toxicity'] ?? 1) < 0.1,
  )
  const demo = writeNgramModel(trainNgram(corpus, { id: 'parapet-demo', vocabulary: 8000, trigrams: 120_000 }))
  writeFileSync(join(out, 'demo-lm.bin'), demo)
  const hash = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex')
  const models = {
    'classifier.bin': { sha256: hash(bytes), bytes: bytes.length },
    'demo-lm.bin': { sha256: hash(demo), bytes: demo.length, texts: corpus.length },
  }
  writeFileSync(
    join(out, 'manifest.json'),
    `${JSON.stringify({ models, seed: Number(values.seed), calibration: CALIBRATION, ...manifestOf(files) }, null, 2)}\n`,
  )
  print(`wrote ${out}: classifier ${bytes.length} bytes, demo model ${demo.length} bytes from ${corpus.length} texts`)
  report(model)
}

function withoutShareAlike(file: RecordFile): RecordFile {
  return { ...file, records: file.records.filter(({ licence }) => !isShareAlike(licence)) }
}

function report(model: EmbeddedModel): void {
  for (const line of reportLines(model, development, CALIBRATION)) print(line)
}
