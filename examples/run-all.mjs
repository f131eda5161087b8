// Runs every example; each checks its own result and ends with another code than 0 when it is wrong.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('.', import.meta.url))
const examples = readdirSync(folder)
  .filter((name) => name.endsWith('.mjs') && name !== 'run-all.mjs')
  .toSorted()
if (examples.length === 0) throw new Error('no examples found')

let failed = 0
for (const name of examples) {
  console.log(`── ${name}`)
  const { status } = spawnSync(process.execPath, [`${folder}${name}`], { cwd: `${folder}..`, stdio: 'inherit' })
  if (status !== 0) failed += 1
}
console.log(`${examples.length - failed} of ${examples.length} examples passed`)
process.exit(failed === 0 ? 0 : 1)
