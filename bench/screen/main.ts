/**
 * The screen measured: what it finds and what it flags wrongly, on the small world and on ordinary data, and rows a second beside the
 * physical limit, which is reading the same file and parsing its JSON. Nothing is tuned here.
 *
 *   npx tsx bench/screen/main.ts [--rows 4000] [--workers 1,2] [--seeds 3] [--ordinary FILE.jsonl.gz] [--part speed|quality|ordinary]
 *
 * FILE is in the record form with `prompt` and `response`, harmless rows only; its rows are never printed.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { measureOrdinary } from './ordinary.ts'
import { measureQuality } from './quality.ts'
import { measureSpeed } from './speed.ts'

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '4000' },
    workers: { type: 'string', default: '1,2' },
    seeds: { type: 'string', default: '3' },
    ordinary: { type: 'string' },
    part: { type: 'string' },
  },
})
const wants = (part: string): boolean => values.part === undefined || values.part === part
const print = (line: string): void => void process.stdout.write(`${line}\n`)
const folder = mkdtempSync(join(tmpdir(), 'parapet-bench-screen-'))
try {
  if (wants('speed')) {
    print(`${availableParallelism()} hyperthreads\n`)
    const workers = values.workers.split(',').map(Number)
    await measureSpeed({ folder, rows: Number(values.rows), workers, print })
  }
  if (wants('quality')) await measureQuality({ folder, seeds: Number(values.seeds), print })
  if (values.ordinary !== undefined && wants('ordinary'))
    await measureOrdinary({ folder, bytes: readFileSync(values.ordinary), print, write: writeFileSync })
} finally {
  rmSync(folder, { recursive: true })
}
