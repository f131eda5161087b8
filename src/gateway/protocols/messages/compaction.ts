/**
 * A summary that a model server made of a conversation is sealed: what it encrypted or signed along with the words is valid for
 * those words only, and it refuses others under the same seal.
 */
import type { JsonObject } from '../../../contract/index.ts'

/** The block, or piece of one, without its seal when it is a summary; call it when its words were changed. */
export function unsealed(block: JsonObject): JsonObject {
  if (block['type'] !== 'compaction' && block['type'] !== 'compaction_delta') return block
  const signature = block['signature'] === undefined ? {} : { signature: null }
  return { ...block, encrypted_content: null, ...signature }
}
