/**
 * A store as readers see it while a recorder writes to it: what was decided a moment ago is there, and what is deleted is not brought
 * back by a record that was still on its way.
 */
import { ParapetError } from '../spec/errors.ts'
import type { DecisionStore, Recorder } from '../spec/store.ts'

/** Reading and deleting through both. `close` closes the store only. */
export function createRecordedStore(store: DecisionStore, recorder: Recorder): DecisionStore {
  const arrived = async (id: string): Promise<void> => {
    // A store that cannot be written to will say so itself when it is read.
    if (recorder.waiting(id)) await recorder.flush().catch(() => undefined)
  }
  return {
    specVersion: 'v1',
    name: store.name,
    write: (records) => store.write(records),
    list: (query, options) => store.list(query, options),
    async get(id) {
      await arrived(id)
      return store.get(id)
    },
    async review(id, review) {
      await arrived(id)
      return store.review(id, review)
    },
    async addFeedback(id, feedback) {
      await arrived(id)
      return store.addFeedback(id, feedback)
    },
    ...(store.addCritiques === undefined
      ? {}
      : {
          async addCritiques(id, critiques) {
            await arrived(id)
            return (await store.addCritiques?.(id, critiques)) ?? false
          },
        }),
    async deleteUser(user) {
      await recorder.flush()
      if (recorder.counts.spillBytes > 0) {
        throw new ParapetError(
          'record_unavailable',
          'Records still wait in the spill file and would come back after the deletion. Try again when the store has taken them.',
        )
      }
      return store.deleteUser(user)
    },
    deleteExpired: (now) => store.deleteExpired(now),
    ping: () => store.ping(),
    close: () => store.close(),
  }
}
