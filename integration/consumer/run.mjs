// Installs the packed package in a fresh project, as a user would, and uses it: library, command line, types.
// Run by CI after the build: node integration/consumer/run.mjs
import { execFileSync, spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))
const LARGEST = 25 * 1024 * 1024

const work = mkdtempSync(join(tmpdir(), 'parapet-consumer-'))
const project = join(work, 'project')

function run(command, args, cwd = project) {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
}

// The gateway from the package: its page, a judged request, and that request in the embedded store.
async function serve() {
  const gateway = spawn('npx', ['--no-install', 'parapet', 'serve', '--port', '0'], { cwd: project, detached: true })
  try {
    const url = await new Promise((resolve, reject) => {
      let text = ''
      gateway.stdout.on('data', (bytes) => {
        text += bytes
        const [, found] = /listening on (\S+)\n/.exec(text) ?? []
        if (found !== undefined) resolve(found)
      })
      gateway.once('exit', (code) => reject(new Error(`parapet serve ended with ${code}`)))
    })
    const page = await fetch(`${url}/`)
    if (!page.ok || !page.headers.get('content-security-policy')) throw new Error('the page is not served')
    const judged = await fetch(`${url}/v1/guard`, { method: 'POST', body: JSON.stringify({ prompt: 'hello' }) })
    const { decision_id: id } = await judged.json()
    for (let turn = 0; ; turn += 1) {
      const kept = await fetch(`${url}/v1/decisions/${id}`)
      if (kept.ok) break
      if (turn > 200) throw new Error('the decision was not recorded')
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    step('gateway: page, decision, record')
  } finally {
    process.kill(-gateway.pid, 'SIGKILL')
  }
}

function step(text) {
  console.log(`consumer: ${text}`)
}

try {
  run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', work], root)
  const [tarball] = readdirSync(work).filter((name) => name.endsWith('.tgz'))
  if (tarball === undefined) throw new Error('npm pack made no tarball')
  const { size } = statSync(join(work, tarball))
  if (size > LARGEST) throw new Error(`the packed package has ${size} bytes, more than ${LARGEST}`)
  step(`packed ${tarball}, ${(size / 1024 / 1024).toFixed(2)} MB`)

  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--silent', join(work, tarball)])
  if (!existsSync(join(project, 'node_modules/parapet/package.json'))) throw new Error('the package was not installed')
  step(`installed ${readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.')).length} folders`)

  for (const file of ['use-library.mjs', 'types.ts']) copyFileSync(join(here, file), join(project, file))
  step(`library: ${run(process.execPath, ['use-library.mjs']).trim()}`)

  const version = run('npx', ['--no-install', 'parapet', '--version']).trim()
  const row = JSON.parse(run('npx', ['--no-install', 'parapet', 'check', 'Write to jane.doe@example.org']))
  if (row.decision !== 'modify') throw new Error(`parapet check decided ${row.decision} instead of modify`)
  run('npx', ['--no-install', 'parapet', 'init'])
  run('npx', ['--no-install', 'parapet', 'policy', 'check'])
  step(`command line: ${version}, check, init, policy check`)

  await serve()

  // Whoever uses `parapet/telemetry` has its peer.
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--silent', '@opentelemetry/api'])
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  for (const [module, resolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ]) {
    const options = [
      '--noEmit',
      '--strict',
      '--exactOptionalPropertyTypes',
      '--skipLibCheck',
      'false',
      '--target',
      'es2022',
    ]
    const lib = ['--lib', 'es2023,dom,dom.iterable,dom.asynciterable', '--types', '']
    run(process.execPath, [tsc, ...options, ...lib, '--module', module, '--moduleResolution', resolution, 'types.ts'])
    step(`types: ${resolution}`)
  }
  step('all good')
} finally {
  rmSync(work, { recursive: true, force: true })
}
