// Judges a file of texts with the command line: one row for every line, whatever is in it.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'parapet-example-'))
const input = join(folder, 'requests.jsonl')
const out = join(folder, 'rows.jsonl')

writeFileSync(
  input,
  [
    '{"id":"rice","prompt":"How do I cook rice?"}',
    '',
    '{"id":"mail","prompt":"Write to jane.doe@example.org"}',
    'not JSON',
  ].join('\n'),
)

const { status } = spawnSync('npx', ['--no-install', 'parapet', 'check', '--jsonl', input, '--out', out], {
  stdio: 'inherit',
})
assert.equal(status, 0)

const rows = readFileSync(out, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line))
for (const { id, decision, error } of rows) console.log(id ?? '–', decision, error?.message ?? '')
assert.deepEqual(
  rows.map(({ decision }) => decision),
  ['pass', 'error', 'modify', 'error'],
)

rmSync(folder, { recursive: true })
