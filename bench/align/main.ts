/**
 * The claim of "Alignment For Performance Improvement in Conversation Bots" (arXiv 2406.18954) at the size that runs here:
 *
 *   npm run proof:align [-- --out FOLDER] [--seeds 3] [--resume] [--abcd FOLDER] [--only flows|actions]
 *
 * Every regime and control over the seeds, a table, the checks, one conclusion; FOLDER gets run.json and report.html. Where the published
 * files of ABCD are there, a second table follows. It ends with 1 when a check fails.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type FlowRun, runFlows } from '../../src/lab/align/flow/run-flows.ts'
import { FLOW_SIZE } from '../../src/lab/align/flow/seed-bench.ts'
import { nextActionTable } from './next-actions.ts'

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: '.cache/proof-align' },
    seeds: { type: 'string', default: '3' },
    resume: { type: 'boolean', default: false },
    abcd: { type: 'string', default: fileURLToPath(new URL('../../../shared/data/extra', import.meta.url)) },
    only: { type: 'string' },
  },
})
const { out, resume, abcd, only } = values
const onProgress = (message: string): void => void process.stderr.write(`${message}\n`)
const print = (lines: readonly string[]): void => void process.stdout.write(`${lines.join('\n')}\n\n`)
mkdirSync(out, { recursive: true })
if (only !== 'actions') {
  const seeds = Array.from({ length: Number(values.seeds) }, (_, at) => at + 1)
  print(await runFlows({ out, resume, size: FLOW_SIZE, seeds, onProgress }))
  const { checks } = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as FlowRun
  process.exitCode = checks.every(({ passed }) => passed) ? 0 : 1
}
if (only !== 'flows')
  print(
    existsSync(join(abcd, 'abcd_guidelines.json'))
      ? await nextActionTable(abcd, out, onProgress)
      : [`${abcd} holds no files of ABCD: the table of next actions is left out.`],
  )
