/** The `conversation` family of a policy: its options, and how they become a guard over the embedded classifier. */
import { z } from 'zod'
import { createConversationGuard } from '../guards/conversation/index.ts'
import type { ClassifierEngine, Guard } from '../spec/index.ts'

const positive = z.int('Write a whole number above 0.').positive('Write a whole number above 0.').exactOptional()

export const conversationOptions = z.strictObject({
  stages: z
    .array(z.enum(['input', 'retrieval', 'tool_result']))
    .nonempty()
    .exactOptional(),
  window: positive,
  maxShots: positive,
  maxTurns: positive,
})

export function createPolicyConversation(
  id: string,
  options: z.infer<typeof conversationOptions>,
  engine: ClassifierEngine,
): Guard {
  return createConversationGuard({ id, engine, ...options })
}
