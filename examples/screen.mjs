// Screens a small invented training set (examples/screen) before anybody trains on it: planted rows and a broken line do not pass, all others
// do. No network, no key. A filter alone proves nothing: docs/guides/screen.md tells of the canary.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runScreen } from 'parapet/lab/screen'

const data = fileURLToPath(new URL('screen/library.jsonl', import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'parapet-screen-'))
try {
  const [out, clean] = [join(folder, 'screened'), join(folder, 'clean.jsonl')]
  const { tally, conclusion } = await runScreen({
    ...{ data: [data], out, clean, falseAlarms: 0.005, outside: [], workers: 2, threads: 1, seed: 1, resume: false },
    onProgress: () => undefined,
  })
  console.log(conclusion)
  for (const { check, flagged } of tally.checks) if (flagged > 0) console.log(`${check}: ${flagged} rows`)
  for (const { line, problem } of tally.problems) console.log(`line ${line}: ${problem}`)
  const kept = (await readFile(clean, 'utf8')).trimEnd().split('\n')
  assert.deepEqual(kept, (await readFile(data, 'utf8')).split('\n').slice(0, 32))
  assert.equal(tally.unscreened, 1)
  assert.equal(tally.flagged, 6)
} finally {
  await rm(folder, { recursive: true })
}
