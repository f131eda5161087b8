// Checks the package as it would be published: size, that nothing but promised files is in it, every model of the manifest with its hash,
// publint, licences.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const LIMIT = 25 * 1024 * 1024
const run = (command, parameters) =>
  execFileSync(command, parameters, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })

const [packed] = JSON.parse(run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts']))
const stray = packed.files
  .map(({ path }) => path)
  .filter(
    (path) =>
      !/^(dist|models)\/|^(LICENSE|LICENSE-WEIGHTS|THIRD_PARTY_NOTICES|README\.md|CHANGELOG\.md|package\.json)$/.test(
        path,
      ),
  )
if (packed.files.length < 50) fail(`only ${packed.files.length} files: run npm run build first`)
if (stray.length > 0) fail(`files that do not belong in the package: ${stray.join(', ')}`)
if (packed.size > LIMIT) fail(`packed size ${packed.size} is above ${LIMIT}`)
const { models } = JSON.parse(readFileSync(join(root, 'models/manifest.json'), 'utf8'))
for (const needed of [
  'dist/cli/main.js',
  'dist/compose/index.js',
  'dist/compose/index.d.ts',
  'dist/console/index.html',
  'models/manifest.json',
  'models/MODEL_CARD.md',
  ...Object.keys(models).map((name) => `models/${name}`),
  'LICENSE',
  'LICENSE-WEIGHTS',
  'THIRD_PARTY_NOTICES',
]) {
  if (!packed.files.some(({ path }) => path === needed)) fail(`${needed} is missing`)
}
for (const [name, { sha256 }] of Object.entries(models)) {
  const found = createHash('sha256')
    .update(readFileSync(join(root, 'models', name)))
    .digest('hex')
  if (found !== sha256) fail(`models/${name} is not the file that models/manifest.json names`)
}
for (const { path } of packed.files)
  if (/^models\/.+\.bin$/.test(path) && models[path.slice('models/'.length)] === undefined)
    fail(`${path} has no entry in models/manifest.json`)
process.stdout.write(
  `package: ${packed.files.length} files, ${(packed.size / 1024 / 1024).toFixed(2)} MB packed, ${(packed.unpackedSize / 1024 / 1024).toFixed(2)} MB unpacked\n`,
)
process.stdout.write(run('npx', ['--no-install', 'publint', '--strict', '--pack', 'npm']))
process.stdout.write(run(process.execPath, ['scripts/third-party-notices.mjs', '--check']))
process.stdout.write(run(process.execPath, ['scripts/license-weights.mjs', '--check']))

function fail(message) {
  process.stderr.write(`check-package: ${message}\n`)
  process.exit(1)
}
