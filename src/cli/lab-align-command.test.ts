/** `parapet lab align` from its command line: a checkpoint and preferences in, an aligned one out, and mistakes as words. */
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
import { type Outcome, runLab, stoppedIo } from '../../test/support/lab-command.ts'
import { createScriptedIo, type ScriptedIo } from '../../test/support/scripted-io.ts'
import { type AlignRun, runAlign } from '../lab/align/run-align.ts'
import { readAdapter, readCheckpoint, writeCheckpoint } from '../lab/checkpoints/index.ts'
import { type DecoderConfig, initialDecoder, parameterCount } from '../nn/decoder/config.ts'
import { trainBytePairs } from '../nn/tokenizer/byte-level-bpe.ts'
import { CHATML_TEMPLATE, CHATML_TOKENS } from '../nn/tokenizer/chat-template.ts'

const COLOURS = ['red', 'blue', 'green', 'black', 'white', 'grey', 'brown', 'pink', 'gold', 'teal']
let cwd = ''

beforeAll(async () => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'parapet-align-')))
  const prompts = COLOURS.map((colour) => [{ role: 'user', content: `say ${colour}` }])
  const lines = (rows: readonly unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('')
  const pairs = prompts.map((prompt) => ({ prompt, chosen: 'kolo', rejected: 'vopa' }))
  writeFileSync(join(cwd, 'pairs.jsonl'), lines(pairs))
  writeFileSync(
    join(cwd, 'turns.jsonl'),
    lines(
      pairs.flatMap(({ prompt, chosen, rejected }) => [
        { prompt, response: chosen, desirable: true },
        { prompt, response: rejected, desirable: false },
        { prompt, response: 'lune', desirable: false },
      ]),
    ),
  )
  const [begin, end] = CHATML_TOKENS
  const tokenizer = trainBytePairs(['say red', 'say blue', 'kolo', 'vopa', 'lune'], {
    ...{ vocabularySize: 280, specialTokens: [begin, end], endToken: end, chatTemplate: CHATML_TEMPLATE },
  })
  const config: DecoderConfig = {
    architecture: 'llama',
    ...{ vocabularySize: 280, width: 32, layers: 2, heads: 2, keyValueHeads: 1 },
    ...{ headWidth: 16, feedForward: 48, maxLength: 64, ropeTheta: 10_000, epsilon: 1e-5, tiedEmbeddings: true },
    endTokens: [1],
  }
  mkdirSync(join(cwd, 'bot'))
  await writeCheckpoint(join(cwd, 'bot'), { config, parameters: initialDecoder(config, 1), tokenizer })
})
afterAll(() => rmSync(cwd, { recursive: true }))

function lab(args: readonly string[], io: ScriptedIo = createScriptedIo({ cwd })): Promise<Outcome> {
  return runLab(io, args)
}

function runOf(folder: string): AlignRun {
  return JSON.parse(readFileSync(join(cwd, folder, 'run.json'), 'utf8')) as AlignRun
}

const PAIRS = ['align', '--from', 'bot', '--data', 'pairs.jsonl', '--batch', '3']

test('a whole model is aligned on pairs and ranks held-out ones rightly', async () => {
  const options = [
    '--loss',
    'ipo',
    '--log-ratio',
    'sum',
    '--lora-rank',
    '0',
    '--learning-rate',
    '0.005',
    '--passes',
    '15',
  ]
  const { code, out, errors } = await lab([...PAIRS, ...options, '--out', 'whole'])
  expect(code).toBe(0)
  expect(errors).toMatch(/of 45: loss \d/)
  expect(out).toMatch(/held out, after: {2}1 rows, 100\.0 % \[2\.5, 100\.0\] ranked rightly/)
  expect(readdirSync(join(cwd, 'whole')).toSorted()).toEqual(['model', 'report.html', 'run.json'])
  const { heldOut, examples, loss, samples, data } = runOf('whole')
  expect(examples).toBe(9)
  expect(loss).toEqual({ kind: 'ipo', logRatio: 'sum', tau: 0.1 })
  expect(data.form).toBe('pairs')
  expect(heldOut.after.margin ?? 0).toBeGreaterThan((heldOut.before.margin ?? 0) + 1)
  expect(samples).toHaveLength(1)
  const report = readFileSync(join(cwd, 'whole/report.html'), 'utf8')
  expect(report).toContain('Ranked rightly')
  // What was left to its default is told as well.
  expect(report).toMatch(/<dt>ipo: tau<\/dt>\s*<dd>0\.1<\/dd>/)
  expect(report).not.toMatch(/<script|https?:/)
})

test('labelled turns by KTO, evened out; a stopped run goes on to the same adapter', async () => {
  const options = ['align', '--from', 'bot', '--data', 'turns.jsonl', '--loss', 'kto', '--beta', '0.3', '--batch', '4']
  const tuning = ['--lora-rank', '4', '--passes', '6', '--learning-rate', '0.01']
  expect((await lab([...options, ...tuning, '--out', 'adapted'])).code).toBe(0)
  expect(runOf('adapted').loss).toEqual({
    ...{ kind: 'kto', beta: 0.3, desirableWeight: 2, undesirableWeight: 1, referencePoint: 'batch' },
  })
  const { rank, layers } = await readAdapter(join(cwd, 'adapted/adapter'))
  expect({ rank, layers: Object.keys(layers).length }).toEqual({ rank: 4, layers: 14 })

  const stopped = await lab([...options, ...tuning, '--out', 'stopped'], stoppedIo(cwd, '20 of', 'SIGTERM'))
  expect(stopped.code).toBe(143)
  expect(readdirSync(join(cwd, 'stopped'))).toEqual(['run'])
  expect((await lab([...options, ...tuning, '--out', 'stopped', '--resume'])).code).toBe(0)
  const weights = (folder: string): Buffer => readFileSync(join(cwd, folder, 'model/model.safetensors'))
  expect(weights('stopped').equals(weights('adapted'))).toBe(true)
  expect(weights('stopped').equals(readFileSync(join(cwd, 'bot/model.safetensors')))).toBe(false)
})

test('a single prompt is learnt from, and nothing is held out', async () => {
  const [first = ''] = readFileSync(join(cwd, 'pairs.jsonl'), 'utf8').split('\n')
  writeFileSync(join(cwd, 'one.jsonl'), first)
  const { code, out } = await lab(['align', '--from', 'bot', '--data', 'one.jsonl', '--out', 'one', '--quiet'])
  expect(code).toBe(0)
  expect(out).toContain('1 examples\nheld out, before: 0 rows, nothing to compare\n')
  expect(runOf('one').samples).toEqual([])
})

test('samples show prompts whose contents come in parts', async () => {
  const rows = ['red', 'blue'].map((colour) => ({
    ...{
      prompt: [{ role: 'user', content: [{ type: 'text', text: `say ${colour}` }] }],
      chosen: 'kolo',
      rejected: 'vopa',
    },
  }))
  writeFileSync(join(cwd, 'parts.jsonl'), rows.map((row) => JSON.stringify(row)).join('\n'))
  const parts = ['align', '--from', 'bot', '--data', 'parts.jsonl', '--batch', '1', '--quiet']
  expect((await lab([...parts, '--out', 'parts'])).code).toBe(0)
  expect(runOf('parts').samples.map(({ asked }) => asked)).toEqual([expect.stringMatching(/^user: say (?:red|blue)$/)])
})

test('a model whose training cannot fit is refused before a folder is made', async () => {
  const { config } = await readCheckpoint(join(cwd, 'bot'))
  const bytes = 4 * parameterCount(config)
  const told: string[] = []
  const run = (kind: 'dpo' | 'simpo', loraRank: number, memoryLimit: number): Promise<unknown> =>
    runAlign({
      ...{ from: join(cwd, 'bot'), data: join(cwd, 'pairs.jsonl'), out: join(cwd, 'large'), loss: { kind } },
      ...{ passes: 1, learningRate: 1e-3, loraRank, batch: 4, maxLength: 64, seed: 1, threads: 1, resume: false },
      ...{ memoryLimit, onProgress: (message) => told.push(message) },
    })
  await expect(run('dpo', 0, 6 * bytes - 1)).rejects.toThrow('Training bot needs at least')
  await expect(run('simpo', 0, 5 * bytes - 1)).rejects.toThrow('5 times its weights')
  await expect(run('dpo', 2, 2 * bytes - 1)).rejects.toThrow('2 times its weights')
  expect(told).toEqual([])
  expect(existsSync(join(cwd, 'large'))).toBe(false)
})

test('mistakes are words with exit code 2, before a folder is made', async () => {
  writeFileSync(join(cwd, 'bad.jsonl'), '{"prompt": [], "chosen": "a", "rejected": "b"}\n')
  writeFileSync(join(cwd, 'empty.jsonl'), '\n')
  const given = ['align', '--out', 'no']
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [given, /--from FOLDER --data FILE, or --flows/],
    [[...given, '--flows', '--from', 'bot'], /leave --from and --data out/],
    [
      [...given, '--flows', '--beta', '0.1'],
      /--beta <n>' cannot be used with option '--flows'|--flows' cannot be used with/,
    ],
    [[...PAIRS, '--out', 'no', '--seeds', '2'], /--seeds <n>' cannot be used with/],
    [[...PAIRS, '--out', 'no', '--loss', 'ppo'], /ipo, kto, dpo/],
    [[...PAIRS, '--out', 'no', '--beta', '0.1'], /no option beta; it has tau, logRatio/],
    [[...PAIRS, '--out', 'no', '--tau', '-1'], /tau/],
    [[...PAIRS, '--out', 'no', '--learning-rate', 'fast'], /above 0/],
    [['align', '--from', 'bot', '--data', 'turns.jsonl', '--out', 'no'], /learns from pairs/],
    [['align', '--from', 'bot', '--data', 'bad.jsonl', '--out', 'no'], /bad\.jsonl:1 needs a prompt/],
    [['align', '--from', 'bot', '--data', 'empty.jsonl', '--out', 'no'], /empty\.jsonl is empty/],
    [['align', '--from', 'bot', '--data', 'none.jsonl', '--out', 'no'], /none\.jsonl/],
    [['align', '--from', 'nowhere', '--data', 'pairs.jsonl', '--out', 'no'], /nowhere/],
    [[...PAIRS, '--out', 'no', '--max-length', '4'], /nothing to learn from/],
  ]
  for (const [args, message] of cases) {
    const { code, errors } = await lab(args)
    expect({ args, code, errors }).toEqual({ args, code: 2, errors: expect.stringMatching(message) as string })
  }
  expect(existsSync(join(cwd, 'no'))).toBe(false)
})
