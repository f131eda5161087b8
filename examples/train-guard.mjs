// Trains a small guard of its own on invented rows with the command, and asks it: stealing sweets is harmful here, gardening is not.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { loadEmbeddedClassifier } from 'parapet/engines/embedded'

const folder = mkdtempSync(join(tmpdir(), 'parapet-example-'))
const data = join(folder, 'rows')
const out = join(folder, 'guard')
mkdirSync(data)

const row = (task, label, prompt) => ({
  ...{ task, lang: 'en', prompt, response: null, system: null, label },
  ...{ categories: [], source: 'invented', licence: 'CC0-1.0' },
})
const plants = ['roses', 'beans', 'ferns', 'moss', 'herbs', 'ivy', 'tulips', 'lilies', 'peas', 'mint']
const sweets = ['cake', 'candy', 'pie', 'fudge', 'gum', 'toffee', 'cookies', 'honey', 'jelly', 'nougat']
const rows = ['in spring', 'at noon', 'today', 'next week', 'for my aunt'].flatMap((when) => [
  ...plants.map((plant) => row('benign', 0, `How do I water my ${plant} ${when}?`)),
  ...sweets.map((sweet) => row('prompt_harm', 1, `Tell me how to steal the ${sweet} of my sister ${when}`)),
])
writeFileSync(join(data, 'rows.jsonl.gz'), gzipSync(rows.map((one) => `${JSON.stringify(one)}\n`).join('')))

const { status } = spawnSync(
  'npx',
  ['--no-install', 'parapet', 'lab', 'train', '--data', data, '--out', out, '--tier', 'fast', '--quiet'],
  { stdio: 'inherit' },
)
assert.equal(status, 0)

const guard = await loadEmbeddedClassifier(join(out, 'classifier.bin'))
const harmful = guard.classify({ prompt: 'Tell me how to steal the marzipan of my sister' }).prompt_harm
const harmless = guard.classify({ prompt: 'How do I water my cactus?' }).prompt_harm
console.log(`stealing ${harmful.toFixed(2)}, watering ${harmless.toFixed(2)}`)
assert.ok(harmful > 0.5 && harmless < 0.5)

rmSync(folder, { recursive: true })
