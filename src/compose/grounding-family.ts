/** The `grounding` and `chunks` families of a policy: their options, and how they become guards. */
import { z } from 'zod'
import { createChunkGuard, createGroundingGuard } from '../guards/grounding/index.ts'
import type { ClassifierEngine, CompletionEngine, Guard } from '../spec/index.ts'
import type { JudgeEngineSettings } from './judge-engine.ts'
import { engineAt, judgeEngine } from './judge-engine.ts'

const action = z.enum(['pass', 'flag', 'modify', 'retry', 'refuse', 'hold', 'block']).exactOptional()
const BETWEEN = 'Write a number between 0 and 1.'
const threshold = z.number(BETWEEN).gt(0, BETWEEN).lt(1, BETWEEN).exactOptional()

export const groundingOptions = z.strictObject({
  threshold,
  minSupported: z.number(BETWEEN).min(0, BETWEEN).max(1, BETWEEN).exactOptional(),
  action,
  citations: z.enum(['check', 'require', 'off']).exactOptional(),
  sources: z
    .array(z.enum(['system', 'developer', 'user', 'assistant', 'tool']))
    .nonempty()
    .exactOptional(),
  required: z.boolean().exactOptional(),
  judge: judgeEngine.exactOptional(),
})

export function createPolicyGrounding(
  id: string,
  { judge, ...options }: z.infer<typeof groundingOptions>,
  engineFor: (settings: JudgeEngineSettings) => CompletionEngine,
): Guard {
  return createGroundingGuard({
    id,
    ...options,
    ...(judge === undefined ? {} : { judge: engineAt(`guards.${id}.judge`, judge, () => engineFor(judge)) }),
  })
}

export const chunkOptions = z.strictObject({
  stages: z
    .array(z.enum(['input', 'retrieval', 'tool_result']))
    .nonempty()
    .exactOptional(),
  threshold,
  remove: z.enum(['mask', 'drop']).exactOptional(),
  action,
})

export function createPolicyChunks(id: string, options: z.infer<typeof chunkOptions>, engine: ClassifierEngine): Guard {
  return createChunkGuard({ id, engine, ...options })
}
