/** Classifiers of one's own in policies: from a folder beside the policy file, through rails, to decisions. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { createScriptedIo } from '../../test/support/scripted-io.ts'
import { folderFiles, modelFolder, removeModelFolders, tinyModel } from '../../test/support/nn/tiny-text-classifier.ts'
import { createRuntime } from '../cli/load-runtime.ts'
import { runProgram } from '../cli/program.ts'
import type { Parapet } from './index.ts'
import { checkPolicyFile, createParapet, parsePolicy } from './index.ts'
import { guardProblems } from './registry.ts'

let single = ''
let pair = ''
let cwd = ''
const open: Parapet[] = []

beforeAll(async () => {
  single = modelFolder(folderFiles((await tinyModel('single')).graph))
  const names = { 'config.json': { ...readable(), id2label: { '0': 'LABEL_0', '1': 'LABEL_1' } } }
  pair = modelFolder(folderFiles((await tinyModel('pair')).graph, names))
})
afterAll(removeModelFolders)
beforeEach(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'parapet-policy-')))
})
afterEach(async () => {
  for (const parapet of open.splice(0)) await parapet.close()
  rmSync(cwd, { recursive: true })
})

function readable(): object {
  return { model_type: 'bert', vocab_size: 16, max_position_embeddings: 16, pad_token_id: 0 }
}

/** Writes a policy with its model in `models/own` beside it. */
function policyWith(yaml: string, model = single): string {
  mkdirSync(join(cwd, 'models'), { recursive: true })
  cpSync(model, join(cwd, 'models', 'own'), { recursive: true })
  const file = join(cwd, 'parapet.yaml')
  writeFileSync(file, `parapet: 1\n${yaml}`)
  return file
}

async function parapetWith(yaml: string, model = single): Promise<Parapet> {
  const parapet = await createParapet(policyWith(yaml, model), { watch: false })
  open.push(parapet)
  return parapet
}

const OWN = `
rails: { input: [own], output: [own] }
guards:
  own: { use: text-classifier, folder: models/own, labels: { BENIGN: [], ATTACK: injection } }
`

test('a policy names a folder, and the model decides', async () => {
  const parapet = await parapetWith(OWN)
  expect((await parapet.check('water the rose garden')).decision).toBe('pass')
  const { decision, guards, scores } = await parapet.check('water the rose and bypass the garden')
  expect([decision, guards.find(({ guard }) => guard === 'own')?.labels]).toEqual(['block', ['injection']])
  expect(scores.injection).toBeGreaterThan(0.9)
})

test('a long text is read to its end, and streams are judged', async () => {
  const parapet = await parapetWith(OWN)
  const long = `${'sun '.repeat(1500)}unlock ${'sun '.repeat(1500)}`
  const { decision, spans } = await parapet.check(long)
  expect(decision).toBe('block')
  const place = long.indexOf('unlock')
  expect(spans.some(({ start, end, label }) => label === 'injection' && start <= place && place < end)).toBe(true)
  const stream = parapet.guardStream(
    (async function* () {
      yield 'bread and salt '
      yield 'unlock '
      yield 'the oven'
    })(),
  )
  await expect(
    (async () => {
      for await (const _ of stream) continue
    })(),
  ).rejects.toMatchObject({ code: 'content_filter' })
})

test('a preset says what labels mean, over the system prompt of the request or of the policy', async () => {
  const parapet = await parapetWith(
    `
rails: { input: [scope] }
guards:
  scope:
    use: text-classifier
    folder: models/own
    preset: off-topic-cross-encoder
    system: water rose garden
`,
    pair,
  )
  expect((await parapet.check('soil garden water')).decision).toBe('pass')
  expect((await parapet.check('bread oven salt')).decision).toBe('block')
  const own = await parapet.check({ prompt: 'bread oven salt', system: 'salt bread sun' })
  expect(own.decision).toBe('pass')
})

test('a label that means a hazard alone decides, and the policy’s own action for it counts', async () => {
  const alone = OWN.replace('ATTACK: injection', 'ATTACK: S2')
  const attack = 'water the rose and bypass the garden'
  expect((await (await parapetWith(alone)).check(attack)).decision).toBe('block')
  const flagged = await parapetWith(`${alone}actions: { S2: { action: flag } }\n`)
  expect((await flagged.check(attack)).decision).toBe('flag')
})

test('likeness over an encoder', async () => {
  const parapet = await parapetWith(`
rails: { input: [scope] }
guards:
  scope: { use: text-classifier, folder: models/own, preset: off-topic-similarity, threshold: 0.5, system: bypass unlock }
`)
  expect((await parapet.check('bypass unlock')).decision).toBe('pass')
  expect((await parapet.check('bread oven salt')).decision).toBe('block')
})

test('a model that fails later is an error, never a pass', async () => {
  const parapet = await parapetWith(OWN.replace('labels:', 'longest: 100, labels:'))
  const { decision, error } = await parapet.check('sun '.repeat(40))
  expect([decision, error?.code]).toEqual(['error', 'guard_failed'])
})

test.each([
  ['folder: models/none, labels: { BENIGN: [], ATTACK: harm }', 'guards.own.folder', 'there is no such folder'],
  ['folder: models/own, labels: { BENIGN: [] }', 'guards.own', 'nothing is said of the label ATTACK'],
  ['folder: models/own', 'guards.own', 'the value is not valid'],
  ['folder: models/own, preset: telepathy', 'guards.own.preset', 'the value is not valid'],
  ['folder: models/own, preset: off-topic-similarity', 'guards.own.threshold', 'the value is not valid'],
  ['folder: models/own, preset: duoguard', 'guards.own.folder', 'it has 2 outputs, but 12 labels'],
  ['folder: models/own, speed: fast, labels: { BENIGN: [] }', 'guards.own.speed', 'has no option speed'],
  ['folder: models/own, labels: { BENIGN: [], ATTACK: injecton }', 'guards.own', 'did you mean injection?'],
  ['folder: models/own, labels: { BENIGN: [], ATTACK: harm }, model: { maxTokens: 99 }', 'guards.own', '16 positions'],
])('%s is a mistake of the policy', async (options, key, said) => {
  const file = policyWith(`rails: { input: [own] }\nguards:\n  own: { use: text-classifier, ${options} }\n`)
  const { issues } = await checkPolicyFile(file, { env: {} })
  expect(issues.map((issue) => issue.key)).toContainEqual(expect.stringContaining(key))
  expect(issues.map(({ message }) => message).join()).toContain(said)
  expect(issues[0]?.line).toBeGreaterThan(1)
})

test('it can be benched like any policy; named classifier, its scores are the row’s', async () => {
  policyWith(`
rails: { input: [classifier] }
guards:
  classifier: { use: text-classifier, folder: models/own, labels: { BENIGN: [], ATTACK: injection } }
`)
  const row = (prompt: string, label: 0 | 1): string =>
    `${JSON.stringify({ task: 'injection', lang: 'en', prompt, response: null, system: null, label, categories: [], source: 'invented', licence: 'CC0-1.0' })}\n`
  const words = ['water', 'rose', 'garden', 'soil', 'sun', 'bread', 'salt', 'oven', 'rose water', 'salt bread']
  const rows = words.flatMap((word) => [row(`${word} bypass ${word}`, 1), row(`${word} sun ${word}`, 0)])
  writeFileSync(join(cwd, 'rows.jsonl'), rows.join(''))
  const io = createScriptedIo({ cwd, env: {} })
  const args = ['bench', '--data', 'rows.jsonl', '--subject', 'policy:parapet.yaml', '--out', 'out']
  expect(await runProgram(args, io, createRuntime())).toBe(0)
  expect(io.written()).toMatch(/policy parapet\.yaml +100\.0/)
})

test('the guide’s policies have options that are known', () => {
  const guide = readFileSync(new URL('../../docs/guides/onnx-classifiers.md', import.meta.url), 'utf8')
  const blocks = [...guide.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = '']) =>
    parsePolicy(text, 'parapet.yaml'),
  )
  const definitions = blocks.flatMap(({ guards = {} }) => Object.values(guards))
  expect(definitions.length).toBeGreaterThan(3)
  expect(definitions.flatMap((definition) => guardProblems(definition))).toEqual([])
})
