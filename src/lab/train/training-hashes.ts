/**
 * Hashes of the training texts of the shipped models, for the bench's check of contamination: `lab/eval/hash-list.ts` has their form.
 *
 *   npx tsx src/lab/train/training-hashes.ts --data DIR [--out models/training-hashes.bin]
 *
 * Of all rows of the record files of DIR that teach a head, held-out ones included: they calibrate. Texts that were translated or invented
 * here are not in it.
 */
import { parseArgs } from 'node:util'
import { ParapetError } from '../../spec/index.ts'
import { judgedText, textHash } from '../eval/contamination.ts'
import { writeHashList } from '../eval/hash-list.ts'
import { toExamples } from './examples.ts'
import { readRecordFiles } from './records.ts'
import { writeAtomically } from './write-atomically.ts'

const { values } = parseArgs({
  options: { data: { type: 'string' }, out: { type: 'string', default: 'models/training-hashes.bin' } },
})
if (values.data === undefined)
  throw new ParapetError('configuration', 'Give the folder of training records: --data DIR.')
const examples = readRecordFiles(values.data).flatMap(({ name, records }) =>
  records.flatMap((record) => toExamples(record, name)),
)
const hashes = new Set(
  examples.map(({ text, prompt = '', response }) =>
    textHash(judgedText({ prompt: text ?? prompt, response: response ?? null })),
  ),
)
const bytes = writeHashList(hashes)
writeAtomically(values.out, bytes)
process.stdout.write(`${values.out}: ${hashes.size} texts, ${bytes.length} bytes\n`)
