/** The off-topic guard in policies: the general model of the package, a file beside the policy, and mistakes. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fileURLToPath } from 'node:url'
import { TOPIC_FILE } from '../engines/embedded/topic-engine.ts'
import { createParapet, loadPolicy } from './index.ts'
import { judgesScope } from './scope-guards.ts'

const SCOPE = 'You are the assistant of a bakery. Help with bread, cakes, opening hours and orders. Nothing else.'
let cwd = ''
beforeEach(() => void (cwd = mkdtempSync(join(tmpdir(), 'parapet-topic-'))))
afterEach(() => rmSync(cwd, { recursive: true }))

function policy(guard: string): string {
  const file = join(cwd, 'parapet.yaml')
  writeFileSync(file, `parapet: 1\nrails: { input: [{ guard: topic, deadline: 20s }] }\nguards:\n  topic: ${guard}\n`)
  return file
}

test('a prompt outside the scope is stopped, one inside is not, and the policy is known to judge scopes', async () => {
  copyFileSync(fileURLToPath(TOPIC_FILE), join(cwd, 'own.bin'))
  const file = policy(`{ use: topic, model: own.bin, system: "${SCOPE}" }`)
  const parapet = await createParapet(file, { watch: false })
  try {
    expect((await parapet.check('Do you have rye bread without seeds?')).decision).toBe('pass')
    const stopped = await parapet.check('Write a Python function that reverses a list')
    expect(stopped.decision).not.toBe('pass')
    expect(stopped.decision).not.toBe('error')
  } finally {
    await parapet.close()
  }
  expect(judgesScope(await loadPolicy(file))).toBe(true)
}, 30_000)

test('a missing model and a threshold out of range are mistakes of the policy', async () => {
  await expect(createParapet(policy('{ use: topic, model: none.bin }'), { watch: false })).rejects.toThrow(
    'cannot be read',
  )
  await expect(createParapet(policy('{ use: topic, threshold: 0.9 }'), { watch: false })).rejects.toThrow('not valid')
})
