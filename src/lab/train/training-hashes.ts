/**
 * Hashes of the training texts of the shipped models, for the bench's check of contamination: `lab/eval/hash-list.ts` has their form.
 *
 *   npx tsx src/lab/train/training-hashes.ts --data DIR [--out models/training-hashes.bin]
 *
 * Of all rows of the record files of DIR that teach a head, held-out ones included: they calibrate. Texts that were translated or invented
 * here are not in it. Where a manifest lies beside it, the list's hash goes into it: a list that does not match is refused.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
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
const manifest = join(dirname(values.out), 'manifest.json')
if (existsSync(manifest)) {
  const before = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly models: Readonly<Record<string, unknown>> }
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const entry = { sha256, bytes: bytes.length, kind: 'hashes', texts: hashes.size }
  const models = { ...before.models, [basename(values.out)]: entry }
  writeAtomically(manifest, Buffer.from(`${JSON.stringify({ ...before, models }, null, 2)}\n`))
}
process.stdout.write(`${values.out}: ${hashes.size} texts, ${bytes.length} bytes\n`)
