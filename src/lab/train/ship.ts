/**
 * Puts the guard models of a training run into `models/`: the files, and the manifest of what they were made from.
 *
 *   npx tsx src/lab/train/ship.ts --run RUNDIR [--out models]
 *
 * RUNDIR is what `parapet lab train` wrote. Models that other runs made keep their entries in the manifest.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ParapetError } from '../../spec/index.ts'
import { writeAtomically } from './write-atomically.ts'

interface Manifest {
  readonly models: Readonly<Record<string, unknown>>
  /** SHA-256 of the deep tier whose encoder was taken. */
  readonly encoderFrom?: string
  readonly encoder?: unknown
  readonly encoderCosine?: unknown
  readonly inputs?: unknown
}

const FILES: readonly string[] = ['classifier.bin', 'classifier-lite.bin', 'deep.bin']

const { values } = parseArgs({ options: { run: { type: 'string' }, out: { type: 'string', default: 'models' } } })
const { run, out } = values
if (run === undefined) throw new ParapetError('configuration', 'Give --run RUNDIR.')
mkdirSync(out, { recursive: true })
const training = JSON.parse(readFileSync(join(run, 'training.json'), 'utf8')) as Manifest
const names = FILES.filter((name) => existsSync(join(run, name)))
for (const name of names) writeAtomically(join(out, name), readFileSync(join(run, name)))

const path = join(out, 'manifest.json')
const before = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Manifest) : { models: {} }
const others = Object.entries(before.models).filter(([name]) => !FILES.includes(name))
const models = { ...training.models, ...Object.fromEntries(others) }
writeAtomically(path, Buffer.from(`${JSON.stringify({ ...training, ...encoderOf(before), models }, null, 2)}\n`))
process.stdout.write(`wrote ${[...names, 'manifest.json'].join(', ')} to ${out}\n`)

/** An encoder that was taken from the tier shipped before keeps what the manifest says of how it was made. */
function encoderOf({ encoder, encoderCosine, inputs }: Manifest): { readonly encoder?: unknown } {
  return training.encoderFrom === undefined ? {} : { encoder: encoder ?? { cosine: encoderCosine, inputs } }
}
