/**
 * Writes harmless documents of Debian packages as training rows.
 *
 *   npx tsx src/lab/synth/debian/main.ts --out FILE.jsonl.gz [--root /] [--seed 1]
 *
 * It reads what is installed: `apt-get install apache2-doc postgresql-15 python3.11-doc nodejs` for all of it. Licences stand in the rows.
 */
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { ParapetError } from '../../../spec/index.ts'
import { writeAtomically } from '../../train/write-atomically.ts'
import { packageDocuments, SOURCES } from './sources.ts'

const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    root: { type: 'string', default: '/' },
    seed: { type: 'string', default: '1' },
  },
})
if (values.out === undefined) throw new ParapetError('configuration', 'Give --out FILE.jsonl.gz.')
const seed = Number(values.seed)
if (!Number.isInteger(seed)) throw new ParapetError('configuration', `--seed ${values.seed}: give a whole number.`)
const rows = [...packageDocuments(values.root, seed)]
if (rows.length === 0)
  throw new ParapetError('configuration', `Install some of ${SOURCES.map((source) => source.package).join(', ')}.`)
writeAtomically(values.out, gzipSync(rows.map((row) => `${JSON.stringify(row)}\n`).join('')))
const counts = new Map<string, number>()
for (const { categories, lang } of rows) {
  const name = `${categories.at(-1) ?? ''} ${lang}`
  counts.set(name, (counts.get(name) ?? 0) + 1)
}
for (const [name, count] of counts) process.stdout.write(`${name}: ${count}\n`)
