/**
 * Calibrates a trained fast tier by language, its weights and its general calibration unchanged.
 *
 *   npx tsx src/lab/train/recalibrate.ts --model models/classifier.bin --data DIR --out FILE
 *
 * DIR holds the training records. The rows are the held-out ones that training left aside; invented ones are not made again.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { ANY_LANGUAGE } from '../../nn/embedded-model.ts'
import { ParapetError } from '../../spec/index.ts'
import { recalibrated } from './recalibrated.ts'
import { readRecordFiles } from './records.ts'
import { writeAtomically } from './write-atomically.ts'

const { values } = parseArgs({
  options: { model: { type: 'string' }, data: { type: 'string' }, out: { type: 'string' } },
})
const { model, data, out } = values
if (model === undefined || data === undefined || out === undefined)
  throw new ParapetError('configuration', 'Give --model FILE, --data DIR and --out FILE.')
const { bytes, calibration } = recalibrated(readFileSync(model), model, readRecordFiles(data))
writeAtomically(out, bytes)
for (const [output, languages] of Object.entries(calibration)) {
  const thresholds = Object.entries(languages).map(
    ([language, { slope, intercept }]) => `${language} ${(-intercept / slope).toFixed(2)}`,
  )
  if (Object.keys(languages).some((language) => language !== ANY_LANGUAGE))
    process.stdout.write(`${output}: thresholds ${thresholds.join(', ')}\n`)
}
process.stdout.write(`${out}: ${bytes.length} bytes\n`)
