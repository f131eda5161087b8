/**
 * Puts the aligned model of a run of the world into `models/`, as int8, with what it was made from in the manifest.
 *
 *   npx tsx src/lab/world/ship.ts --run RUNDIR --id parapet-chat-2 [--out models]
 *
 * RUNDIR is what `parapet lab world` wrote. Run `node scripts/license-weights.mjs` afterwards.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ParapetError } from '../../spec/index.ts'
import { packCheckpoint } from '../checkpoints/packed-file.ts'
import { readCheckpoint } from '../checkpoints/read-checkpoint.ts'
import { writeAtomically } from '../train/write-atomically.ts'
import type { WorldRun } from './run-world.ts'

const FILE = 'chat.bin'

const { values } = parseArgs({
  options: { run: { type: 'string' }, id: { type: 'string' }, out: { type: 'string', default: 'models' } },
})
const { run: folder, id, out } = values
if (folder === undefined || id === undefined) throw new ParapetError('configuration', 'Give --run RUNDIR --id NAME.')
const run = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as WorldRun
const bytes = packCheckpoint(await readCheckpoint(join(folder, 'aligned')), { id })
const path = join(out, 'manifest.json')
const manifest = JSON.parse(readFileSync(path, 'utf8')) as { readonly models: Readonly<Record<string, unknown>> }
const entry = {
  sha256: createHash('sha256').update(bytes).digest('hex'),
  bytes: bytes.length,
  ...{ id, licence: 'Apache-2.0', parameters: run.parameters },
  // Nobody else's text: the rows are generated, and the seed makes them again.
  data: { made: 'src/lab/world', seed: run.seed, rowsOfEachStage: run.rows, sha256: run.dataHash },
}
const models = { ...manifest.models, [FILE]: entry }
writeAtomically(join(out, FILE), bytes)
writeAtomically(path, Buffer.from(`${JSON.stringify({ ...manifest, models }, null, 2)}\n`))
process.stdout.write(`wrote ${FILE} (${bytes.length} bytes) and its entry in manifest.json to ${out}\n`)
