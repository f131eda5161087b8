/** `parapet lab train` from its command line: models in a folder, mistakes as words and exit codes, and Ctrl-C. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { gardenRows, row, writeLines } from '../../test/support/lab-rows.ts'
import { type Outcome, runLab, stoppedIo } from '../../test/support/lab-command.ts'
import { createScriptedIo, type ScriptedIo } from '../../test/support/scripted-io.ts'

let cwd = ''
beforeEach(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'parapet-lab-')))
  mkdirSync(join(cwd, 'rows'))
  writeLines(join(cwd, 'rows/garden.jsonl.gz'), gardenRows())
})
afterEach(() => rmSync(cwd, { recursive: true }))

function lab(args: readonly string[], io: ScriptedIo = createScriptedIo({ cwd })): Promise<Outcome> {
  return runLab(io, args)
}

const FAST = ['train', '--data', 'rows', '--out', 'my-guard', '--tier', 'fast']

describe('training', () => {
  test('of the fast tier writes the models and says where, with progress aside', async () => {
    const { code, out, errors } = await lab(FAST)
    expect(code).toBe(0)
    expect(out).toContain(join(cwd, 'my-guard/classifier.bin'))
    expect(out).toContain(join(cwd, 'my-guard/classifier-lite.bin'))
    expect(out).not.toContain('deep.bin')
    expect(errors).toContain('examples to learn from')
    expect(readdirSync(join(cwd, 'my-guard')).toSorted()).toEqual([
      ...['classifier-lite.bin', 'classifier.bin', 'run', 'training.json'],
    ])
  })

  test('can be quiet', async () => {
    const { code, errors } = await lab([...FAST, '--quiet'])
    expect({ code, errors }).toEqual({ code: 0, errors: '' })
  })

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('stopped by %s ends with %i, says how to go on, and writes no model', async (signal, expected) => {
    const stopping = stoppedIo(cwd, 'examples to learn from', signal)
    const { code, out, errors } = await lab(FAST, stopping)
    expect(code).toBe(expected)
    expect(errors).toContain('--resume')
    expect(out).toBe('')
    expect(existsSync(join(cwd, 'my-guard/classifier.bin'))).toBe(false)
  })
})

describe('help', () => {
  test('lists the command and its options', async () => {
    expect((await lab(['--help'])).out).toMatch(/^ {2}train /m)
    const { code, out } = await lab(['train', '--help'])
    expect(code).toBe(0)
    for (const option of [
      '--data',
      '--out',
      '--extra',
      '--parallel',
      '--lexicon',
      '--encoder',
      '--tier',
      '--seed',
      '--resume',
    ])
      expect(out).toContain(option)
  })
})

describe('a mistake ends with 2 and its reason', () => {
  test.each([
    ['no data', ['train', '--out', 'my-guard'], '--data'],
    ['no folder for the models', ['train', '--data', 'rows'], '--out'],
    ['another tier', [...FAST.slice(0, -1), 'slow'], 'slow'],
    ['a scale that is none', [...FAST, '--scale', '0'], 'above 0'],
    [
      'a folder that is not there',
      ['train', '--data', 'absent', '--out', 'x', '--tier', 'fast'],
      'absent is no folder',
    ],
    ['a folder without rows', ['train', '--data', '.', '--out', 'x', '--tier', 'fast'], 'no *.jsonl.gz files'],
    ['a file that is not there', [...FAST, '--extra', 'absent.jsonl.gz'], 'absent.jsonl.gz is no file'],
  ])('%s', async (_, args, message) => {
    const { code, errors } = await lab(args)
    expect({ code, errors }).toEqual({ code: 2, errors: expect.stringContaining(message) })
    expect(readdirSync(cwd)).toEqual(['rows'])
  })

  test.each([
    ['that is no JSON', '{"task":', 'bad.jsonl.gz:2 is not JSON'],
    ['that is no record', { ...row(), label: 'yes' }, 'bad.jsonl.gz:2 is not a training record'],
  ])('a line %s', async (_, line, message) => {
    writeLines(join(cwd, 'rows/bad.jsonl.gz'), [row(), line])
    expect(await lab(FAST)).toMatchObject({ code: 2, errors: expect.stringContaining(message) })
  })

  test('a file that is not packed', async () => {
    writeFileSync(join(cwd, 'rows/plain.jsonl.gz'), JSON.stringify(row()))
    expect(await lab(FAST)).toMatchObject({ code: 2, errors: expect.stringContaining('no whole gzip file') })
  })
})
