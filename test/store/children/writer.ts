/**
 * Writes decisions through a recorder into the embedded database of a folder, as fast as they are acknowledged, and prints the id of
 * each that is. Every tenth is only opened. Says now and then what has been spilled.
 */
import { join } from 'node:path'
import { systemClock } from '../../../src/compose/clock.ts'
import {
  createDecisionStore,
  createRecorder,
  lockFolder,
  openEmbeddedDatabase,
  openSpillFile,
} from '../../../src/store/index.ts'
import { aDraft, aResult } from '../records.ts'

const [, , folder = '', prefix = 'dec', mode = 'sync', size = '0'] = process.argv
const AT_ONCE = 32
/** So many make a record about 60 bytes larger each. */
const spans = Array.from({ length: Number(size) }, (_, index) => {
  return { start: index, end: index + 1, label: 'pii.email', field: 'prompt', score: 1 } as const
})
const policy = { mode: mode === 'async' ? 'async' : 'sync' } as const

await lockFolder(folder)
const store = createDecisionStore(await openEmbeddedDatabase(join(folder, 'database')))
await store.ping()
const recorder = createRecorder({
  store,
  clock: systemClock,
  spillFile: await openSpillFile({ folder: join(folder, 'spill') }),
})
process.stdout.write('ready\n')
let next = 0

async function write(): Promise<void> {
  for (;;) {
    const number = next++
    const id = `${prefix}_${number}`
    const state = number % 10 === 0 ? 'open' : 'final'
    recorder.record(aDraft(id, policy, { state, result: aResult(id, { spans }) }))
    try {
      await recorder.settled(id)
    } catch {
      process.stdout.write(`refused ${id}\n`)
      await new Promise((resolve) => setTimeout(resolve, 20))
      continue
    }
    // Under `async` a record counts as acknowledged once it can be read.
    if (policy.mode === 'async' && (await store.get(id)) === null) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      if ((await store.get(id)) === null) continue
    }
    process.stdout.write(`${state} ${id}\n`)
  }
}

setInterval(() => {
  const { spilled, spillBytes } = recorder.counts
  process.stdout.write(`counts ${JSON.stringify({ spilled, spillBytes })}\n`)
}, 100)
await Promise.all(Array.from({ length: AT_ONCE }, write))
