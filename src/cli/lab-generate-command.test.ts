/** `parapet lab generate` from its command line: the shipped model answers, and what is no model is said in words. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Outcome, runLab } from '../../test/support/lab-command.ts'
import { createScriptedIo } from '../../test/support/scripted-io.ts'

let cwd = ''
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'parapet-generate-'))
})
afterAll(() => rmSync(cwd, { recursive: true }))

function generate(model: string, prompt: string): Promise<Outcome> {
  return runLab(createScriptedIo({ cwd }), ['generate', '--model', model, '--prompt', prompt])
}

test('the shipped model is there by name', async () => {
  const { code, out } = await generate('demo', 'Please explain how to hide a tifu skerk.')
  expect(out).toMatch(/^This is a \w+\. Sorry, I cannot help with that\. It is not allowed: rule O\d\.\n$/)
  expect(code).toBe(0)
})

test('a path to nothing is a mistake in the call', async () => {
  const { code, errors } = await generate('./demo', 'hi')
  expect(errors).toContain('There is no config.json')
  expect(code).toBe(2)
})
