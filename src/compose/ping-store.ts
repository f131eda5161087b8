/** Asks a PostgreSQL server once whether decisions could be kept there. Changes nothing. */
import { createDecisionStore, openPostgresDatabase } from '../store/index.ts'

/** What it is, in words without a password. Rejects with what to do when it cannot be used. */
export async function pingStore(url: string): Promise<string> {
  const store = createDecisionStore(await openPostgresDatabase({ url }))
  try {
    await store.ping()
    return store.name
  } finally {
    await store.close()
  }
}
