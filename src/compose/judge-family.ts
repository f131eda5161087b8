/** The `judge` family of a policy: its options, and how they become a guard. Its engine is `judge-engine.ts`. */
import { z } from 'zod'
import type { Guard } from '../spec/index.ts'
import { JUDGE_FORMATS, createJudgeGuard, formatOf } from '../guards/judge/index.ts'
import type { CascadeParts } from './cascade.ts'
import { bandOptions, createPolicyCascade } from './cascade.ts'
import type { JudgeEngines } from './judge-engine.ts'
import { duration, engineAt, judgeEngine } from './judge-engine.ts'

const positive = z.int().positive().exactOptional()

const clause = z.strictObject({
  id: z.string().min(1),
  title: z.string().min(1),
  text: z.string().exactOptional(),
  hazards: z.array(z.string()).exactOptional(),
  examples: z
    .strictObject({
      violating: z.array(z.string()).exactOptional(),
      allowed: z.array(z.string()).exactOptional(),
    })
    .exactOptional(),
})

export const judgeOptions = z.strictObject({
  stages: z
    .array(z.enum(['input', 'retrieval', 'tool_call', 'tool_result', 'output']))
    .nonempty()
    .exactOptional(),
  format: z.enum(JUDGE_FORMATS),
  engine: judgeEngine,
  policy: z.array(clause).nonempty().exactOptional(),
  settings: z
    .strictObject({
      controversial: z.enum(['unsafe', 'safe']).exactOptional(),
      reasoning: z.boolean().exactOptional(),
      listLiteral: z.boolean().exactOptional(),
      critiqueQuestion: z.string().min(1).exactOptional(),
      order: z.enum(['reason_first', 'label_first']).exactOptional(),
      parser: z.enum(['strict', 'paper-compat']).exactOptional(),
      risk: z.string().min(1).exactOptional(),
      shared: z.enum(['policy_first', 'texts_first']).exactOptional(),
      parallel: z.boolean().exactOptional(),
    })
    .exactOptional(),
  tasks: z
    .array(z.enum(['prompt_harm', 'response_harm', 'refusal', 'off_topic']))
    .nonempty()
    .exactOptional(),
  threshold: z.number().gt(0).lt(1).exactOptional(),
  critique: z.enum(['never', 'when-flagged', 'lazy']).exactOptional(),
  window: positive,
  hop: positive,
  longest: positive,
  turns: z.int().min(0).exactOptional(),
  system: z.string().min(1).exactOptional(),
  stream: z.enum(['whole', 'windows']).exactOptional(),
  timeout: duration,
  band: bandOptions.exactOptional(),
})

export interface JudgeParts extends CascadeParts {
  readonly completion: JudgeEngines['completion']
}

/** @param base where paths in the options begin */
export function createPolicyJudge(
  id: string,
  { engine: settings, band, ...options }: z.infer<typeof judgeOptions>,
  parts: JudgeParts,
  base?: string,
): Guard | Promise<Guard> {
  const engine = engineAt(`guards.${id}.engine`, settings, () => parts.completion(settings, base))
  const judge = createJudgeGuard({ id, engine, ...options })
  if (band === undefined) return judge
  const { tasks = formatOf(options).tasks, timeout, stream } = options
  return createPolicyCascade({ judge, tasks, timeout, streamed: stream === 'windows', band }, parts)
}
