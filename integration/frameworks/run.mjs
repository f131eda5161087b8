// Runs the checks and examples of the agent frameworks against the built package, as a user's project would, and compiles what the
// adapters return against the frameworks' types.
//
//   node integration/frameworks/run.mjs                    everything; Mastra needs Node 22.13 or later
//   node integration/frameworks/run.mjs langchain          only the named frameworks
import { spawnSync } from 'node:child_process'
import { existsSync, symlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const FRAMEWORKS = ['openai-agents', 'langchain', 'mastra']

const named = process.argv.slice(2)
const unknown = named.filter((name) => !FRAMEWORKS.includes(name))
if (unknown.length > 0) {
  process.stderr.write(`unknown frameworks: ${unknown.join(', ')}; there are ${FRAMEWORKS.join(', ')}\n`)
  process.exit(2)
}
if (!existsSync(`${here}/node_modules/parapet`)) symlinkSync('../../..', `${here}/node_modules/parapet`, 'junction')

const { careful, everywhere, failing, late, narrow } = await import('./parapets.mjs')
let passed = 0
let failed = 0
for (const framework of named.length > 0 ? named : FRAMEWORKS) {
  const { checks } = await import(`./${framework}.mjs`)
  const example = { 'the example of the guide': () => import(`./examples/${framework}.mjs`) }
  for (const [name, check] of Object.entries({ ...checks, ...example })) {
    try {
      await check()
      passed += 1
      process.stdout.write(`ok: ${framework}: ${name}\n`)
    } catch (error) {
      failed += 1
      process.stdout.write(`NOT ok: ${framework}: ${name}\n${error.stack}\n`)
    }
  }
}
if (named.length === 0) {
  const compiler = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url))
  const { status } = spawnSync(process.execPath, [compiler, '-p', here], { stdio: 'inherit' })
  if (status === 0) passed += 1
  else failed += 1
  process.stdout.write(`${status === 0 ? 'ok' : 'NOT ok'}: types\n`)
}
for (const parapet of [careful, everywhere, failing, late, narrow]) await parapet.close()
process.stdout.write(`frameworks: ${passed} passed, ${failed} failed\n`)
// A check that was stopped midway may leave a framework's timers behind.
process.exit(failed === 0 && passed > 0 ? 0 : 1)
