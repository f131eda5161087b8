/** `parapet lab export` from its command line: rows of every kind in, a checked folder out, and mistakes as words. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Outcome, runLab } from '../../test/support/lab-command.ts'
import { createScriptedIo } from '../../test/support/scripted-io.ts'
import { exportFolderFaults } from '../lab/export/index.ts'

let cwd = ''
beforeAll(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'parapet-export-command-')))
  const prompt = [{ role: 'user', content: 'Red?' }]
  const files = {
    'talks.jsonl': { messages: [...prompt, { role: 'assistant', content: 'kolo' }] },
    'pairs.jsonl': { prompt, chosen: 'kolo', rejected: 'mira' },
  }
  for (const [name, row] of Object.entries(files)) writeFileSync(join(cwd, name), `${JSON.stringify(row)}\n`)
})
afterAll(() => rmSync(cwd, { recursive: true }))

function lab(...args: readonly string[]): Promise<Outcome> {
  return runLab(createScriptedIo({ cwd }), ['export', '--model', 'someone/model', ...args])
}

test('conversations, pairs and the world become folders that keep the schema', async () => {
  const talks = await lab('--trainer', 'trl', '--chat', 'talks.jsonl', '--out', 'sft')
  expect(talks).toMatchObject({ code: 0, errors: '' })
  expect(talks.out).toContain('1 conversations for sft, checked against the schema of trl')
  expect(talks.out).toContain(join(cwd, 'sft/config.yaml'))

  const simpo = ['--method', 'simpo', '--beta', '2', '--margin-ratio', '0.25', '--learning-rate', '1e-6']
  expect((await lab('--trainer', 'llama-factory', '--pairs', 'pairs.jsonl', ...simpo, '--out', 'simpo')).code).toBe(0)
  const train = readFileSync(join(cwd, 'simpo/train.yaml'), 'utf8')
  expect(train).toContain('simpo_gamma: 0.5\n')
  expect(train).toContain('learning_rate: 0.000001\n')

  const world = ['--world', '--rows', '60', '--method', 'kto', '--seed', '2']
  expect((await lab('--trainer', 'trl', ...world, '--out', 'world')).code).toBe(0)
  expect(readdirSync(join(cwd, 'world')).toSorted()).toEqual(['README.md', 'config.yaml', 'train.jsonl'])
  expect(exportFolderFaults(join(cwd, 'world'), 'trl')).toEqual([])
  const rows = readFileSync(join(cwd, 'world/train.jsonl'), 'utf8')
  expect((await lab('--trainer', 'trl', ...world, '--out', 'again')).code).toBe(0)
  expect(readFileSync(join(cwd, 'again/train.jsonl'), 'utf8')).toBe(rows)

  const twice = await lab('--trainer', 'trl', ...world, '--out', 'again')
  expect(twice).toMatchObject({ code: 2, errors: expect.stringContaining('is not empty') as string })
})

test('mistakes are words with exit code 2, before a folder is made', async () => {
  writeFileSync(join(cwd, 'bad.jsonl'), '{"prompt": []}\n')
  const trl = ['--trainer', 'trl', '--out', 'no']
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['--chat', 'talks.jsonl', '--out', 'no'], /--trainer/],
    [['--trainer', 'axolotl', '--chat', 'talks.jsonl', '--out', 'no'], /trl, llama-factory/],
    [trl, /where the rows come from/],
    [[...trl, '--world', '--chat', 'talks.jsonl'], /where the rows come from/],
    [[...trl, '--chat', 'nowhere.jsonl'], /nowhere\.jsonl/],
    [[...trl, '--pairs', 'bad.jsonl', '--method', 'dpo'], /bad\.jsonl:1 needs a text chosen/],
    [[...trl, '--chat', 'talks.jsonl', '--method', 'ipo'], /preference pairs/],
    [[...trl, '--chat', 'talks.jsonl', '--beta', '0.1'], /sft loss has no option beta/],
    [[...trl, '--pairs', 'pairs.jsonl', '--method', 'ipo', '--tau', '-1'], /tau of the ipo loss must be/],
    [[...trl, '--pairs', 'pairs.jsonl', '--method', 'hard-dpo'], /TRL has no hard-dpo/],
    [[...trl, '--chat', 'talks.jsonl', '--learning-rate', '0'], /learningRate must be/],
    [[...trl, '--chat', 'talks.jsonl', '--model', './nowhere/else/at-all'], /is no folder/],
  ]
  for (const [args, message] of cases) {
    const { code, errors } = await lab(...args)
    expect({ args, code }).toEqual({ args, code: 2 })
    expect(errors).toMatch(message)
  }
  expect(existsSync(join(cwd, 'no'))).toBe(false)
})
