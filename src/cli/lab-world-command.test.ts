/** `parapet lab world` and `lab generate` from their command lines: files, a report, a stop, and answers of what was written. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Outcome, runLab, stoppedIo } from '../../test/support/lab-command.ts'
import { createScriptedIo, type ScriptedIo } from '../../test/support/scripted-io.ts'
import type { WorldRun } from '../lab/world/run-world.ts'

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

test('mistakes are words with exit code 2', async () => {
  const missing = await lab(['generate', '--model', 'nowhere', '--prompt', 'hello'])
  expect(missing.code).toBe(2)
  expect(missing.errors).toContain('nowhere')
  expect((await lab(['world'])).code).toBe(2)
  expect((await lab(['world', '--out', 'x', '--rows', '0'])).code).toBe(2)
})
