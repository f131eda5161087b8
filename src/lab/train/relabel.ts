/**
 * Corrects what a deep tier's file says of languages its encoder never saw; weights and calibration stay as they are.
 *
 *   npx tsx src/lab/train/relabel.ts --model models/deep.bin --languages en,de,fr,es,it,pt,ru,ar,hi --out FILE
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { readGuardEncoder } from '../../nn/encoder/guard-encoder.ts'
import { readModelFile, writeModelFile } from '../../nn/model-file.ts'
import { ParapetError } from '../../spec/index.ts'
import { encoderCoverage } from './deep/encoder-coverage.ts'
import { writeAtomically } from './write-atomically.ts'

const { values } = parseArgs({
  options: { model: { type: 'string' }, languages: { type: 'string' }, out: { type: 'string' } },
})
const { model, languages, out } = values
if (model === undefined || languages === undefined || out === undefined)
  throw new ParapetError('configuration', 'Give --model FILE, --languages LIST and --out FILE.')
const bytes = readFileSync(model)
const coverage = encoderCoverage(readGuardEncoder(bytes, model).coverage, languages.split(','))
const { header, blocks } = readModelFile(bytes, model)
const { blocks: _, ...rest } = header
writeAtomically(out, writeModelFile({ ...rest, coverage }, blocks))
