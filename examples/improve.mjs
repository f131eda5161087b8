// One round of improvement: a gateway's record with reviewed decisions becomes a data set, a small guard is trained on it, and
// it is promoted because the pinned sets say so. Then the reviewers' labels are flipped: that candidate is refused. At the end the first
// version is current again, to the byte. Everything is invented: taking sweets is harmful here, baking and gardening are not.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { createParapet } from 'parapet'
import {
  ImprovementFolder,
  collectData,
  countsInWords,
  pinFiles,
  readConsent,
  readPointer,
  rollBack,
  startImproving,
  trainVersion,
} from 'parapet/lab/improve'
import { runTraining } from 'parapet/lab/train'
import { createMemoryStore } from 'parapet/testing'

const folder = mkdtempSync(join(tmpdir(), 'parapet-improve-'))
const given = (name) => fileURLToPath(new URL(`improve/${name}`, import.meta.url))
const place = (name) => join(folder, name)
const at = () => new Date().toISOString()
const quietly = { onProgress: () => undefined }

// The guard as it is: it knows stealing, and takes everything about a sister's sweets for it.
const sweets = ['cake', 'candy', 'pie', 'fudge', 'gum', 'toffee', 'cookies', 'honey', 'jelly', 'nougat']
const whens = [
  'in spring',
  'at noon',
  'today',
  'next week',
  'for my aunt',
  'on Sunday',
  'at night',
  'again',
  'soon',
  'now',
]
const plants = ['roses', 'beans', 'ferns', 'moss', 'ivy', 'mint', 'peas', 'herbs', 'tulips', 'lilies']
const asks = [
  'How do I water',
  'When will you send',
  'Do you have more',
  'Hello, thank you for',
  'Are you selling',
  'I like',
  'Good morning, where are',
  'Thanks, we have got',
  'Hi, may I bring',
]
const base = sweets.flatMap((sweet, index) =>
  whens.flatMap((when) => [
    ...asks.map((ask) => ({ task: 'benign', label: 0, prompt: `${ask} the ${plants[index]} ${when}?` })),
    ...['Tell me how to steal', 'Help me to steal'].map((ask) => ({
      task: 'prompt_harm',
      label: 1,
      prompt: `${ask} ${sweet} ${when}`,
    })),
  ]),
)
const record = { lang: 'en', response: null, system: null, categories: [], source: 'invented', licence: 'CC0-1.0' }
mkdirSync(place('rows'))
writeFileSync(
  place('rows/base.jsonl.gz'),
  gzipSync(base.map((row) => `${JSON.stringify({ ...record, ...row })}\n`).join('')),
)
// Small models: seconds instead of minutes.
const small = { tier: 'fast', seed: 1, threads: 1, bits: 16, synthetic: 100 }
const rows = place('rows')
await runTraining({ ...small, ...quietly, data: rows, out: place('guard'), resume: false, withoutShareAlike: false })
await startImproving({ folder: place('improve'), guard: place('guard'), at: at() })
const improving = ImprovementFolder.open(place('improve'))

// Traffic through a gateway that judges with the folder's current version; people say of each decision whether it was right.
const current = () => readPointer(improving).version
const gateway = await createParapet(
  {
    parapet: 1,
    record: { capture: 'full', mode: 'sync' },
    rails: { input: ['classifier'] },
    guards: { classifier: { use: 'classifier', versions: place('improve') } },
    actions: { prompt_harm: { threshold: 0.5, action: 'block' } },
  },
  { store: createMemoryStore() },
)
/** Resolves once the running gateway judges with a version. */
const judging = async (version) => {
  while (!gateway.policyVersion.endsWith(`+${version}`)) await setTimeout(100)
}
const post = async (path, body, headers = {}) => {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  }
  return (await gateway.fetch(new Request(`http://gateway.local${path}`, init))).json()
}
const traffic = sweets.flatMap((sweet, index) =>
  whens.flatMap((when) => [
    [`Slip the ${sweet} into your bag ${when}`, true],
    [`Tell me how to bake ${sweet} ${when}, ann@example.com`, false],
    [`Good day, do your ${plants[index]} arrive ${when}?`, false],
  ]),
)
for (const [index, [prompt, harmful]] of traffic.entries()) {
  const caller = { 'x-parapet-application': 'shop', 'x-parapet-user': `customer-${index % 50}` }
  const { id, decision } = await post('/v1/guard', { prompt }, caller)
  const right = (decision === 'block') === harmful
  const verdict = right ? 'correct' : harmful ? 'false_negative' : 'false_positive'
  await post(`/v1/decisions/${id}/feedback`, { verdict, expected: harmful ? 'block' : 'pass' })
}
const exported = await gateway.fetch(new Request('http://gateway.local/v1/export?feedback=true'))
writeFileSync(place('reviewed.jsonl'), await exported.text())

// Collect, pin, train; then the command says in words, and by its exit code, what becomes of the candidate.
const collect = (name) => {
  return collectData(improving, { files: [place(name)], consent: readConsent([given('consent.json')]), at: at() })
}
const candidate = async () => {
  const { manifest } = await trainVersion(improving, { ...small, ...quietly, base: rows, at: at() })
  return manifest.id
}
const promote = (id) => {
  const args = ['improve', 'promote', id, '--folder', place('improve'), '--pins', place('pins.json'), '--quiet']
  return spawnSync('npx', ['--no-install', 'parapet', ...args], { stdio: 'inherit' }).status
}
const data = await collect('reviewed.jsonl')
console.log(data.id, data.rows, data.masked, countsInWords(data.counts))
assert.ok(data.counts.noConsent > 0 && data.masked['pii.email'] > 0)
pinFiles(place('pins.json'), [place('improve/data/d1/held-out.jsonl.gz')], 'target')
pinFiles(place('pins.json'), [given('orders.jsonl'), given('greetings.jsonl')], 'over_refusal')
const before = readFileSync(place('improve/versions/v1/classifier.bin'))
assert.equal(promote(await candidate()), 0)
assert.equal(current(), 'v2')
// The gateway goes on with it by itself, and says so of every decision.
await judging('v2')
const { decision, policyVersion } = await post('/v1/guard', { prompt: 'Slip the marzipan into your bag today' })
console.log(decision, policyVersion)
assert.equal(decision, 'block')
assert.match(policyVersion, /\+v2$/)

// Flipped labels make a candidate that is refused.
const flip = { pass: 'block', block: 'pass' }
const flipped = readFileSync(place('reviewed.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => {
    const decision = JSON.parse(line)
    const feedback = decision.feedback.map((one) => ({ ...one, verdict: 'correct', expected: flip[one.expected] }))
    return `${JSON.stringify({ ...decision, feedback })}\n`
  })
writeFileSync(place('flipped.jsonl'), flipped.join(''))
await collect('flipped.jsonl')
assert.equal(promote(await candidate()), 1)
assert.equal(current(), 'v2')

// Back to the first version, to the byte.
await rollBack(improving, 'v1', { reason: 'trying it out', at: at() })
assert.equal(current(), 'v1')
await judging('v1')
assert.deepEqual(readFileSync(place('improve/versions/v1/classifier.bin')), before)
await gateway.close()
rmSync(folder, { recursive: true })
