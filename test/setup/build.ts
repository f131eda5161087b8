/** Builds once when the command is not there yet: the end-to-end tests run what users run. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

export function setup(): void {
  if (existsSync(`${root}/dist/cli/main.js`) && existsSync(`${root}/dist/console/index.html`)) return
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' })
}
