/**
 * The engine of a judge in a policy: a model behind a server, or a GGUF file run in this process. An API key is named by its variable and
 * never stands in a policy, which is hashed, shown and kept. A file is looked at when the guard is made and loaded when it is asked. Files
 * are held weakly: one that an edited policy no longer names goes, with its memory, once nothing asked under the old policy needs it.
 */
import { resolve } from 'node:path'
import { z } from 'zod'
import { ParapetError, PolicyError } from '../spec/index.ts'
import type { Clock, CompletionEngine } from '../spec/index.ts'
import type { CircuitChange } from '../engines/calls/index.ts'
import { createReliableEngine } from '../engines/calls/index.ts'
import type { LlamaCppEngine } from '../engines/llama-cpp/index.ts'
import { createLlamaCppEngine } from '../engines/llama-cpp/index.ts'
import { createOpenAiCompatibleEngine } from '../engines/openai-compatible/index.ts'
import { parseDuration } from './policy-schema.ts'

const DURATION = 'Write a duration such as 500ms, 2s or 10m.'
export const duration = z
  .union([z.number(), z.string()], DURATION)
  .transform((value, context) => {
    const ms = parseDuration(value)
    if (ms !== null) return ms
    context.addIssue({ code: 'custom', message: DURATION })
    return z.NEVER
  })
  .exactOptional()
const positive = z.int().positive().exactOptional()
const waiting = z.int().min(0).exactOptional()
const amount = z.number().positive().exactOptional()
const price = z.number().min(0)

const budget = z
  .strictObject({
    tokens: positive,
    money: amount,
    prices: z.strictObject({ prompt: price, completion: price, cached: price.exactOptional() }).exactOptional(),
    time: duration,
    window: duration,
  })
  .exactOptional()

/** When a server that is down is left alone; false for never. */
const circuit = z
  .union(
    [
      z.literal(false),
      z.strictObject({ failures: positive, cooldown: duration, longestCooldown: duration, slow: duration }),
    ],
    'Write false, or failures, cooldown, longestCooldown and slow.',
  )
  .exactOptional()

/** A model behind an OpenAI-compatible server, with what makes it reliable. */
const server = z.strictObject({
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
  retries: waiting,
  concurrency: positive,
  queue: waiting,
  budget,
  circuit,
})

/** A model in a file, run here by llama.cpp. */
const file = z.strictObject({
  gguf: z.string().min(1),
  context: positive,
  threads: positive,
  sequences: positive,
  queue: waiting,
  block: positive,
  gpu: z.boolean().exactOptional(),
  chatTemplate: z.string().min(1).exactOptional(),
  templateOptions: z.record(z.string(), z.unknown()).exactOptional(),
  budget,
})

type ServerSettings = z.infer<typeof server>
type FileSettings = z.infer<typeof file>
export type JudgeEngineSettings = ServerSettings | FileSettings

/** One of both, told apart by `gguf`, so that a mistake names the key it is about. */
export const judgeEngine = z.unknown().transform((value, context): JudgeEngineSettings => {
  const names = typeof value === 'object' && value !== null && 'gguf' in value
  const parsed = (names ? file : server).safeParse(value)
  if (parsed.success) return parsed.data
  context.issues.push(...(parsed.error.issues as typeof context.issues))
  return z.NEVER
})

export interface JudgeEngines {
  /**
   * The same engine for the same settings: its connections, limits and budget are shared, also when the policy is read anew. That of
   * a file is the same for as long as somebody holds it.
   * @param base where the path of a file begins; default the process's folder
   */
  completion(settings: JudgeEngineSettings, base?: string): CompletionEngine
  /** Frees the models that were loaded. No file is opened afterwards. */
  close(): Promise<void>
}

/** @param warn told when a server is left alone, and when it is back */
export function createJudgeEngines(
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock,
  warn: (message: string) => void = () => undefined,
): JudgeEngines {
  const servers = new Map<string, CompletionEngine>()
  const files = new WeakValues<CompletionEngine>()
  const models = new WeakValues<LlamaCppEngine>()
  let closed = false
  return {
    completion(settings, base = '.') {
      if ('gguf' in settings) {
        if (closed) throw new ParapetError('engine_unavailable', 'The models were closed. Create a new Parapet.')
        const file = { ...settings, gguf: resolve(base, settings.gguf) }
        return files.get(JSON.stringify(file), () => fileEngine(file, models, clock))
      }
      const key = JSON.stringify(settings)
      const engine = servers.get(key) ?? serverEngine(settings, env, { clock, warn })
      servers.set(key, engine)
      return engine
    },
    async close() {
      closed = true
      await Promise.all(models.alive().map((model) => model.dispose()))
    },
  }
}

/**
 * Makes an engine that stands at a key of a policy.
 *
 * @throws PolicyError that names the key, where a file is no model
 */
export function engineAt(key: string, settings: JudgeEngineSettings, make: () => CompletionEngine): CompletionEngine {
  try {
    return make()
  } catch (cause) {
    const mistakes = ['configuration', 'engine_unavailable']
    if (!('gguf' in settings) || !ParapetError.isInstance(cause) || !mistakes.includes(cause.code)) throw cause
    const remedy = 'Paths begin at the folder of the policy; see docs/guides/judges.md.'
    throw new PolicyError([{ key, message: cause.message.replace(/\.$/, ''), remedy }])
  }
}

/** Values that others keep alive. */
class WeakValues<Value extends object> {
  readonly #values = new Map<string, WeakRef<Value>>()

  get(key: string, make: () => Value): Value {
    const known = this.#values.get(key)?.deref()
    if (known !== undefined) return known
    const value = make()
    this.#values.set(key, new WeakRef(value))
    return value
  }

  alive(): readonly Value[] {
    return [...this.#values.values()].flatMap((value) => value.deref() ?? [])
  }
}

function serverEngine(
  settings: ServerSettings,
  env: Readonly<Record<string, string | undefined>>,
  { clock, warn }: { readonly clock: Clock; readonly warn: (message: string) => void },
): CompletionEngine {
  const { keyEnv, retries, concurrency, queue, budget: spending, circuit: breaker = {}, ...rest } = settings
  const apiKey = keyEnv === undefined ? undefined : env[keyEnv]
  if (keyEnv !== undefined && (apiKey === undefined || apiKey === ''))
    throw new ParapetError(
      'configuration',
      `The key of the judge's model is in no variable: set ${keyEnv}, or remove keyEnv.`,
    )
  const remote = createOpenAiCompatibleEngine({ ...rest, ...(apiKey === undefined ? {} : { apiKey }) })
  const limits = present({ retries, concurrency, queue, budget: spending })
  const onChange = (change: CircuitChange): void => warn(inWords(change))
  return createReliableEngine(remote, { ...limits, circuit: breaker && { ...breaker, onChange }, clock })
}

function inWords({ engine, state, reason, wait }: CircuitChange): string {
  if (state === 'closed') return `The model ${engine} answers again.`
  if (state === 'half-open') return `The model ${engine} is tried again.`
  return `The model ${engine} is not asked for ${Math.ceil(wait / 1000)} s, since it failed time and again (${reason}). See whether its server runs.`
}

/** Judges that differ in their budgets alone share the model all the same. */
function fileEngine(
  { budget: spending, context, ...settings }: FileSettings,
  models: WeakValues<LlamaCppEngine>,
  clock: Clock,
): CompletionEngine {
  const { sequences = 1, queue = 64 } = settings
  const key = JSON.stringify([context ?? null, settings])
  const model = models.get(key, () => createLlamaCppEngine({ ...settings, ...present({ contextSize: context }) }))
  // The model has a line of its own, which knows whose prompt is cheapest; what fails in this process would fail again.
  const limits = { concurrency: sequences + queue, queue: 0, retries: 0, circuit: false } as const
  return createReliableEngine(model, { ...limits, ...present({ budget: spending }), clock })
}

/** Without the entries that are undefined. */
function present<Options extends Readonly<Record<string, unknown>>>(
  options: Options,
): { readonly [Key in keyof Options]?: Exclude<Options[Key], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    readonly [Key in keyof Options]?: Exclude<Options[Key], undefined>
  }
}
