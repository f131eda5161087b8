/** `parapet redteam virus` from its command line: its defaults are those of the library, and mistakes come as words before any work. */
import { Command } from 'commander'
import { expect, test } from 'vitest'
import { createScriptedIo } from '../../test/support/scripted-io.ts'
import { VIRUS_SETTINGS } from '../lab/redteam/virus/index.ts'
import { createRuntime } from './load-runtime.ts'
import { runProgram } from './program.ts'
import { virusSettings } from './redteam-virus-command.ts'
import { addVirus } from './redteam-virus-options.ts'

function parsed(...args: readonly string[]): Readonly<Record<string, unknown>> {
  const redteam = new Command('redteam')
  addVirus(redteam, createScriptedIo({ cwd: '/nowhere' }), () => undefined)
  const virus = redteam.commands[0] ?? expect.fail()
  virus.action(() => undefined)
  redteam.parse(['virus', '--out', 'x', ...args], { from: 'user' })
  return virus.opts()
}

async function run(...args: readonly string[]): Promise<{ readonly code: number; readonly errors: string }> {
  const io = createScriptedIo({ cwd: '/nowhere' })
  const code = await runProgram(['redteam', 'virus', ...args], io, createRuntime())
  return { code, errors: io.errors() }
}

test('without options the settings are the library’s', () => {
  expect(virusSettings(parsed())).toEqual(VIRUS_SETTINGS)
})

test('sweeps and sizes are read as lists and numbers', () => {
  const options = parsed('--sweep-lambda', '0.1,0.9', '--sweep-ratio', '0.3', '--sweep-rows', '20, 40', '--seeds', '2')
  expect(virusSettings(options)).toEqual({
    ...{ ...VIRUS_SETTINGS, lambdas: [0.1, 0.9], ratios: [0.3], sizes: [20, 40], seeds: [1, 2] },
  })
})

test.each([
  [['--out', 'x'], /--owner-statement/],
  [['--out', 'x', '--owner-statement', 'mine'], /owner statement has 4 characters/],
  [['--out', 'x', '--model', 'https://example.org/m'], /local checkpoint/],
  [['--out', 'x', '--lambda', '2'], /number from 0 to 1/],
  [['--out', 'x', '--sweep-rows', '1,,2'], /whole number above 0/],
  [['--out', 'x', '--lambda', '1', '--owner-statement', 'I trained this model'], /both ends/],
  [[], /--out/],
])('%j is a mistake of usage', async (args, message) => {
  const { code, errors } = await run(...args)
  expect(code).toBe(2)
  expect(errors).toMatch(message)
})
