/**
 * `createParapet`: a policy becomes a running pipeline with its guards, engines, stores and gateway. The only place where all
 * concrete parts meet.
 */
import { readFile } from 'node:fs/promises'
import type { StreamSource } from '../core/stream/index.ts'
import { converse } from '../core/stream/index.ts'
import type { guardParts, guardText } from '../core/stream/index.ts'
import type { Gateway, GatewayMetrics, GatewayPipeline, KeySetting, Upstream } from '../gateway/index.ts'
import { createDemoUpstream, createGateway, createGatewayMetrics, createHttpUpstream } from '../gateway/index.ts'
import { createLanguageDetector } from '../guards/limits/index.ts'
import type {
  CheckInput,
  ClassifierEngine,
  Clock,
  Guard,
  ParapetEvent,
  ParapetListener,
  Policy,
  StreamPart,
} from '../spec/index.ts'
import { ParapetError, PolicyError } from '../spec/index.ts'
import { BUILTIN_POLICY } from './builtin-policy.ts'
import { systemClock } from './clock.ts'
import { createParts, shippedDemoModel } from './engines.ts'
import { guardMixed } from './mixed-stream.ts'
import type { Generation, GenerationContext } from './generation.ts'
import { createGeneration } from './generation.ts'
import type { GuardStreamOptions, Parapet } from './parapet.ts'
import { definePolicy, loadPolicy, locateIssues, parsePolicy } from './policy-file.ts'
import { watchPolicy } from './policy-watch.ts'
import { VERSION } from './version.ts'

/** Everything that is not policy. */
export interface ParapetOptions {
  /** Guards of your own; the policy names them by their `id`. */
  readonly guards?: readonly Guard[]
  /** Replaces the embedded classifier. */
  readonly classifier?: ClassifierEngine
  /** The model server behind `fetch`. Default: the demo model. */
  readonly upstream?: { readonly url: string; readonly apiKey?: string } | Upstream
  /** API keys that `fetch` asks for. Default: none. */
  readonly keys?: readonly KeySetting[]
  /** Follow edits of the policy file. Default true when the policy is a path. */
  readonly watch?: boolean
  /** Where what outlives the process is kept. Default: nowhere. */
  readonly dataDir?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly clock?: Clock
}

/**
 * Creates a Parapet.
 * @param policy a policy, or the path of a policy file; without it the built-in policy
 * @throws PolicyError, or ParapetError when an engine or a key is missing
 */
export async function createParapet(policy?: Policy | string, options: ParapetOptions = {}): Promise<Parapet> {
  const running = new RunningParapet(options)
  await running.start(policy)
  return running
}

class RunningParapet implements Parapet {
  readonly #options: ParapetOptions
  readonly #listeners = new Set<ParapetListener>()
  readonly #parts: ReturnType<typeof createParts>
  readonly #metrics: GatewayMetrics = createGatewayMetrics()
  #context: GenerationContext | null = null
  #generation: Generation | null = null
  #gateway: Promise<{ readonly gateway: Gateway; readonly upstream: Upstream & { close?(): void } }> | null = null
  #watch: { close(): void } | null = null
  #closed: Promise<void> | null = null

  constructor(options: ParapetOptions) {
    this.#options = options
    const { env = process.env, classifier, dataDir } = options
    this.#parts = createParts({
      env,
      ...(classifier === undefined ? {} : { classifier }),
      ...(dataDir === undefined ? {} : { dataDir }),
    })
    this.#listeners.add(this.#metrics.listener)
  }

  async start(policy: Policy | string | undefined): Promise<void> {
    this.#context = {
      clock: this.#options.clock ?? systemClock,
      language: await createLanguageDetector(),
      listener: (event) => this.#tell(event),
      parts: this.#parts,
      own: new Map((this.#options.guards ?? []).map((guard) => [guard.id, guard])),
    }
    if (typeof policy !== 'string') {
      this.#generation = await createGeneration(
        policy === undefined ? BUILTIN_POLICY : definePolicy(policy),
        this.#context,
      )
      return
    }
    await loadPolicy(policy)
    const text = await readFile(policy, 'utf8')
    this.#generation = await this.#fromText(text, policy, this.#context)
    if (this.#options.watch === false) return
    this.#watch = watchPolicy(policy, text, {
      onContent: (content) => this.#swap(content, policy),
      onRejected: (cause) => this.#reject(cause),
    })
  }

  async #fromText(text: string, file: string, context: GenerationContext): Promise<Generation> {
    const policy = parsePolicy(text, file, this.#options.env)
    try {
      return await createGeneration(policy, context)
    } catch (cause) {
      throw cause instanceof PolicyError ? new PolicyError(locateIssues(cause.issues, text, file)) : cause
    }
  }

  async #swap(text: string, file: string): Promise<void> {
    if (this.#context === null) return
    const next = await this.#fromText(text, file, this.#context)
    const previous = this.#generation?.version ?? null
    if (this.#closed !== null) return
    this.#generation = next
    this.#tell({ type: 'policy-changed', version: next.version, previous })
  }

  #reject(cause: unknown): void {
    const message = ParapetError.isInstance(cause) ? cause.message : 'The edited policy could not be used.'
    this.#tell({ type: 'policy-rejected', message, kept: this.policyVersion })
  }

  #tell(event: ParapetEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  get #current(): Generation {
    if (this.#generation === null) throw new ParapetError('internal', 'The pipeline was used before it was ready.')
    return this.#generation
  }

  get policyVersion(): string {
    return this.#current.version
  }

  check: Parapet['check'] = async (input, options) => {
    const row: CheckInput = typeof input === 'string' ? { prompt: input } : input
    return this.#current.judge.check(row, options)
  }

  guardStream(
    source: AsyncIterable<string> | ReadableStream<string>,
    options?: GuardStreamOptions,
  ): ReturnType<typeof guardText>
  guardStream(
    source: AsyncIterable<StreamPart> | ReadableStream<StreamPart>,
    options?: GuardStreamOptions,
  ): ReturnType<typeof guardParts>
  guardStream(
    source: StreamSource<string> | StreamSource<StreamPart>,
    options: GuardStreamOptions = {},
  ): ReturnType<typeof guardText> | ReturnType<typeof guardParts> {
    return guardMixed(source, { judge: this.#current.judge, ...options })
  }

  converse: Parapet['converse'] = (request, callModel) => converse(request, callModel, { judge: this.#current.judge })

  fetch: Parapet['fetch'] = async (request) => (await this.gateway()).fetch(request)

  on: Parapet['on'] = (listener) => {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** The gateway behind `fetch`, for a server that listens. Made on first use. */
  async gateway(): Promise<Gateway> {
    this.#gateway ??= this.#createGateway()
    return (await this.#gateway).gateway
  }

  async #createGateway(): Promise<{ gateway: Gateway; upstream: Upstream & { close?(): void } }> {
    const { upstream: configured, keys = [] } = this.#options
    const upstream =
      configured === undefined
        ? createDemoUpstream(await shippedDemoModel())
        : 'open' in configured
          ? configured
          : createHttpUpstream(configured)
    const pipeline: GatewayPipeline = pipelineOf(this)
    const gateway = createGateway({
      pipeline,
      upstream,
      keys,
      metrics: this.#metrics,
      version: VERSION,
      demo: configured === undefined,
    })
    return { gateway, upstream }
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close())
  }

  async #close(): Promise<void> {
    this.#watch?.close()
    if (this.#gateway !== null) {
      const { gateway, upstream } = await this.#gateway
      await gateway.close()
      upstream.close?.()
    }
    this.#parts.close()
  }
}

/** The gateway's view: always the generation now in force. */
function pipelineOf(parapet: Parapet): GatewayPipeline {
  return {
    check: (input, options) => parapet.check(input, options),
    converse: (request, callModel) => parapet.converse(request, callModel),
    get policyVersion() {
      return parapet.policyVersion
    },
  }
}
