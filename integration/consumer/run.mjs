// Installs the packed package in a fresh project, as a user would, and uses it: library, command line, types.
// Run by CI after the build: node integration/consumer/run.mjs
import { execFileSync } from 'node:child_process'
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
