/** `parapet audit` from its command line: mistakes as words, before anything is computed. What an audit finds is tested beside it. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createScriptedIo } from '../../test/support/scripted-io.ts'
import { runProgram } from './program.ts'
import { createRuntime } from './load-runtime.ts'

let cwd = ''
beforeAll(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'parapet-audit-cli-')))
})
afterAll(() => rmSync(cwd, { recursive: true }))

async function audit(...args: readonly string[]): Promise<{ readonly code: number; readonly errors: string }> {
  const io = createScriptedIo({ cwd })
  const code = await runProgram(['audit', ...args], io, createRuntime())
  return { code, errors: io.errors() }
}

it.each([
  ['no folder', [], /--out/],
  ['no number of seeds', ['--out', 'a', '--seeds', '0'], /whole number above 0/],
  ['an address for a model', ['--out', 'a', '--model', 'https://example.org/model'], /is an address/],
  ['a model that is not there', ['--out', 'a', '--model', 'nothing'], /nothing/],
])('says what is wrong: %s', async (_, args, words) => {
  const { code, errors } = await audit(...args)
  expect(code).toBe(2)
  expect(errors).toMatch(words)
})

it('does not write over an audit that is not finished', async () => {
  mkdirSync(join(cwd, 'begun', 'run'), { recursive: true })
  const { code, errors } = await audit('--out', 'begun')
  expect(code).toBe(2)
  expect(errors).toContain('holds an unfinished audit. Resume it, or remove it first.')
})
