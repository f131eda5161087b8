/**
 * The `judge` family of a policy: its options, the settings of its engine, and how both become a guard. An API key is named by its
 * variable and never stands in a policy, which is hashed, shown and kept.
 */
import { z } from 'zod'
import { ParapetError } from '../spec/index.ts'
import type { Clock, CompletionEngine, Guard } from '../spec/index.ts'
import { createReliableEngine } from '../engines/calls/index.ts'
import { createOpenAiCompatibleEngine } from '../engines/openai-compatible/index.ts'
import { JUDGE_FORMATS, createJudgeGuard, formatOf } from '../guards/judge/index.ts'
import type { CascadeParts } from './cascade.ts'
import { bandOptions, createPolicyCascade } from './cascade.ts'
import { parseDuration } from './policy-schema.ts'

const DURATION = 'Write a duration such as 500ms, 2s or 10m.'
const duration = z
  .union([z.number(), z.string()], DURATION)
  .transform((value, context) => {
    const ms = parseDuration(value)
    if (ms !== null) return ms
    context.addIssue({ code: 'custom', message: DURATION })
    return z.NEVER
  })
  .exactOptional()
const positive = z.int().positive().exactOptional()
const amount = z.number().positive().exactOptional()
const price = z.number().min(0)

/** A model behind an OpenAI-compatible server, with what makes it reliable. */
const engine = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: 'Write the base URL, for example http://127.0.0.1:8000/v1.' }),
  model: z.string().min(1),
  keyEnv: z
    .string()
    .regex(/^[A-Za-z_]\w*$/, 'Write the name of the environment variable that holds the key.')
    .exactOptional(),
  dialect: z.enum(['openai', 'vllm', 'llama.cpp', 'ollama']).exactOptional(),
  api: z.enum(['chat', 'completions', 'auto']).exactOptional(),
  schemaField: z
    .enum(['response_format', 'structured_outputs', 'guided_json', 'json_schema', 'format', 'none'])
    .exactOptional(),
  logprobs: z.enum(['wanted', 'required', 'off']).exactOptional(),
  context: positive,
  extra: z.record(z.string(), z.unknown()).exactOptional(),
  timeout: duration,
  retries: z.int().min(0).exactOptional(),
  concurrency: positive,
  queue: z.int().min(0).exactOptional(),
  budget: z
    .strictObject({
      tokens: positive,
      money: amount,
      prices: z.strictObject({ prompt: price, completion: price, cached: price.exactOptional() }).exactOptional(),
      time: duration,
      window: duration,
    })
    .exactOptional(),
})

export type JudgeEngineSettings = z.infer<typeof engine>

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
  engine,
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
  readonly completion: (settings: JudgeEngineSettings) => CompletionEngine
}

export function createPolicyJudge(
  id: string,
  { engine: settings, band, ...options }: z.infer<typeof judgeOptions>,
  parts: JudgeParts,
): Guard | Promise<Guard> {
  const judge = createJudgeGuard({ id, engine: parts.completion(settings), ...options })
  if (band === undefined) return judge
  const { tasks = formatOf(options).tasks, timeout, stream } = options
  return createPolicyCascade({ judge, tasks, timeout, streamed: stream === 'windows', band }, parts)
}

/**
 * Engines by their settings: judges that name the same one share its connections, limits and budget, also when the policy is read anew.
 */
export function createJudgeEngines(
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock,
): (settings: JudgeEngineSettings) => CompletionEngine {
  const made = new Map<string, CompletionEngine>()
  return (settings) => {
    const key = JSON.stringify(settings)
    const known = made.get(key)
    if (known !== undefined) return known
    const { keyEnv, retries, concurrency, queue, budget, ...server } = settings
    const apiKey = keyEnv === undefined ? undefined : env[keyEnv]
    if (keyEnv !== undefined && (apiKey === undefined || apiKey === ''))
      throw new ParapetError(
        'configuration',
        `The key of the judge's model is in no variable: set ${keyEnv}, or remove keyEnv.`,
      )
    const remote = createOpenAiCompatibleEngine({ ...server, ...(apiKey === undefined ? {} : { apiKey }) })
    const limits = { retries, concurrency, queue, budget }
    const given = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined))
    const engine = createReliableEngine(remote, { ...given, clock })
    made.set(key, engine)
    return engine
  }
}
