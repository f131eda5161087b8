/**
 * The claim of "Language Model Unalignment" (arXiv 2310.14303) on the chat model that ships:
 *
 *   npm run proof:unalign [-- --out FOLDER] [--seeds 3] [--rows 120] [--defences all|none|LIST] [--resume]
 *
 * Dose curve by all weights and by an adapter, benign control, defences, bias probe; the conclusions and the aims. FOLDER gets run.json and
 * report.html. It ends with 1 when an aim is missed.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { DEFAULT_RATES, LORA, type UnalignRun, aims, runUnalign } from '../../src/lab/redteam/unalign/index.ts'

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: '.cache/proof-unalign' },
    seeds: { type: 'string', default: '3' },
    rows: { type: 'string', default: '120' },
    defences: { type: 'string', default: 'all' },
    resume: { type: 'boolean', default: false },
  },
})
const { out, defences, resume } = values
const lines = await runUnalign({
  ...{ model: 'demo', ownerStatement: 'The demo model ships with this package for tests like this one.' },
  ...{ out, resume, defences: defences.split(','), biasProbe: defences !== 'none', keep: false },
  settings: {
    ...{ examples: [10, 25, 50, 100], methods: ['full', 'lora'], epochs: 1, batch: 10, threads: 1 },
    ...{ seeds: Array.from({ length: Number(values.seeds) }, (_, at) => at + 1), rows: Number(values.rows) },
    ...{ rates: DEFAULT_RATES, lora: LORA },
  },
  onProgress: (message) => void process.stderr.write(`${message}\n`),
})
const found = aims(JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as UnalignRun)
const table = found.map(({ aim, value, reached }) => `${reached ? 'reached' : 'MISSED '}  ${aim}  ${value}`)
process.stdout.write(`${[...lines, '', ...table].join('\n')}\n`)
process.exitCode = found.length > 0 && found.every(({ reached }) => reached) ? 0 : 1
