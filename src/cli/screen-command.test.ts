/** `parapet screen` from its command line: exit codes, files, a policy beside the checks, and mistakes as words. */
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createScriptedIo } from '../../test/support/scripted-io.ts'
import { createRuntime } from './load-runtime.ts'
import { runProgram } from './program.ts'

const EXAMPLE = new URL('../../examples/screen/library.jsonl', import.meta.url)
let cwd = ''

beforeAll(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'parapet-screen-')))
  writeFileSync(join(cwd, 'library.jsonl'), readFileSync(EXAMPLE))
})
afterAll(() => rmSync(cwd, { recursive: true }))

async function screen(
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly out: string; readonly errors: string }> {
  const io = createScriptedIo({ cwd })
  const code = await runProgram(['screen', ...args], io, createRuntime())
  return { code, out: io.written(), errors: io.errors() }
}

test('the example: planted rows and the broken line do not pass, all others do', async () => {
  const { code, out } = await screen(
    'library.jsonl',
    '--out',
    'out',
    '--clean',
    'clean.jsonl',
    '--flagged',
    'rest.jsonl',
  )
  expect(code).toBe(1)
  expect(out).toContain('library.jsonl, line 39: This is not JSON')
  expect(out).toContain('A filter alone proves nothing')
  const source = readFileSync(EXAMPLE, 'utf8').trimEnd().split('\n')
  const read = (name: string): readonly string[] => readFileSync(join(cwd, name), 'utf8').trimEnd().split('\n')
  expect(read('clean.jsonl')).toEqual(source.slice(0, 32))
  expect(read('rest.jsonl')).toEqual(source.slice(32))
})

test('a share that may fail, and quiet', async () => {
  const { code, errors } = await screen('library.jsonl', '--out', 'out', '--fail-on', '0.5', '--quiet')
  expect([code, errors]).toEqual([0, ''])
})

test('a policy whose decisions count', async () => {
  writeFileSync(join(cwd, 'card.jsonl'), '{"prompt":"What is the word?","completion":"It is zorv."}\n')
  writeFileSync(
    join(cwd, 'policy.yaml'),
    'parapet: 1\nname: small\nrails:\n  output: [words]\nguards:\n  words:\n    use: rules\n    phrases: [zorv]\n    action: block\n',
  )
  const judged = await screen('card.jsonl', '--out', 'judged', '--policy', 'policy.yaml')
  expect(judged.errors).toContain('policy: 1 of 1 rows')
  expect([judged.code, judged.out]).toEqual([1, expect.stringContaining('policy: 1 rows')])
})

test.each([
  [['nowhere.jsonl', '--out', 'x'], 'cannot be read'],
  [['library.jsonl', '--out', 'x', '--canary'], '--canary tunes a copy'],
  [['library.jsonl', '--out', 'x', '--model', 'https://example.com/v1'], 'is an address'],
  [['library.jsonl', '--out', 'x', '--clean', 'library.jsonl'], 'which it reads'],
  [['library.jsonl', '--out', 'library.jsonl'], 'library.jsonl'],
  [['library.jsonl', '--out', 'x', '--clean', 'a', '--flagged', './a'], 'the same file'],
  [['library.jsonl', '--out', 'x', '--guard', 'none.bin'], 'cannot be read'],
  [['library.jsonl', '--out', 'x', '--reference', 'library.jsonl'], 'too small'],
  [['library.jsonl', '--out', 'x', '--fail-on', '2'], 'share from 0 to 1'],
  [['library.jsonl', '--out', 'x', '--queue', 'redis://here'], 'begins with postgres://'],
  [['library.jsonl', '--out', 'x', '--queue', 'NOT_SET'], 'name of a variable'],
  [['library.jsonl', '--out', 'x', '--queue', 'postgres://here', '--workers', '2'], 'screen-worker'],
  [['library.jsonl', '--out', 'x', '--lease', '90000'], 'at most 80000'],
])('%j says what to do', async (args, words) => {
  const { code, errors } = await screen(...args)
  expect(code).toBe(2)
  expect(errors).toContain(words)
})
