// Checks the package as it would be published: size, that nothing but promised files is in it, publint, licences.
import { execFileSync } from 'node:child_process'
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
for (const needed of [
  'dist/cli/main.js',
  'dist/compose/index.js',
  'dist/compose/index.d.ts',
  'dist/console/index.html',
  'models/training-hashes.bin',
  'LICENSE',
  'LICENSE-WEIGHTS',
  'THIRD_PARTY_NOTICES',
]) {
  if (!packed.files.some(({ path }) => path === needed)) fail(`${needed} is missing`)
}
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
