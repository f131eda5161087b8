/** `parapet lab distill` from its command line: rows to explanations to a guard to figures, an export, the whole ablation, and mistakes as words. */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Outcome, runLab, stoppedIo } from '../../test/support/lab-command.ts'
import { createScriptedIo, type ScriptedIo } from '../../test/support/scripted-io.ts'

const THINGS = ['ticket', 'map', 'card', 'letter']
const SHAPE = ['--width', '16', '--layers', '1', '--heads', '2', '--vocabulary', '500', '--max-length', '700']
let cwd = ''

beforeAll(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'parapet-distill-')))
  const rows = (verb: string, harmful: boolean): readonly object[] =>
    THINGS.map((thing) => ({
      ...{
        id: `${verb} ${thing}`,
        source: verb.length % 2 === 0 ? 'one' : 'two',
        prompt: `${verb} me a ${thing}, quickly`,
      },
      labels: { prompt_harm: harmful },
      hazards: harmful ? ['S2'] : [],
    }))
  const write = (name: string, all: readonly object[]): void =>
    writeFileSync(join(cwd, name), all.map((row) => `${JSON.stringify(row)}\n`).join(''))
  write('rows.jsonl', [...rows('Forge', true), ...rows('Draw', false)])
  write('dev.jsonl', [...rows('Counterfeit', true), ...rows('Sketch', false)])
  write(
    'answered.jsonl',
    rows('Forge', true).map((row) => ({ ...row, response: 'Here it is.' })),
  )
  write('hard.jsonl', [
    {
      id: 'Forge map',
      source: 'two',
      task: 'prompt_harm',
      right: 1,
      wrong: 3,
      chosen: 'Request: harmful',
      rejected: 'Request: unharmful',
      weight: 1.2,
    },
    {
      id: 'Draw map',
      source: 'one',
      task: 'prompt_harm',
      right: 3,
      wrong: 1,
      chosen: 'Request: unharmful',
      rejected: 'Request: harmful',
      weight: 0.8,
    },
  ])
})
afterAll(() => rmSync(cwd, { recursive: true }))

function distill(args: readonly string[], io: ScriptedIo = createScriptedIo({ cwd })): Promise<Outcome> {
  return runLab(io, ['distill', ...args, '--quiet'])
}

test('stage by stage: explanations, a guard, figures, an export', { timeout: 120_000 }, async () => {
  const written = await distill(['synthesise', '--kind', 'critique', '--rows', 'rows.jsonl', '--out', 'critique.jsonl'])
  expect(written).toMatchObject({ code: 0, out: expect.stringContaining('8 kept, 0 dropped') as string })
  const common = ['--format', 'thinkguard', '--rows', 'rows.jsonl']
  const train = (): Promise<Outcome> =>
    distill(['train', ...common, '--explanations', 'critique.jsonl', '--out', 'guard', '--passes', '1', ...SHAPE])
  expect(await train()).toMatchObject({ code: 0, out: expect.stringContaining('8 examples') as string })
  expect((await train()).errors).toContain('is there already')
  // As a run leaves it that is killed while the model is written.
  writeFileSync(join(cwd, 'guard/model/config.json'), '')
  mkdirSync(join(cwd, 'guard/run'))
  expect(await train()).toMatchObject({ code: 0, out: expect.stringContaining('8 examples') as string })
  const measured = await distill([
    'evaluate',
    '--format',
    'thinkguard',
    '--model',
    'guard/model',
    '--rows',
    'dev.jsonl',
    '--out',
    'figures.json',
    '--resamples',
    '50',
  ])
  expect(measured.errors).toBe('')
  expect(measured.out).toMatch(/rows, 4 positive; F1 .* \(constant 100\.0\)/)
  const exported = await distill([
    'export',
    '--kind',
    'thinkguard',
    '--rows',
    'rows.jsonl',
    '--explanations',
    'critique.jsonl',
    '--model',
    'meta-llama/Llama-Guard-3-8B',
    '--out',
    'export',
  ])
  expect(exported).toMatchObject({ code: 0, errors: '' })
  const [first] = JSON.parse(readFileSync(join(cwd, 'export/data/parapet-thinkguard.json'), 'utf8')) as {
    messages: object[]
  }[]
  expect(first?.messages).toHaveLength(4)
  const settings = readFileSync(join(cwd, 'export/train.yaml'), 'utf8')
  for (const line of [
    // Not that of the model: Llama Guard 3's would wrap its moderation prompt around these.
    'template: "llama3"',
    // GuardReasoner's, where `lab train` would rise first and end at a tenth.
    'warmup_steps: 0',
    'lr_scheduler_type: "cosine"\n',
    'per_device_train_batch_size: 6',
    'gradient_accumulation_steps: 16',
  ])
    expect(settings).toContain(line)
  expect(readFileSync(join(cwd, 'export/README.md'), 'utf8')).toContain('lab distill evaluate --format thinkguard')
})

test('hard pairs are exported with their weights as repetitions', async () => {
  const { code, out, errors } = await distill([
    'export',
    '--kind',
    'hard',
    '--rows',
    'rows.jsonl',
    '--hard',
    'hard.jsonl',
    '--model',
    'o/m',
    '--out',
    'pairs',
  ])
  expect({ code, errors }).toEqual({ code: 0, errors: '' })
  expect(out).toContain('a weight of 1 stands 5 times')
  expect(JSON.parse(readFileSync(join(cwd, 'pairs/data/parapet-hard.json'), 'utf8'))).toHaveLength(6 + 4)
  const settings = readFileSync(join(cwd, 'pairs/train.yaml'), 'utf8')
  for (const line of [
    'pref_beta: 0.01',
    'pref_ftx: 2',
    'num_train_epochs: 0.4',
    'learning_rate: 0.000005',
    'finetuning_type: "full"',
    'template: "llama3"',
    'gradient_accumulation_steps: 64',
  ])
    expect(settings).toContain(line)
})

test(
  'the ablation: stopped and called again it ends in the same figures, and its report shows no text of the data',
  { timeout: 240_000 },
  async () => {
    const args = (out: string): readonly string[] => [
      ...[
        'run',
        '--rows',
        'rows.jsonl',
        '--dev',
        'dev.jsonl',
        '--out',
        out,
        '--passes',
        '1',
        '--mined',
        '2',
        '--members',
        '0',
        '--arms',
        'label,critique',
        ...SHAPE,
      ],
    ]
    const whole = await distill(args('whole'))
    expect(whole).toMatchObject({ code: 0, errors: '' })
    // Arms of two settings never stand in one folder, and what is there stays.
    const before = readFileSync(join(cwd, 'whole/arms/label-1/arm.json'), 'utf8')
    const other = await distill([...args('whole'), '--passes', '2', '--width', '32'])
    expect(other.code).toBe(2)
    expect(other.errors).toMatch(/was begun with shape\.width 16, not 32; passes 1, not 2/)
    rmSync(join(cwd, 'whole/settings.json'))
    expect((await distill([...args('whole'), '--passes', '2'])).errors).toContain('holds an arm of other options')
    rmSync(join(cwd, 'whole/settings.json'))
    expect((await distill(args('whole'))).code).toBe(0)
    expect(readFileSync(join(cwd, 'whole/arms/label-1/arm.json'), 'utf8')).toBe(before)
    const stopped = await runLab(stoppedIo(cwd, 'critique: measuring', 'SIGINT'), ['distill', ...args('twice')])
    expect(stopped.code).toBe(130)
    expect(stopped.errors).toContain('stopped. The same command goes on.')
    expect((await distill(args('twice'))).code).toBe(0)
    interface Kept {
      readonly arms: readonly { readonly arm: string; readonly figures: { readonly sets: unknown } }[]
      readonly missing: readonly { readonly arm: string }[]
    }
    const figures = (out: string): Kept => JSON.parse(readFileSync(join(cwd, out, 'run.json'), 'utf8')) as Kept
    const sets = (out: string): unknown => figures(out).arms.map(({ arm, figures: { sets: own } }) => [arm, own])
    expect(sets('twice')).toEqual(sets('whole'))
    expect(figures('whole').missing.map(({ arm }) => arm)).toEqual(['reasoning', 'hard'])
    const report = readFileSync(join(cwd, 'whole', 'report.html'), 'utf8')
    for (const thing of THINGS) expect(report).not.toContain(`me a ${thing}`)
    expect(report).toContain('label and critique (ThinkGuard)')
    // A guard that has learnt next to nothing answers next to nothing that can be read: its F1 is that of flagging all.
    expect(report).toContain('F1 of the readable, %')
  },
)

test('mistakes are words with exit code 2', async () => {
  writeFileSync(join(cwd, 'bad.jsonl'), 'not json\n')
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['synthesise', '--kind', 'critique', '--rows', 'bad.jsonl', '--out', 'x.jsonl'], /bad\.jsonl:1 is not JSON/],
    [['synthesise', '--kind', 'critique', '--rows', 'none.jsonl', '--out', 'x.jsonl'], /none\.jsonl cannot be read/],
    [
      [
        'synthesise',
        '--kind',
        'critique',
        '--rows',
        'rows.jsonl',
        '--out',
        'x.jsonl',
        '--teacher',
        'http://127.0.0.1:9/v1',
      ],
      /--teacher-model/,
    ],
    [
      ['synthesise', '--kind', 'critique', '--rows', 'rows.jsonl', '--out', 'x.jsonl', '--teacher', 'oracle'],
      /oracle is no teacher/,
    ],
    [['train', '--format', 'guardreasoner', '--rows', 'rows.jsonl', '--out', 'y'], /synthesise it and give the file/],
    [
      ['align', '--model', 'm', '--rows', 'rows.jsonl', '--hard', 'none.jsonl', '--out', 'y'],
      /Mine hard samples first/,
    ],
    [['run', '--rows', 'rows.jsonl', '--dev', 'rows.jsonl', '--out', 'y'], /both learnt and measured/],
    [['run', '--rows', 'answered.jsonl', '--dev', 'rows.jsonl', '--out', 'y'], /4 texts are both learnt and measured/],
    [['run', '--rows', 'rows.jsonl', '--dev', 'dev.jsonl', '--out', 'y', '--arms', 'hope'], /no arm hope/],
    [
      ['run', '--rows', 'rows.jsonl', '--dev', 'dev.jsonl', '--out', 'y', '--heads', '7'],
      /cannot be shared by 7 heads/,
    ],
    [['export', '--kind', 'hard', '--rows', 'rows.jsonl', '--model', 'o/m', '--out', 'y'], /mine them first/],
  ]
  for (const [args, message] of cases) {
    const { code, errors } = await distill(args)
    expect({ args, code, errors }).toEqual({ args, code: 2, errors: expect.stringMatching(message) as string })
  }
})
