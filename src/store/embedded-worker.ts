/**
 * The thread of the embedded database: runs statements one after the other in the order in which they come.
 *
 * A statement's own failure is answered. Anything else (a panic of PostgreSQL, a full disk under its log) leaves a database in
 * memory that must not be used any more: the thread says so and ends, and opening anew recovers from the log.
 */
import type { MessagePort } from 'node:worker_threads'
import { parentPort, workerData } from 'node:worker_threads'
import type { PGlite } from '@electric-sql/pglite'
import type { SqlRow } from './database.ts'
import type { EmbeddedReply, EmbeddedRequest, EmbeddedStart } from './embedded-protocol.ts'
import { openPglite } from './embedded-settings.ts'

async function serve(port: MessagePort, { folder }: EmbeddedStart): Promise<void> {
  const say = (reply: EmbeddedReply): void => port.postMessage(reply)
  const database = await openPglite(folder).catch((cause: unknown) => {
    say({ type: 'broken', message: messageOf(cause) })
    port.close()
    return null
  })
  if (database === null) return
  say({ type: 'opened' })
  let last: Promise<void> = Promise.resolve()
  port.on('message', (request: EmbeddedRequest) => {
    last = last.then(async () => {
      if (request.type !== 'close') {
        const reply = await answer(database, request)
        say(reply)
        if (reply.type !== 'broken') return
      } else {
        await database.close().catch(() => undefined)
        say({ type: 'closed' })
      }
      port.close()
    })
  })
}

async function answer(
  database: PGlite,
  request: Exclude<EmbeddedRequest, { type: 'close' }>,
): Promise<Extract<EmbeddedReply, { type: 'rows' | 'failed' | 'broken' }>> {
  try {
    const rows =
      request.type === 'query'
        ? (await database.query<SqlRow>(request.sql, [...request.parameters])).rows
        : ((await database.exec(request.sql)).at(-1)?.rows as readonly SqlRow[] | undefined)
    return { type: 'rows', id: request.id, rows: rows ?? [] }
  } catch (cause) {
    const sqlState = stateOf(cause)
    if (sqlState === null || isFatal(cause)) return { type: 'broken', message: messageOf(cause) }
    return { type: 'failed', id: request.id, message: messageOf(cause), sqlState }
  }
}

function stateOf(cause: unknown): string | null {
  if (!(cause instanceof Error) || !('code' in cause)) return null
  return typeof cause.code === 'string' && /^[0-9A-Z]{5}$/.test(cause.code) ? cause.code : null
}

function isFatal(cause: unknown): boolean {
  return cause instanceof Error && 'severity' in cause && (cause.severity === 'FATAL' || cause.severity === 'PANIC')
}

/** Messages of PostgreSQL can quote a value; what leaves the thread does not. */
function messageOf(cause: unknown): string {
  const state = stateOf(cause)
  if (state !== null) return `PostgreSQL answered SQLSTATE ${state}`
  return cause instanceof Error ? `${cause.name}: ${cause.message.split('\n', 1)[0] ?? ''}` : 'not an error'
}

if (parentPort !== null) void serve(parentPort, workerData as EmbeddedStart)
