// Writes THIRD_PARTY_NOTICES from the packages a user installs with Parapet, licence texts included; `--check` only compares.
// Development dependencies are not listed, but for what is bundled into the page: only those are distributed.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const target = join(root, 'THIRD_PARTY_NOTICES')
const allowed = new Set([
  'MIT',
  '(MIT OR CC0-1.0)',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'Python-2.0',
  'MIT OR WTFPL',
])

const listing = execFileSync('npm', ['ls', '--omit=dev', '--all', '--parseable'], {
  cwd: root,
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'ignore'],
})
const bundled = ['preact', '@preact/signals', '@preact/signals-core'].map((name) => join(root, 'node_modules', name))
const folders = [...new Set([...listing.trim().split('\n'), ...bundled])]
  .filter((folder) => relative(root, folder).startsWith('node_modules'))
  .sort()
if (folders.length < 10) fail(`only ${folders.length} packages found: run npm ci first`)

const sections = folders.map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  if (!allowed.has(license))
    fail(`${name}@${version} has licence ${license}: look at it, then add it to the list or drop the package`)
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry))
  const text =
    file === undefined
      ? `(licence ${license}; the package ships no licence file)`
      : readFileSync(join(folder, file), 'utf8').trim()
  return `${'='.repeat(80)}\n${name} ${version} (${license})\n${'='.repeat(80)}\n\n${text.replaceAll('\r\n', '\n')}\n`
})
const notices = `Parapet is distributed under the Apache License 2.0 (LICENSE). It installs these packages:\n\n${sections.join('\n')}`

if (process.argv.includes('--check')) {
  if (!existsSync(target) || readFileSync(target, 'utf8') !== notices)
    fail('THIRD_PARTY_NOTICES is out of date: run npm run notices')
  process.stdout.write(`THIRD_PARTY_NOTICES lists ${folders.length} packages\n`)
} else {
  writeFileSync(target, notices)
  process.stdout.write(`wrote THIRD_PARTY_NOTICES: ${folders.length} packages\n`)
}

function fail(message) {
  process.stderr.write(`third-party-notices: ${message}\n`)
  process.exit(1)
}
