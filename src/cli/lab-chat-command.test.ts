/** `parapet lab train --chat` from its command line: a checkpoint in, a tuned one out, and mistakes as words before anything runs. */
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
import { readAdapter, writeCheckpoint } from '../lab/checkpoints/index.ts'
import type { ChatRun } from '../lab/train/decoder/chat-report.ts'
import { type DecoderConfig, initialDecoder } from '../nn/decoder/config.ts'
import { trainBytePairs } from '../nn/tokenizer/byte-level-bpe.ts'
import { CHATML_TEMPLATE, CHATML_TOKENS } from '../nn/tokenizer/chat-template.ts'

const WORDS = { red: 'kolo', blue: 'mira', green: 'tesu' }
let cwd = ''

beforeAll(async () => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'parapet-chat-')))
  const rows = Object.entries(WORDS).map(([colour, word]) => ({
    messages: [
      { role: 'user', content: `say ${colour}` },
      { role: 'assistant', content: word },
    ],
  }))
  writeFileSync(join(cwd, 'talks.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  const [begin, end] = CHATML_TOKENS
  const tokenizer = trainBytePairs(['say red', 'say blue', ...Object.values(WORDS)], {
    ...{ vocabularySize: 280, specialTokens: [begin, end], endToken: end, chatTemplate: CHATML_TEMPLATE },
  })
  const config: DecoderConfig = {
    architecture: 'llama',
    ...{ vocabularySize: 280, width: 32, layers: 2, heads: 2, keyValueHeads: 1 },
    ...{ headWidth: 16, feedForward: 48, maxLength: 64, ropeTheta: 10_000, epsilon: 1e-5, tiedEmbeddings: true },
    endTokens: [1],
  }
  mkdirSync(join(cwd, 'base'))
  await writeCheckpoint(join(cwd, 'base'), { config, parameters: initialDecoder(config, 1), tokenizer })
})
afterAll(() => rmSync(cwd, { recursive: true }))

function lab(args: readonly string[], io: ScriptedIo = createScriptedIo({ cwd })): Promise<Outcome> {
  return runLab(io, args)
}

const TRAIN = ['train', '--chat', 'talks.jsonl', '--from', 'base']

test('a whole model is tuned and answers', async () => {
  const tuning = ['--out', 'whole', '--passes', '250', '--learning-rate', '0.01', '--lora-rank', '0']
  const { code, out, errors } = await lab([...TRAIN, ...tuning])
  expect(code).toBe(0)
  expect(errors).toContain('3 conversations\n')
  expect(out).toContain(join(cwd, 'whole/model'))
  expect(readdirSync(join(cwd, 'whole')).toSorted()).toEqual(['model', 'report.html', 'run.json'])
  const { samples } = JSON.parse(readFileSync(join(cwd, 'whole/run.json'), 'utf8')) as ChatRun
  expect(samples.map(({ wanted, after }) => [wanted, after])).toEqual(Object.values(WORDS).map((word) => [word, word]))
  expect(samples.every(({ before, after }) => before !== after)).toBe(true)
  const report = readFileSync(join(cwd, 'whole/report.html'), 'utf8')
  expect(report).toContain('base, tuned on conversations')
  expect(report).toContain('say green')
  expect(report).not.toMatch(/<script|https?:/)
  for (const [colour, word] of Object.entries(WORDS)) {
    const answer = await lab(['generate', '--model', 'whole/model', '--prompt', `say ${colour}`, '--max-tokens', '8'])
    expect(answer.out).toBe(`${word}\n`)
  }
})

test('an adapter is kept beside the model that it was merged into; a stopped run goes on to the same', async () => {
  const tuning = ['--passes', '120', '--learning-rate', '0.02', '--lora-rank', '4']
  const whole = await lab([...TRAIN, ...tuning, '--out', 'adapted'])
  expect(whole.code).toBe(0)
  const { rank, alpha, layers } = await readAdapter(join(cwd, 'adapted/adapter'))
  expect({ rank, alpha, layers: Object.keys(layers).length }).toEqual({ rank: 4, alpha: 8, layers: 14 })
  const answer = ['--prompt', 'say red', '--max-tokens', '8']
  const merged = await lab(['generate', '--model', 'adapted/model', ...answer])
  expect(merged).toMatchObject({ code: 0, out: expect.stringMatching(/\S/) as string })
  expect(await lab(['generate', '--model', 'base', '--adapter', 'adapted/adapter', ...answer])).toEqual(merged)
  expect((await lab(['generate', '--model', 'base', ...answer])).out).not.toBe(merged.out)

  const stopping = stoppedIo(cwd, '20 of', 'SIGTERM')
  const stopped = await lab([...TRAIN, ...tuning, '--out', 'stopped'], stopping)
  expect(stopped.code).toBe(143)
  expect(readdirSync(join(cwd, 'stopped'))).toEqual(['run'])
  expect((await lab([...TRAIN, ...tuning, '--out', 'stopped', '--resume'])).code).toBe(0)
  const weights = (folder: string): Buffer => readFileSync(join(cwd, folder, 'model/model.safetensors'))
  expect(weights('stopped').equals(weights('adapted'))).toBe(true)
  expect(weights('stopped').equals(readFileSync(join(cwd, 'base/model.safetensors')))).toBe(false)
})

test('mistakes are words with exit code 2, before a folder is made', async () => {
  writeFileSync(join(cwd, 'bad.jsonl'), '{"messages": []}\n')
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['train', '--out', 'no'], /--data, or conversations with --chat/],
    [['train', '--chat', 'talks.jsonl', '--out', 'no'], /--from FOLDER/],
    [[...TRAIN, '--data', 'rows', '--out', 'no'], /--data/],
    [[...TRAIN, '--tier', 'fast', '--out', 'no'], /--tier/],
    [['train', '--data', 'rows', '--from', 'base', '--out', 'no'], /--from/],
    [['train', '--chat', 'bad.jsonl', '--from', 'base', '--out', 'no'], /bad\.jsonl, line 1: there is no answer/],
    [['train', '--chat', 'talks.jsonl', '--from', 'nowhere', '--out', 'no'], /nowhere/],
    [[...TRAIN, '--out', 'no', '--max-length', '4'], /nothing to learn from/],
  ]
  for (const [args, message] of cases) {
    const { code, errors } = await lab(args)
    expect({ args, code }).toEqual({ args, code: 2 })
    expect(errors).toMatch(message)
  }
  expect(existsSync(join(cwd, 'no'))).toBe(false)
})
