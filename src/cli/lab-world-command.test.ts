/** `parapet lab world` and `lab generate` from their command lines: files, a report, a stop, and answers of what was written. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Outcome, runLab, stoppedIo } from '../../test/support/lab-command.ts'
import { createScriptedIo, type ScriptedIo } from '../../test/support/scripted-io.ts'
import { readCheckpoint, writeAdapter } from '../lab/checkpoints/index.ts'
import type { EvaluatedWorldRun } from '../lab/world/evaluate-checkpoint.ts'
import type { WorldRun } from '../lab/world/run-world.ts'
import type { LoraAdapter } from '../nn/checkpoint/adapter.ts'
import { initialAdapter } from '../nn/decoder/lora.ts'

let cwd = ''
beforeAll(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'parapet-world-')))
})
afterAll(() => rmSync(cwd, { recursive: true }))

function lab(args: readonly string[], io: ScriptedIo = createScriptedIo({ cwd })): Promise<Outcome> {
  return runLab(io, args)
}

const SMALL = ['--rows', '120', '--base-steps', '3', '--aligned-steps', '2', '--per-kind', '2']

test('a world run stops where it can go on, then writes models, figures and a report; the model answers', async () => {
  const stopping = stoppedIo(cwd, 'base ', 'SIGINT')
  const stopped = await lab(['world', '--out', 'world', ...SMALL], stopping)
  expect(stopped.code).toBe(130)
  expect(stopped.errors).toMatch(/^120 rows and their tokenizer are made first/)
  expect(stopped.errors).toContain('The same command with --resume goes on.')
  expect(readdirSync(join(cwd, 'world'))).toEqual(['run'])

  const { code, out, errors } = await lab(['world', '--out', 'world', ...SMALL, '--resume'])
  expect(code).toBe(0)
  expect(errors).toMatch(/aligned 2 of 2: loss \d/)
  expect(errors).not.toMatch(/base 3 of 3/)
  expect(out).toMatch(/near-misses refused: \d+\.\d % of 2/)
  expect(readdirSync(join(cwd, 'world')).toSorted()).toEqual(['aligned', 'base', 'report.html', 'run.json'])
  const run = JSON.parse(readFileSync(join(cwd, 'world/run.json'), 'utf8')) as WorldRun
  expect(run.dataHash).toMatch(/^[0-9a-f]{64}$/)
  expect(run.history.base.at(-1)?.step).toBe(3)
  expect(run.bagOfWords.contrast.rate).toBe(0.5)
  const report = readFileSync(join(cwd, 'world/report.html'), 'utf8')
  expect(report).toContain('Best constant answer')
  expect(report).not.toMatch(/<script|https?:/)
  expect(existsSync(join(cwd, 'world/run'))).toBe(false)

  const answers = await lab([
    ...['generate', '--model', 'world/aligned', '--prompt', 'hello', '--max-tokens', '5'],
    ...['--temperature', '1', '--count', '3'],
  ])
  expect(answers.code).toBe(0)
  expect(answers.out.trimEnd().split('\n').length).toBeGreaterThanOrEqual(3)
  const again = await lab(['generate', '--model', 'world/aligned', '--prompt', 'hello', '--max-tokens', '5'])
  expect(await lab(['generate', '--model', 'world/aligned', '--prompt', 'hello', '--max-tokens', '5'])).toEqual(again)
}, 120_000)

test('a checkpoint from elsewhere is measured as a trained one is, with its adapter merged', async () => {
  const { config } = await readCheckpoint(join(cwd, 'world/aligned'))
  const adapter = initialAdapter(config, { rank: 2, alpha: 4 }, 5)
  const moved = Object.entries(adapter.layers).map(([name, { a, b }]) => [
    name,
    { a, b: { ...b, data: b.data.map(() => 0.05) } },
  ])
  mkdirSync(join(cwd, 'adapter'))
  await writeAdapter(join(cwd, 'adapter'), { ...adapter, layers: Object.fromEntries(moved) as LoraAdapter['layers'] })

  const evaluate = ['world', '--evaluate', 'world/aligned', '--rows', '120', '--per-kind', '2']
  const plain = await lab([...evaluate, '--out', 'plain'])
  expect(plain.code).toBe(0)
  expect(readdirSync(join(cwd, 'plain')).toSorted()).toEqual(['report.html', 'run.json'])
  const runOf = (folder: string): WorldRun & EvaluatedWorldRun =>
    JSON.parse(readFileSync(join(cwd, folder, 'run.json'), 'utf8')) as WorldRun & EvaluatedWorldRun
  const { evaluation, bagOfWords, samples, parameters } = runOf('world')
  expect(runOf('plain')).toMatchObject({ evaluation, bagOfWords, samples, parameters })
  expect(runOf('plain').evaluated).toEqual({ checkpoint: 'aligned', weights: expect.stringMatching(/^[0-9a-f]{64}$/) })
  expect(runOf('plain')).not.toHaveProperty('history')
  const report = readFileSync(join(cwd, 'plain/report.html'), 'utf8')
  expect(report).toContain('measured only: aligned')
  expect(report).not.toContain('Loss')

  expect((await lab([...evaluate, '--adapter', 'adapter', '--out', 'adapted'])).code).toBe(0)
  expect(runOf('adapted').evaluated.adapter).toBe('adapter')
  expect(runOf('adapted').evaluated.weights).not.toBe(runOf('plain').evaluated.weights)
}, 60_000)

test('mistakes are words with exit code 2', async () => {
  const missing = await lab(['generate', '--model', 'nowhere', '--prompt', 'hello'])
  expect(missing.code).toBe(2)
  expect(missing.errors).toContain('nowhere')
  expect((await lab(['world'])).code).toBe(2)
  expect((await lab(['world', '--out', 'x', '--rows', '0'])).code).toBe(2)
  const adapterAlone = await lab(['world', '--out', 'x', '--adapter', 'adapter'])
  expect(adapterAlone).toMatchObject({ code: 2, errors: expect.stringContaining('--evaluate FOLDER') as string })
  const evaluate = ['world', '--out', 'x', '--evaluate']
  expect(await lab([...evaluate, 'nowhere'])).toMatchObject({
    code: 2,
    errors: expect.stringContaining('nowhere') as string,
  })
  expect((await lab([...evaluate, 'world/aligned', '--base-steps', '3'])).code).toBe(2)
  const otherAdapter = await lab([...evaluate, 'world/aligned', '--adapter', 'world/aligned'])
  expect(otherAdapter).toMatchObject({ code: 2, errors: expect.stringContaining('adapter_config.json') as string })
  expect(existsSync(join(cwd, 'x'))).toBe(false)
})
