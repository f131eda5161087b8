// Runs the engine over the AI SDK against the real providers of OpenAI, Anthropic and OpenAI-compatible servers, on the built package and
// a local server: those of the AI SDK 5 and 6 on any Node, those of 7 on Node 22 and later. Compiles their models against its types.
//
//   npm ci --prefix integration/ai-sdk && node integration/ai-sdk/run.mjs
import { spawnSync } from 'node:child_process'
import { existsSync, symlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

globalThis.AI_SDK_LOG_WARNINGS = false
const here = fileURLToPath(new URL('.', import.meta.url))
if (!existsSync(`${here}/node_modules/parapet`)) symlinkSync('../../..', `${here}/node_modules/parapet`, 'junction')

const { checks, modelsOf } = await import('./checks.mjs')
const major = Number(process.versions.node.split('.')[0])
let passed = 0
let failed = 0
for (const version of major >= 22 ? ['v2', 'v3', 'v4'] : ['v2', 'v3'])
  for (const [kind, make] of Object.entries(await modelsOf(version)))
    for (const [name, check] of Object.entries(checks)) {
      try {
        await check(make, kind)
        passed += 1
        process.stdout.write(`ok: ${kind} ${version}: ${name}\n`)
      } catch (error) {
        failed += 1
        process.stdout.write(`NOT ok: ${kind} ${version}: ${name}\n${error.stack}\n`)
      }
    }
const compiler = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url))
const { status } = spawnSync(process.execPath, [compiler, '-p', here], { stdio: 'inherit' })
if (status === 0) passed += 1
else failed += 1
process.stdout.write(`${status === 0 ? 'ok' : 'NOT ok'}: types\n`)
process.stdout.write(`ai-sdk: ${passed} passed, ${failed} failed\n`)
process.exit(failed === 0 && passed > 0 ? 0 : 1)
