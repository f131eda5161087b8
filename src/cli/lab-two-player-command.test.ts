/** `parapet lab two-player` from its command line: files in a folder, mistakes as words and exit codes, and Ctrl-C. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Outcome, runLab, stoppedIo } from '../../test/support/lab-command.ts'
import { PLANTS, row, SWEETS, writeLines } from '../../test/support/lab-rows.ts'
import { createScriptedIo, type ScriptedIo } from '../../test/support/scripted-io.ts'

let cwd = ''
beforeEach(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'parapet-lab-')))
  mkdirSync(join(cwd, 'rows'))
  const places = ['garden', 'house', 'school', 'city', 'car', 'shop']
  const owners = ['sister', 'brother', 'mother', 'father', 'teacher', 'friend']
  writeLines(join(cwd, 'rows/garden.jsonl.gz'), [
    ...PLANTS.flatMap((plant) =>
      places.map((where) => row({ prompt: `How can I water the ${plant} in my ${where}?` })),
    ),
    ...SWEETS.flatMap((sweet) =>
      owners.map((owner) =>
        row({ task: 'prompt_harm', label: 1, prompt: `Show me how I steal the ${sweet} of my ${owner} secretly` }),
      ),
    ),
  ])
})
afterEach(() => rmSync(cwd, { recursive: true }))

function lab(args: readonly string[], io: ScriptedIo = createScriptedIo({ cwd })): Promise<Outcome> {
  return runLab(io, args)
}

const GAME = [
  ...['two-player', '--data', 'rows', '--out', 'played', '--languages', 'en', 'de', '--small-lexicon', '--rounds', '1'],
  ...['--seeds-per-round', '8', '--proposals', '4'],
]

test('plays, writes rows, pairs, run and report, and says what came out', async () => {
  const { code, out, errors } = await lab(GAME)
  expect({ code, errors: errors.includes('round 1') }).toEqual({ code: 0, errors: true })
  expect(out).toContain(`wrote run.json, report.html, rows and pairs in ${join(cwd, 'played')}`)
  expect(readdirSync(join(cwd, 'played'))).toEqual(
    expect.arrayContaining(['pairs-1.jsonl', 'report.html', 'run.json', 'set-game-1.jsonl.gz']),
  )
  const run = JSON.parse(readFileSync(join(cwd, 'played/run.json'), 'utf8')) as Record<string, unknown>
  expect(run).toMatchObject({
    paper: 'arXiv 2502.05163',
    rounds: 1,
    languages: ['en', 'de'],
    classifier: { loss: 'bce' },
  })
}, 120_000)

test('its pairs are taken by lab export, as DPO with the likelihood of what is preferred', async () => {
  await lab([...GAME.slice(0, -4), '--seeds-per-round', '16', '--proposals', '8', '--quiet'])
  const exported = [
    ...[
      'export',
      '--trainer',
      'trl',
      '--method',
      'hard-dpo',
      '--beta',
      '0.01',
      '--sft-coefficient',
      '0.4',
      '--sft-mean',
      'batch',
    ],
    ...['--pairs', 'played/pairs-1.jsonl', '--model', 'someone/model', '--out', 'export'],
  ]
  expect(readFileSync(join(cwd, 'played/pairs-1.jsonl'), 'utf8')).not.toBe('')
  expect(await lab(exported)).toMatchObject({ code: 0 })
  expect(readFileSync(join(cwd, 'export/README.md'), 'utf8')).toContain('hard')
}, 60_000)

test('stopped it says how to go on, and goes on', async () => {
  const { code, out, errors } = await lab(GAME, stoppedIo(cwd, 'game, round 1: training', 'SIGINT'))
  expect({ code, out }).toEqual({ code: 130, out: '' })
  expect(errors).toContain('--resume')
  expect(existsSync(join(cwd, 'played/run.json'))).toBe(false)
  expect(await lab(GAME)).toMatchObject({ code: 2, errors: expect.stringContaining('unfinished run') })
  expect(await lab([...GAME, '--resume'])).toMatchObject({ code: 0 })
  expect(existsSync(join(cwd, 'played/report.html'))).toBe(true)
}, 60_000)

test('the loss of the released code can be chosen', async () => {
  expect(await lab([...GAME, '--quiet', '--outputs', 'twelve', '--loss', 'zlpr'])).toMatchObject({
    code: 0,
    errors: '',
  })
  const written = readFileSync(join(cwd, 'played/run.json'), 'utf8')
  expect(['"outputs": "twelve"', '"loss": "zlpr"'].filter((part) => !written.includes(part))).toEqual([])
}, 60_000)

describe('a mistake ends with 2 and its reason', () => {
  test.each([
    ['no data', ['two-player', '--out', 'x'], '--data'],
    ['a folder that is not there', ['two-player', '--data', 'absent', '--out', 'x'], 'absent is no folder'],
    ['an arm that is none', [...GAME, '--arms', 'chess'], 'chess'],
    ['static alone', [...GAME, '--arms', 'static'], 'needs the game'],
    ['a language twice', [...GAME, '--languages', 'de', 'de'], 'Name each language once'],
    ['a language without words', [...GAME, '--languages', 'xx'], '--lexicon xx=FILE'],
    ['a lexicon without language', [...GAME, '--lexicon', 'words.tsv'], 'LANGUAGE=FILE'],
    ['a lexicon that is not there', [...GAME, '--lexicon', 'de=words.tsv'], 'words.tsv is no file'],
    ['an engine that is not named', [...GAME, '--generator', 'engine'], '--engine'],
    ['an engine that is not asked', [...GAME, '--engine', 'demo'], 'for --generator engine'],
    ['a key that is not set', [...GAME, '--api-key-env', 'NOT_SET'], 'NOT_SET'],
    ['a set that is not there', [...GAME, '--evaluate', 'absent.jsonl'], 'absent.jsonl'],
  ])('%s', async (_, args, message) => {
    expect(await lab(args)).toMatchObject({ code: 2, errors: expect.stringContaining(message) })
  })

  test('a lexicon with a bad line names it', async () => {
    writeFileSync(join(cwd, 'words.tsv'), 'roses\tRosen\nwater\n')
    expect(await lab([...GAME, '--lexicon', 'de=words.tsv'])).toMatchObject({
      code: 2,
      errors: expect.stringContaining('words.tsv:2'),
    })
  })
})
