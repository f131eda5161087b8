/** Takes the lock on a folder, says so, and keeps it until it is killed or told to let go. */
import { lockFolder } from '../../../src/store/index.ts'

const [, , folder = ''] = process.argv
try {
  const lock = await lockFolder(folder)
  process.stdout.write(`held ${process.pid}\n`)
  process.stdin.once('data', () => void lock.release().then(() => process.exit(0)))
} catch (cause) {
  process.stdout.write(`refused ${cause instanceof Error ? cause.message : ''}\n`)
  process.exit(0)
}
