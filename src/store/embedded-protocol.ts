/** What the main thread and the thread of the embedded database say to each other. */
import type { SqlParameter, SqlRow } from './database.ts'

export type EmbeddedRequest =
  | { readonly type: 'query'; readonly id: number; readonly sql: string; readonly parameters: readonly SqlParameter[] }
  | { readonly type: 'script'; readonly id: number; readonly sql: string }
  | { readonly type: 'close' }

export type EmbeddedReply =
  | { readonly type: 'opened' }
  | { readonly type: 'rows'; readonly id: number; readonly rows: readonly SqlRow[] }
  | { readonly type: 'failed'; readonly id: number; readonly message: string; readonly sqlState: string | null }
  | { readonly type: 'closed' }
  /** The database cannot go on; the thread ends after it. */
  | { readonly type: 'broken'; readonly message: string }

/** What the thread is started with. */
export interface EmbeddedStart {
  readonly folder: string
}
