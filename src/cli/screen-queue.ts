/** The queue of `parapet screen --queue` and `parapet screen-worker`, from what stands on the command line. */
import type { TaskQueue } from '../spec/task-queue.ts'
import { usageError } from './exit.ts'
import type { CliIo } from './io.ts'

const VARIABLE = /^[A-Za-z_]\w*$/

/** A URL can hold a password, which a command line shows to everybody on the machine: so it may stand in a variable. */
export async function openQueue(io: CliIo, given: string): Promise<TaskQueue> {
  const url = VARIABLE.test(given) ? io.env[given] : given
  if (url === undefined || !/^postgres(?:ql)?:\/\//.test(url))
    throw usageError(
      '--queue must be a URL that begins with postgres://, or the name of a variable that holds one. Workers must reach the same database.',
    )
  const { openSharedQueue } = await import('../compose/task-queue.ts')
  return openSharedQueue(url)
}
