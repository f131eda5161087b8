/** What the service filters uploads by. A guard that fails throws: its failure is never a pass. */
import type { WorldMessage } from '../../world/types.ts'

export interface ModerationGuard {
  readonly name: string
  /** Whether each conversation, just as it would be trained on, is to be dropped. */
  flags(conversations: readonly (readonly WorldMessage[])[]): Promise<readonly boolean[]>
}
