import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cli, ended, ROOT, rowsOf, startCli } from './run-cli.ts'

let cwd = ''

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'parapet-check-'))
})

afterEach(() => {
  rmSync(cwd, { recursive: true })
})

const read = (name: string): string => readFileSync(join(cwd, name), 'utf8')
const write = (name: string, content: string | Uint8Array): void => writeFileSync(join(cwd, name), content)
const ROW_KEYS = ['decision', 'scores', 'categories', 'spans', 'error', 'ms']
const SCORE_KEYS = ['prompt_harm', 'response_harm', 'refusal', 'injection', 'toxicity']
/** Assembled, so that no scanner takes this file for a leak. */
const FAKE_TOKEN = ['ghp', 'Zk3Qx9Lm2Vb7Nw4Rt8Yp1Hc6Jd5Fg0SaUeXo'].join('_')

describe('the command', () => {
  test('npx finds it and it tells its version', () => {
    const { stdout, status } = spawnSync('npx', ['--no-install', 'parapet', '--version'], {
      cwd: ROOT,
      encoding: 'utf8',
    })
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
    expect({ stdout, status }).toEqual({ stdout: `${version}\n`, status: 0 })
  })

  test.each([
    [],
    ['check'],
    ['serve'],
    ['init'],
    ['policy'],
    ['policy', 'check'],
    ['policy', 'test'],
    ['doctor'],
    ['bench'],
    ['bench', 'compare'],
    ['bench', 'show'],
  ])('has help with an example: %s %s', async (...command) => {
    const { code, stdout, stderr } = await cli([...command, '--help'], { cwd })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/Examples?:\n {2}\$ parapet/)
  })

  test.each([
    [['chekc'], 'check'],
    [['check', '--respone', 'x', 'y'], '--response'],
    [['check', 'two', 'texts'], 'argument'],
    [['check', '--stage', 'tool_call', 'x'], 'stage'],
    [['check', '--file', 'none.txt'], 'no such file'],
    [['check', '--file', 'a.txt', 'text'], 'Give one of them'],
    [['check', '--jsonl', 'none.jsonl', '--out', 'out.jsonl'], 'no such file'],
    [['check', '--jsonl', '-'], '--out'],
    [['check', '--out', 'rows.jsonl', 'x'], '--jsonl'],
    [['check', '--jsonl', '-', '--out', '-', '--stage', 'input'], 'rows'],
    [['check', '--policy', 'none.yaml', 'x'], 'parapet init'],
    [['check', '--concurrency', '0', '--jsonl', '-', '--out', '-'], '999'],
    [['serve', '--port', '70000'], '65535'],
    [['serve', '--upstream', 'nonsense'], 'http'],
  ])('a mistake in usage ends with 2 and a remedy: %j', async (args, message) => {
    const { code, stdout, stderr } = await cli(args, { cwd })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
    expect(readdirSync(cwd)).toEqual([])
  })
})

describe('a single check', () => {
  test('of an argument, a file and standard input is the same', async () => {
    write('text.txt', 'How do I cook rice?\n')
    const results = await Promise.all([
      cli(['check', 'How do I cook rice?'], { cwd }),
      cli(['check', '--file', 'text.txt'], { cwd }),
      cli(['check', '-'], { cwd, stdin: 'How do I cook rice?\n' }),
      cli(['check'], { cwd, stdin: 'How do I cook rice?' }),
    ])
    const rows = results.map(({ code, stdout }) => ({ code, row: rowsOf(stdout)[0] }))
    for (const { code, row } of rows) {
      expect(code).toBe(0)
      expect({ ...row, ms: 0 }).toEqual({ ...rows[0]?.row, ms: 0 })
      expect(Object.keys(row ?? {})).toEqual(ROW_KEYS)
      expect(Object.keys(row?.['scores'] ?? {})).toEqual(SCORE_KEYS)
    }
  })

  test('ends with 0 when personal data was masked, 1 when a secret was blocked, 3 when it could not be judged', async () => {
    const masked = await cli(['check', '--id', 'm', 'Write to jane.doe@example.org about the garden'], { cwd })
    expect({ code: masked.code, row: rowsOf(masked.stdout)[0] }).toMatchObject({
      code: 0,
      row: { id: 'm', decision: 'modify' },
    })
    expect(masked.stdout).not.toContain('jane.doe@example.org')
    const blocked = await cli(['check', `my token is ${FAKE_TOKEN}`], { cwd })
    expect({ code: blocked.code, row: rowsOf(blocked.stdout)[0] }).toMatchObject({
      code: 1,
      row: { decision: 'block' },
    })
    const failed = await cli(['check', '-'], { cwd, stdin: Uint8Array.of(0xff, 0xfe, 0x41) })
    expect({ code: failed.code, row: rowsOf(failed.stdout)[0] }).toMatchObject({
      code: 3,
      row: { decision: 'error', error: { code: 'input_invalid' } },
    })
  })

  test('judges a response', async () => {
    const { code, stdout } = await cli(['check', '--response', 'Ask jane.doe@example.org', 'Who knows?'], { cwd })
    expect({ code, row: rowsOf(stdout)[0] }).toMatchObject({ code: 0, row: { decision: 'modify' } })
    expect(rowsOf(stdout)[0]?.['spans']).toMatchObject([{ field: 'response' }])
  })

  test('uses the policy it is pointed to, by option, by variable and by place', async () => {
    write('strict.yaml', 'parapet: 1\nrails:\n  input: [short]\nguards:\n  short: { use: limits, characters: 5 }\n')
    const runs = await Promise.all([
      cli(['check', '--policy', 'strict.yaml', 'longer than five'], { cwd }),
      cli(['check', 'longer than five'], { cwd, env: { PARAPET_POLICY: join(cwd, 'strict.yaml') } }),
    ])
    for (const { code, stdout } of runs) {
      expect({ code, row: rowsOf(stdout)[0] }).toMatchObject({ code: 1, row: { decision: 'block' } })
    }
    write('parapet.yaml', read('strict.yaml'))
    expect((await cli(['check', 'longer than five'], { cwd })).code).toBe(1)
  })

  test('a broken policy ends with 2 and names the line', async () => {
    write('parapet.yaml', 'parapet: 1\nrails:\n  input: [unicode, pia]\n')
    const { code, stdout, stderr } = await cli(['check', 'x'], { cwd })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/parapet\.yaml:3:\d+/)
  })
})

describe('a bulk check', () => {
  // Without the classifier: what is tested here does not depend on a model.
  beforeEach(() =>
    write('parapet.yaml', 'parapet: 1\nrails:\n  input: [unicode, secrets, pii]\n  output: [secrets, pii]\n'),
  )

  const input = Buffer.concat([
    Buffer.from('\uFEFF{"id":"first","prompt":"How do I cook rice?","other":[1]}\r\n'),
    Buffer.from('\r\n'),
    Buffer.from('not json\n'),
    Buffer.from('\n'),
    Buffer.from([0x7b, 0x00, 0xff, 0xfe, 0x7d, 0x0a]),
    Buffer.from('{"id":"typed","prompt":7}\n'),
    Buffer.from('{"id":"stage","prompt":"x","stage":"tool_call"}\n'),
    Buffer.from(`{"id":"secret","prompt":"my token is ${FAKE_TOKEN}"}\n`),
    Buffer.from('{"id":"last","prompt":"","response":"Boil water. Grüße 👋"}'),
  ])

  test('answers every physical line in order', async () => {
    write('in.jsonl', input)
    const { code, stdout, stderr } = await cli(['check', '--jsonl', 'in.jsonl', '--out', 'out.jsonl'], { cwd })
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(stderr).toContain('9 rows')
    const rows = rowsOf(read('out.jsonl'))
    const none = undefined
    expect(rows.map((row) => row['id'])).toEqual(['first', none, none, none, none, 'typed', 'stage', 'secret', 'last'])
    expect(rows.map((row) => row['decision'])).toEqual([
      'pass',
      'error',
      'error',
      'error',
      'error',
      'error',
      'error',
      'block',
      'pass',
    ])
    expect(rows[5]).toMatchObject({ error: { code: 'input_invalid', message: expect.stringContaining('`prompt`') } })
    expect(rows[6]).toMatchObject({ error: { message: expect.stringContaining('`stage`') } })
    for (const row of rows) {
      const { id: _, text: __, ...rest } = row
      expect(Object.keys(rest)).toEqual(ROW_KEYS)
    }
    expect(readdirSync(cwd).toSorted()).toEqual(['in.jsonl', 'out.jsonl', 'parapet.yaml'])
  })

  test('through pipes it is the same, and quiet when asked', async () => {
    write('in.jsonl', input)
    await cli(['check', '--jsonl', 'in.jsonl', '--out', 'out.jsonl'], { cwd })
    const piped = await cli(['check', '--jsonl', '-', '--out', '-', '--quiet'], { cwd, stdin: input })
    expect({ code: piped.code, stderr: piped.stderr }).toEqual({ code: 0, stderr: '' })
    const timeless = (text: string): unknown => rowsOf(text).map((row) => ({ ...row, ms: 0 }))
    expect(timeless(piped.stdout)).toEqual(timeless(read('out.jsonl')))
  })

  test('a run that was killed continues and gives what an uninterrupted one gives', async () => {
    write('parapet.yaml', 'parapet: 1\nrails:\n  input: [pii]\n')
    const lines = Array.from({ length: 4000 }, (_, index) =>
      index % 97 === 0
        ? ''
        : JSON.stringify({ id: `r${index}`, prompt: `Question ${index}: write to user${index}@example.org` }),
    )
    write('in.jsonl', lines.join('\n'))
    await cli(['check', '--jsonl', 'in.jsonl', '--out', 'whole.jsonl', '--quiet'], { cwd })
    const child = startCli(['check', '--jsonl', 'in.jsonl', '--out', 'out.jsonl', '--quiet'], { cwd })
    const end = ended(child)
    const partial = join(cwd, '.out.jsonl.partial')
    while (child.exitCode === null && !(existsSync(partial) && statSync(partial).size > 150_000)) {
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    child.kill('SIGKILL')
    expect((await end).signal).toBe('SIGKILL')
    expect(existsSync(join(cwd, 'out.jsonl'))).toBe(false)
    const { code, stderr } = await cli(['check', '--jsonl', 'in.jsonl', '--out', 'out.jsonl', '--resume'], { cwd })
    expect(code).toBe(0)
    expect(stderr).toMatch(/continuing after row [1-9]/)
    const timeless = (name: string): unknown => rowsOf(read(name)).map((row) => ({ ...row, ms: 0 }))
    expect(timeless('out.jsonl')).toEqual(timeless('whole.jsonl'))
    const before = statSync(join(cwd, 'out.jsonl')).mtimeMs
    const again = await cli(['check', '--jsonl', 'in.jsonl', '--out', 'out.jsonl', '--resume'], { cwd })
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('complete already') })
    expect(statSync(join(cwd, 'out.jsonl')).mtimeMs).toBe(before)
    expect(readdirSync(cwd).toSorted()).toEqual(['in.jsonl', 'out.jsonl', 'parapet.yaml', 'whole.jsonl'])
  }, 180_000)

  test('a reader that goes away ends it without a word', async () => {
    write('in.jsonl', `${JSON.stringify({ prompt: 'How do I cook rice?' })}\n`.repeat(20_000))
    const child = startCli(['check', '--jsonl', 'in.jsonl', '--out', '-', '--quiet'], { cwd })
    const end = ended(child)
    child.stdout?.once('data', () => child.stdout?.destroy())
    expect(await end).toMatchObject({ code: 141, stderr: '' })
  })
})
