/** `parapet screen-worker`: judges rows that screens on other machines put into a queue. Ctrl-C ends it after the rows at hand. */
import { resolve } from 'node:path'
import { runScreenWorker } from '../lab/screen/index.ts'
import { EXIT_OK } from './exit.ts'
import type { CliIo } from './io.ts'
import { runLabJob } from './lab-run.ts'
import type { Runtime } from './runtime.ts'
import { openQueue } from './screen-queue.ts'

/** Exit code 0, also when stopped: nothing is lost by it. */
export async function runScreenWorkerCommand(
  io: CliIo,
  runtime: Runtime,
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const queue = await openQueue(io, String(options['queue']))
  const guards = Array.isArray(options['guard']) ? options['guard'].map((name) => resolve(io.cwd, String(name))) : []
  try {
    await runLabJob(io, { quiet: options['quiet'] === true, whenStopped: 'stopped' }, async (context) => {
      const { rows } = await runScreenWorker({
        ...{ queue, version: runtime.version, guards, ...context },
        ...(typeof options['idle'] === 'number' ? { idle: options['idle'] } : {}),
      })
      return [`${rows} rows judged`]
    })
    return EXIT_OK
  } finally {
    await queue.close()
  }
}
