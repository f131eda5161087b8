/**
 * The screen measured: what it finds and what it flags wrongly, on the small world, on rows optimised against a guard and on ordinary data, and rows a second beside the
 * physical limit, which is reading the same file and parsing its JSON. The part `canary` tunes copies of the demo model, and keeps none.
 *
 *   npx tsx bench/screen/main.ts [--rows 4000] [--workers 1,2] [--seeds 3] [--ordinary FILE.jsonl.gz] [--slots 16]
 *     [--part speed|workers|quality|ordinary|virus|canary] [--rounds 3]
 *
 * The part `workers` starts a PostgreSQL of its own where one is installed.
 *
 * FILE is in the record form with `prompt` and `response`, harmless rows only; its rows are never printed.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { measureCanary } from './canary.ts'
import { measureOrdinary } from './ordinary.ts'
import { measureQuality } from './quality.ts'
import { measureSpeed } from './speed.ts'
import { measureVirus } from './virus.ts'
import { measureWorkers } from './workers.ts'

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '4000' },
    workers: { type: 'string', default: '1,2' },
    seeds: { type: 'string', default: '3' },
    ordinary: { type: 'string' },
    slots: { type: 'string', default: '16' },
    rounds: { type: 'string', default: '3' },
    part: { type: 'string' },
  },
})
const wants = (part: string): boolean => values.part === undefined || values.part === part
const print = (line: string): void => void process.stdout.write(`${line}\n`)
const folder = mkdtempSync(join(tmpdir(), 'parapet-bench-screen-'))
try {
  if (wants('speed')) {
    print(
      `${availableParallelism()} hyperthreads; ${loadavg()[0]?.toFixed(1) ?? '?'} programs wanted them in the last minute\n`,
    )
    const workers = values.workers.split(',').map(Number)
    await measureSpeed({ folder, rows: Number(values.rows), workers, print })
  }
  if (wants('workers'))
    await measureWorkers({ folder, rows: Number(values.rows), rounds: Number(values.rounds), print })
  if (wants('quality')) await measureQuality({ folder, seeds: Number(values.seeds), print })
  if (wants('virus')) await measureVirus({ folder, slots: Number(values.slots), print })
  if (wants('canary')) await measureCanary({ seeds: Number(values.seeds), slots: Number(values.slots), print })
  if (values.ordinary !== undefined && wants('ordinary'))
    await measureOrdinary({ folder, bytes: readFileSync(values.ordinary), print, write: writeFileSync })
} finally {
  rmSync(folder, { recursive: true })
}
