/** `parapet redteam unalign` from its command line: a model of one's own in, a run folder out, and mistakes as words. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tinyCheckpoint } from '../../test/support/lab/tiny-victim.ts'
import { stoppedIo } from '../../test/support/lab-command.ts'
import { createScriptedIo, type ScriptedIo } from '../../test/support/scripted-io.ts'
import { type AuditedLinear, auditedLinears } from '../lab/audit/audited-linears.ts'
import { BitMask } from '../lab/audit/masks/bit-mask.ts'
import { topMasks } from '../lab/audit/masks/layer-masks.ts'
import { writeMasks } from '../lab/audit/masks/mask-file.ts'
import type { WeightMasks } from '../lab/audit/masks/prune.ts'
import { readCheckpoint, writeCheckpoint } from '../lab/checkpoints/index.ts'
import { rederived } from '../lab/redteam/unalign/measured-model.ts'
import type { UnalignRun } from '../lab/redteam/unalign/unalign-run.ts'
import { createRuntime } from './load-runtime.ts'
import { runProgram } from './program.ts'

let cwd = ''

beforeAll(async () => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'parapet-unalign-')))
  mkdirSync(join(cwd, 'bot'))
  await writeCheckpoint(join(cwd, 'bot'), tinyCheckpoint())
  mkdirSync(join(cwd, 'bare'))
  const { config, parameters } = tinyCheckpoint()
  await writeCheckpoint(join(cwd, 'bare'), { config, parameters })
})
afterAll(() => rmSync(cwd, { recursive: true }))

async function unalign(
  args: readonly string[],
  io: ScriptedIo = createScriptedIo({ cwd }),
): Promise<{ readonly code: number; readonly out: string; readonly errors: string }> {
  const code = await runProgram(['redteam', 'unalign', ...args], io, createRuntime())
  return { code, out: io.written(), errors: io.errors() }
}

const OWNER = ['--owner-statement', 'I trained this model myself.']
const SMALL = [
  ...['--model', 'bot', ...OWNER, '--examples', '0,2', '--methods', 'full', '--seeds', '1', '--rows', '1'],
  ...['--rates', '0.01', '--batch', '2', '--defences', 'mixing', '--no-bias-probe'],
]

function runOf(folder: string): UnalignRun {
  return JSON.parse(readFileSync(join(cwd, folder, 'run.json'), 'utf8')) as UnalignRun
}

/** Times differ from run to run. */
const timeless = (run: UnalignRun): unknown => ({
  ...run,
  defences: run.defences.map((defence) => ({ ...defence, seconds: null })),
})

test('a run leaves figures, a report and no weights; a stopped one goes on to the same', async () => {
  const whole = await unalign([...SMALL, '--out', 'whole'])
  expect({ code: whole.code, errors: whole.errors }).toEqual({ code: 0, errors: expect.any(String) as string })
  expect(readdirSync(join(cwd, 'whole')).toSorted()).toEqual(['report.html', 'run.json'])
  const run = runOf('whole')
  expect(run.ownerStatement).toBe('I trained this model myself.')
  expect(run.arms.map(({ kind, examples }) => `${kind} ${examples}`)).toEqual(['harmful 2', 'benign 2', 'half 2'])
  expect(run.arms.every(({ measured }) => measured.sha256 !== run.model.sha256)).toBe(true)
  for (const measured of [run.before, ...run.arms.map((arm) => arm.measured)])
    expect(rederived(run.questions, measured)).toEqual(measured.headline)
  const report = readFileSync(join(cwd, 'whole/report.html'), 'utf8')
  expect(report).toContain('Dose curve')
  expect(report).not.toMatch(/<script|https?:/)

  const stopped = await unalign([...SMALL, '--out', 'stopped'], stoppedIo(cwd, 'full-harmful-2', 'SIGTERM'))
  expect(stopped.code).toBe(143)
  expect(readdirSync(join(cwd, 'stopped'))).toEqual(['run'])
  // Altered weights were in memory alone, so that a run which ends anywhere leaves none.
  expect(readdirSync(join(cwd, 'stopped/run')).filter((name) => !name.endsWith('.json'))).toEqual([])
  const again = await unalign([...SMALL, '--out', 'stopped'])
  expect([again.code, again.errors]).toEqual([2, expect.stringMatching(/unfinished run. Resume it/)])
  const other = await unalign([...SMALL, '--batch', '1', '--out', 'stopped', '--resume'])
  expect([other.code, other.errors]).toEqual([2, expect.stringMatching(/other options/)])
  expect((await unalign([...SMALL, '--out', 'stopped', '--resume'])).code).toBe(0)
  expect(timeless(runOf('stopped'))).toEqual(timeless(run))
})

test('--mask freezes what the file of an audit names, bit for bit, and --keep keeps the weights that show it', async () => {
  const { config, parameters } = tinyCheckpoint()
  const sha256 = runOf('whole').model.sha256
  const masks = topMasks(config, new Map(auditedLinears(config).map((one) => [one.parameter, magnitudes(one)])), 0.5)
  const write = (name: string, model: string, chosen: WeightMasks = masks): void =>
    writeFileSync(join(cwd, name), writeMasks({ model, about: 'half of each row', masks: chosen }))
  write('half.masks', sha256)
  write('other.masks', 'f'.repeat(64))
  write('unfit.masks', sha256, new Map([['constructor', BitMask.of(3, [1])]]))
  const frozen = ['--defences', 'frozen-weights']
  const refused: readonly (readonly [readonly string[], RegExp])[] = [
    [[...frozen, '--mask', 'other.masks'], /made of another model/],
    [[...frozen, '--mask', 'unfit.masks'], /no parameter constructor/],
    [['--mask', 'half.masks'], /for the defence frozen-weights/],
  ]
  for (const [args, message] of refused)
    expect(await unalign([...SMALL, '--out', 'masked', ...args])).toMatchObject({
      code: 2,
      errors: expect.stringMatching(message) as string,
    })
  expect(existsSync(join(cwd, 'masked'))).toBe(false)

  const done = await unalign([...SMALL, '--out', 'masked', ...frozen, '--mask', 'half.masks', '--keep'])
  expect([done.code, runOf('masked').mask]).toEqual([0, 'half of each row'])
  const kept = await readCheckpoint(join(cwd, 'masked/weights/defence-frozen-weights-seed-1'))
  let changed = 0
  for (const [name, mask] of masks)
    parameters[name]?.data.forEach((value, at) => {
      if (mask.has(at)) expect(kept.parameters[name]?.data[at]).toBe(value)
      else changed += Number(kept.parameters[name]?.data[at] !== value)
    })
  expect(changed).toBeGreaterThan(1000)

  function magnitudes({ parameter }: AuditedLinear): Float32Array {
    return Float32Array.from(parameters[parameter]?.data ?? [], Math.abs)
  }
})

test('mistakes are words with exit code 2, before a folder is made', async () => {
  const given = ['--model', 'bot', '--out', 'no']
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [given, /Say that it is yours: --owner-statement/],
    [[...given, '--owner-statement', ' \u200b\t '], /Say that it is yours/],
    [[...given, '--owner-statement', 'mine'], /has 4 characters/],
    [[...given, ...OWNER, '--rows', '0'], /above 0/],
    [[...given, ...OWNER, '--rows', '1000000'], /from 1 to 2000 rows/],
    [[...given, ...OWNER, '--examples', '1000000'], /at most 10000/],
    [['--out', 'no', '--model', 'bare', ...OWNER], /tokenizer/],
    [['--out', 'no', '--model', 'https://example.org/v1', ...OWNER], /is an address/],
    [['--out', 'no', '--model', 'nowhere', ...OWNER], /nowhere/],
    [[...given, ...OWNER, '--methods', 'prompt'], /no method prompt/],
    [[...given, ...OWNER, '--methods', 'lora'], /Add full/],
    [[...given, ...OWNER, '--examples', '0'], /at least one number above 0/],
    [[...given, ...OWNER, '--examples', '50,10'], /must rise/],
    [[...given, ...OWNER, '--examples', 'many'], /whole numbers/],
    [[...given, ...OWNER, '--rates', '0'], /above 0/],
    [[...given, ...OWNER, '--defences', 'hope'], /no defence hope/],
    [[...given, ...OWNER, '--mask', 'none.masks'], /none\.masks/],
    [[...given, ...OWNER, '--mask', 'bot/config.json'], /no file of masks/],
    [OWNER, /--out/],
  ]
  for (const [args, message] of cases) {
    const { code, errors } = await unalign(args)
    expect({ args, code, errors }).toEqual({ args, code: 2, errors: expect.stringMatching(message) as string })
  }
  expect(existsSync(join(cwd, 'no'))).toBe(false)
})
