/** The queue that processes on several machines share, by the URL of a PostgreSQL server. */
import type { TaskQueue } from '../spec/task-queue.ts'
import { openPostgresDatabase, openTaskQueue } from '../store/index.ts'

/** Milliseconds for a statement: one may carry 64 MB. */
const STATEMENT = 60_000

/** Rejects with `configuration` when the URL is none or is refused, `record_unavailable` when nothing answers. */
export async function openSharedQueue(url: string): Promise<TaskQueue> {
  return openTaskQueue(await openPostgresDatabase({ url, timeout: STATEMENT }))
}
