/**
 * The ablations of ThinkGuard and GuardReasoner at a size that trains on one processor core: label only, label and critique, reasoning SFT,
 * and reasoning SFT with mining and HS-DPO, on rows of the open training data, measured on parts of the development sets beside the better
 * constant and the embedded guard's fast tier. The teacher is the rule-based one, so this shows the pipeline and the order of the arms at
 * this size; it says nothing of the papers' figures.
 *
 *   npm run proof:distill -- --data DIR --out FOLDER [--seeds 1,2,3] [--arms label,critique] [--rows 3000] [--passes 3]
 *
 * DIR holds `train/open` and `dev`. The same command goes on where it stood; arms may run in processes of their own, each with `--arms`, once the first has written `data/`, and a
 * last call with `--arms none` writes the report of what is finished. A seed took 7.5 minutes of processor time with `--rows 2400 --passes 2.5
 * --longest 160 --each 80 --mined 160 --members 0`; the defaults take more. Prints whether the papers' claims hold here, and does not fail
 * where they do not: a claim that is not shown is a result.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { loadEmbeddedClassifier } from '../../src/engines/embedded/index.ts'
import {
  ABLATION_DEFAULTS,
  ARMS,
  type ArmName,
  balancedRows,
  createRuleTeacher,
  rowsOfRecords,
  runAblation,
} from '../../src/lab/distill/index.ts'
import { readRecordFiles } from '../../src/lab/train/records.ts'
import { loadOnnxRuntime } from '../../src/nn/runtime/onnx-runtime.ts'
import { claimsOf } from './claims.ts'
import { devRows } from './dev-rows.ts'

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    out: { type: 'string' },
    seeds: { type: 'string', default: '1' },
    arms: { type: 'string', default: ARMS.join(',') },
    rows: { type: 'string', default: '3000' },
    passes: { type: 'string', default: '3' },
    longest: { type: 'string', default: '200' },
    each: { type: 'string', default: '150' },
    mined: { type: 'string', default: '600' },
    members: { type: 'string', default: '1' },
    width: { type: 'string', default: String(ABLATION_DEFAULTS.shape.width) },
    layers: { type: 'string', default: String(ABLATION_DEFAULTS.shape.layers) },
  },
})
const { data, out } = values
if (data === undefined || out === undefined) throw new Error('Give --data DIR --out FOLDER.')
const number = (name: 'rows' | 'passes' | 'longest' | 'each' | 'mined' | 'members' | 'width' | 'layers'): number =>
  Number(values[name])
const seeds = values.seeds.split(',').map(Number)
const arms = values.arms.split(',').filter((arm): arm is ArmName => (ARMS as readonly string[]).includes(arm))
const longest = number('longest')

const training = rowsOfRecords(readRecordFiles(join(data, 'train', 'open')), { languages: ['en'], longest })
// Rows and development rows are the same for every seed: seeds are of weights, orders and draws.
const dev = devRows(join(data, 'dev'), { each: number('each'), longest, seed: 1 })
const measured = new Set(dev.rows.map(({ id }) => id))
const rows = balancedRows(
  training.rows.filter(({ id }) => !measured.has(id)),
  number('rows'),
  1,
)
const classifier = await loadEmbeddedClassifier(undefined, { deep: 'off' })
const before = process.cpuUsage()
const run = await runAblation({
  ...{ rows, dev: dev.rows, seeds, arms, out, classifier, runtime: await loadOnnxRuntime() },
  teacher: createRuleTeacher({ classifier }),
  devNote:
    `Parts of development sets, at most ${number('each')} rows each, half of them positive where there are enough, so the share of positives is ` +
    `not that of the whole set. Texts are cut to ${longest} characters (${dev.cut} rows of the whole sets are longer). ` +
    `${dev.absent.length === 0 ? '' : `Absent: ${dev.absent.join(', ')}. `}Labels of the sets are as published.`,
  settings: {
    ...ABLATION_DEFAULTS,
    passes: number('passes'),
    shape: { ...ABLATION_DEFAULTS.shape, width: number('width'), layers: number('layers') },
    mining: { ...ABLATION_DEFAULTS.mining, rows: number('mined'), members: number('members') },
  },
  onProgress: (message) => console.log(`${new Date().toISOString().slice(11, 19)} ${message}`),
})
const { user, system } = process.cpuUsage(before)
console.log(`\n${((user + system) / 6e7).toFixed(1)} minutes of processor time in this process`)
for (const line of claimsOf(run)) console.log(line)
console.log(`wrote ${join(out, 'run.json')} and ${join(out, 'report.html')}`)
