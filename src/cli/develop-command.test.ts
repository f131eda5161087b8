/** `parapet develop`: mistakes are said before anything is made, and nothing of somebody else's is touched. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createScriptedIo } from '../../test/support/scripted-io.ts'
import { createRuntime } from './load-runtime.ts'
import { runProgram } from './program.ts'

let cwd = ''
beforeAll(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'parapet-develop-cli-')))
  const topics =
    'topics: [{ name: kites, examples: [Which kite is best?, Fifty kilos of pull, My reel is stuck, Red tails, Any strong wind?] }]'
  writeFileSync(
    join(cwd, 'kite.yaml'),
    `name: a kite shop\nuse: Kites.\nmisuse: The rest.\n${topics}\nsystemPrompts: [Kites only.]\n`,
  )
  writeFileSync(join(cwd, 'broken.yaml'), 'name: a kite shop\nuse: [\n')
  writeFileSync(
    join(cwd, 'few.yaml'),
    `name: a kite shop\nuse: Kites.\nmisuse: The rest.\ntopics: [{ name: kites, examples: [Which kite?] }]\nsystemPrompts: [Kites.]\n`,
  )
  const engine = 'engine: { url: "http://127.0.0.1:9/v1", model: m }'
  writeFileSync(
    join(cwd, 'judges.yaml'),
    `parapet: 1\nguards:\n  harm: { use: judge, format: llama-guard-3, ${engine} }\n`,
  )
})
afterAll(() => rmSync(cwd, { recursive: true }))

async function develop(...args: readonly string[]): Promise<readonly [code: number, errors: string]> {
  const io = createScriptedIo({ cwd })
  const code = await runProgram(['develop', ...args, '--quiet'], io, createRuntime())
  return [code, io.errors()]
}

test.each([
  [['none.yaml', '--out', 'a'], 'cannot be read'],
  [['broken.yaml', '--out', 'a'], 'is not YAML'],
  [['few.yaml', '--out', 'a'], 'at least 5 are needed'],
  [['kite.yaml'], '--out'],
  [['kite.yaml', '--out', 'a', '--threshold', '0.7'], 'from 0.4 to 0.6'],
  [['kite.yaml', '--out', 'a', '--engine', 'judges.yaml'], 'POLICY.yaml#NAME'],
  [['kite.yaml', '--out', 'a', '--engine', 'judges.yaml#harm'], 'format: off-topic'],
  [['kite.yaml', '--out', 'a', '--start', 'none.bin'], 'cannot be read'],
] as const)(
  '%j is refused',
  async (args, message) => {
    const [code, errors] = await develop(...args)
    expect([code, errors]).toEqual([2, expect.stringContaining(message)])
    if (message.includes('YAML')) expect(existsSync(join(cwd, 'a'))).toBe(false)
  },
  60_000,
)

test('a folder with other files is left alone', async () => {
  mkdirSync(join(cwd, 'mine'))
  writeFileSync(join(cwd, 'mine', 'notes.txt'), 'mine')
  const [code, errors] = await develop('kite.yaml', '--out', 'mine')
  expect([code, errors]).toEqual([2, expect.stringContaining('is not empty and not of develop')])
  expect(readdirSync(join(cwd, 'mine'))).toEqual(['notes.txt'])
}, 60_000)
