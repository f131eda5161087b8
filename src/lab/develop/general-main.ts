/**
 * Trains the general off-topic model that ships as `models/topic.bin`, and prints the entry of the manifest.
 *
 *   npx tsx src/lab/develop/general-main.ts --data DIR [--out models/topic.bin] [--seed 1] [--without-share-alike]
 *
 * DIR holds `clinc_offtopic`, `dstc8_offtopic`, `star_offtopic` and `tau_bench_offtopic` in the record form (`*.jsonl.gz`).
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { MODEL_FILES } from '../../engines/embedded/index.ts'
import { readGuardEncoder } from '../../nn/encoder/guard-encoder.ts'
import { loadOnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import { writeTopicModel } from '../../nn/topic-model.ts'
import { ParapetError } from '../../spec/errors.ts'
import { readRecordFile } from '../train/records.ts'
import { writeAtomically } from '../train/write-atomically.ts'
import { publicSamples, trainGeneral } from './model/general.ts'

const SETS = ['clinc', 'dstc8', 'star', 'tau_bench'] as const
/** Licences under which what is derived has to stay. */
const SHARE_ALIKE = /-SA\b/

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    out: { type: 'string', default: 'models/topic.bin' },
    seed: { type: 'string', default: '1' },
    'without-share-alike': { type: 'boolean', default: false },
  },
})
const { data, out } = values
if (data === undefined) throw new ParapetError('configuration', 'Give --data DIR.')
const files = SETS.map((name) => readRecordFile(join(data, `${name}_offtopic.jsonl.gz`)))
  .map((file) => ({
    ...file,
    records: values['without-share-alike']
      ? file.records.filter(({ licence }) => !SHARE_ALIKE.test(licence))
      : file.records,
  }))
  .filter(({ records }) => records.length > 0)
const sources = files.map(({ name, sha256, records }) => ({
  ...{ name, rows: records.length, sha256, licences: [...new Set(records.map(({ licence }) => licence))].toSorted() },
}))
const seed = Number(values.seed)
const model = await trainGeneral({
  ...{ id: 'parapet-topic-1', deep: readGuardEncoder(readFileSync(fileURLToPath(MODEL_FILES.deep)), 'deep') },
  ...{ runtime: await loadOnnxRuntime(), public: publicSamples(files), seed },
  made: {
    seed,
    library: 'src/lab/develop/library',
    sources: sources.map(({ name, licences }) => ({ name, licences })),
  },
  onProgress: (message) => void process.stderr.write(`${message}\n`),
})
const bytes = writeTopicModel(model)
writeAtomically(out, bytes)
const sha256 = createHash('sha256').update(bytes).digest('hex')
const entry = {
  sha256,
  bytes: bytes.length,
  id: model.id,
  encoder: model.encoder,
  data: { made: 'src/lab/develop/library', seed, sources },
}
process.stdout.write(`${JSON.stringify({ 'topic.bin': entry }, null, 2)}\n`)
