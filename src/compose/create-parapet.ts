/**
 * `createParapet`: a policy becomes a running pipeline with its guards, engines, stores and gateway. The only place where all
 * concrete parts meet.
 */
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { StreamSource } from '../core/stream/index.ts'
import { askedOf, converse } from '../core/stream/index.ts'
import type { guardParts, guardText } from '../core/stream/index.ts'
import type { Gateway, GatewayMetrics, GatewayOptions, KeySetting, KeySource } from '../gateway/index.ts'
import { createConsoleFiles, createGateway, createGatewayMetrics } from '../gateway/index.ts'
import { createLanguageDetector } from '../guards/limits/index.ts'
import type {
  CheckInput,
  ClassifierEngine,
  Clock,
  Guard,
  ParapetEvent,
  ParapetListener,
  Policy,
  Router,
  StreamPart,
} from '../spec/index.ts'
import { ParapetError, PolicyError } from '../spec/index.ts'
import { BUILTIN_POLICY } from './builtin-policy.ts'
import { systemClock } from './clock.ts'
import { createParts } from './engines.ts'
import type { Disagreement } from './disagreements.ts'
import { createDisagreements } from './disagreements.ts'
import { pipelineOf } from './gateway-pipeline.ts'
import { guardMixed } from './mixed-stream.ts'
import type { Generation, GenerationContext } from './generation.ts'
import { createGeneration } from './generation.ts'
import type { GuardStreamOptions, Parapet } from './parapet.ts'
import { definePolicy, loadPolicy, locateIssues, parsePolicy } from './policy-file.ts'
import { watchPolicy } from './policy-watch.ts'
import type { RecordKeeping, StoreSetting } from './record-keeping.ts'
import { openRecordKeeping } from './record-keeping.ts'
import { failingPart, recordedStream, refusalOf, refusedStream } from './recorded-stream.ts'
import { createRedaction } from './redaction.ts'
import { guardsByStage } from './rails.ts'
import { watchVersions } from './guard-versions.ts'
import { routedCall, steeredUpstreams } from './steering.ts'
import type { Upstream, UpstreamSetting } from './upstreams.ts'
import { openUpstreams } from './upstreams.ts'
import { VERSION } from './version.ts'

/** Everything that is not policy. */
export interface ParapetOptions {
  /** Guards of your own; the policy names them by their `id`. */
  readonly guards?: readonly Guard[]
  /** Replaces the embedded classifier. */
  readonly classifier?: ClassifierEngine
  /** The model server behind `fetch`, or several by name (the first is the default). Default: the demo model. */
  readonly upstream?: UpstreamSetting | Readonly<Record<string, UpstreamSetting>>
  /**
   * Chooses how each turn of `converse`, `fetch` and guarded models is answered, between the judging of the input and of the answer.
   * Default: the policy's `route`, else every turn plainly.
   */
  readonly router?: Router
  /** API keys that `fetch` asks for. Default: none. */
  readonly keys?: readonly KeySetting[] | KeySource
  /** Limits of the gateway. */
  readonly limits?: NonNullable<GatewayOptions['limits']>
  /** Serve the page at `/`. Default false. */
  readonly console?: boolean
  /** Told of errors of the gateway that are defects; never holds a prompt. */
  readonly onDefect?: (error: unknown) => void
  /**
   * Told where a judge with a `band` and the classifier before it disagree. Its texts are null unless the caller's policy captures texts,
   * and redacted where the capture is.
   */
  readonly onDisagreement?: (disagreement: Disagreement) => void
  /** Follow edits of the policy file, where the policy is a path, and promotions in the folders that its guards name. Default true. */
  readonly watch?: boolean
  /** Where what outlives the process is kept. One process at a time may use it for records. Default: nowhere. */
  readonly dataDir?: string
  /**
   * Where decisions are kept: PostgreSQL embedded in `dataDir`, a PostgreSQL server by URL, or a store of one's own. Default: nowhere.
   */
  readonly store?: StoreSetting
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
  /** The gateway, and one more for each upstream handed to `fetch`. */
  readonly #gateways = new Map<ParapetOptions['upstream'], Promise<OpenGateway>>()
  #watch: { close(): void } | null = null
  #versionWatch: { close(): void } | null = null
  /** One change of the generation after another. */
  #changing: Promise<unknown> = Promise.resolve()
  #record: RecordKeeping | null = null
  #closed: Promise<void> | null = null

  constructor(options: ParapetOptions) {
    this.#options = options
    const { env = process.env, classifier, dataDir } = options
    this.#parts = createParts({
      env,
      ...(classifier === undefined ? {} : { classifier }),
      ...(dataDir === undefined ? {} : { dataDir }),
      disagreed: (disagreement) => disagreements(disagreement),
      warn: (message) => this.#tell({ type: 'warning-raised', message }),
    })
    const disagreements = createDisagreements({
      tell: (event) => this.#tell(event),
      capture: (caller) => this.#current.judge.effective(caller).record.capture,
      redact: createRedaction(this.#parts.linter),
      ...{ onDisagreement: options.onDisagreement, onDefect: options.onDefect },
    })
    this.#listeners.add(this.#metrics.listener)
  }

  async start(policy: Policy | string | undefined): Promise<void> {
    // The store opens in a thread of its own while the guards are made.
    const record = this.#openRecord()
    record.catch(() => undefined)
    try {
      await this.#startPolicy(policy)
      this.#record = await record
    } catch (cause) {
      this.#unwatch()
      await record.then(
        (opened) => opened?.close(),
        () => undefined,
      )
      await this.#parts.close()
      throw cause
    }
  }

  async #openRecord(): Promise<RecordKeeping | null> {
    const { store, dataDir, clock = systemClock } = this.#options
    if (store === undefined) return null
    const onWarning = (message: string): void => this.#tell({ type: 'warning-raised', message })
    return openRecordKeeping({ store, dataDir, clock, redact: createRedaction(this.#parts.linter), onWarning })
  }

  async #startPolicy(policy: Policy | string | undefined): Promise<void> {
    this.#context = {
      clock: this.#options.clock ?? systemClock,
      ...(this.#options.store === undefined ? {} : { record: (draft) => this.#record?.record(draft) }),
      language: await createLanguageDetector(),
      listener: (event) => this.#tell(event),
      parts: this.#parts,
      ...(typeof policy === 'string' ? { folder: dirname(policy) } : {}),
      own: new Map((this.#options.guards ?? []).map((guard) => [guard.id, guard])),
    }
    if (typeof policy !== 'string') {
      this.#generation = await createGeneration(
        policy === undefined ? BUILTIN_POLICY : definePolicy(policy),
        this.#context,
      )
      this.#followVersions()
      return
    }
    await loadPolicy(policy)
    const text = await readFile(policy, 'utf8')
    this.#generation = await this.#fromText(text, policy, this.#context)
    this.#followVersions()
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

  #swap(text: string, file: string): Promise<void> {
    return this.#change((context) => this.#fromText(text, file, context), true)
  }

  /** The same policy over the versions that are current now; one that cannot be used leaves those in force. */
  #followVersions(): void {
    this.#versionWatch?.close()
    if (this.#options.watch === false || this.#closed !== null) return
    this.#versionWatch = watchVersions(this.#current.versions, {
      onChange: () => this.#change((context) => createGeneration(this.#current.policy, context), false),
      onRejected: (cause) => this.#reject(cause),
    })
  }

  /** @param edited told even where the version stays: somebody edited the policy and waits for an answer */
  #change(make: (context: GenerationContext) => Promise<Generation>, edited: boolean): Promise<void> {
    const change = this.#changing.then(async () => {
      if (this.#context === null) return
      const next = await make(this.#context)
      const previous = this.#generation?.version ?? null
      if (this.#closed !== null) return
      this.#generation = next
      this.#followVersions()
      if (edited || next.version !== previous) this.#tell({ type: 'policy-changed', version: next.version, previous })
    })
    this.#changing = change.catch(() => undefined)
    return change
  }

  #reject(cause: unknown): void {
    const message = ParapetError.isInstance(cause) ? cause.message : 'The change could not be used.'
    this.#tell({ type: 'policy-rejected', message, kept: this.policyVersion })
  }

  #tell(event: ParapetEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  get #current(): Generation {
    if (this.#generation === null) throw new ParapetError('internal', 'The pipeline was used before it was ready.')
    return this.#generation
  }

  get decisions(): Parapet['decisions'] {
    return this.#record?.decisions ?? null
  }

  get recorder(): Parapet['recorder'] {
    return this.#record?.recorder ?? null
  }

  jobs: Parapet['jobs'] = async () => this.#record?.jobs() ?? null

  get policyVersion(): string {
    return this.#current.version
  }

  get rails(): Parapet['rails'] {
    return guardsByStage(this.#current.policy)
  }

  check: Parapet['check'] = async (input, options) => {
    const row: CheckInput = typeof input === 'string' ? { prompt: input } : input
    const { judge } = this.#current
    const { recorder } = this
    if (recorder === null || options?.silent === true) return judge.check(row, options)
    // The door may have handed in anything; the check says what is wrong with it.
    const refusal = refusalOf(recorder, judge, (row as CheckInput | null)?.caller ?? {})
    if (refusal !== null) throw refusal
    const result = await judge.check(row, options)
    await recorder.settled(result.decisionId)
    return result
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
    const { messages } = options
    const asked = messages === undefined ? {} : askedOf(messages)
    return guardMixed(source, { judge: this.#current.judge, ...asked, ...options }, this.recorder)
  }

  get router(): Router | null {
    return this.#options.router ?? this.#current.router
  }

  converse: Parapet['converse'] = (request, call) => {
    const callModel = routedCall(this.router, request, call)
    const { judge } = this.#current
    const { recorder } = this
    if (recorder === null) return converse(request, callModel, { judge })
    const { caller = {} } = request
    const refusal = refusalOf(recorder, judge, caller)
    if (refusal !== null) return refusedStream(judge, caller, refusal, failingPart)
    const policy = judge.effective(caller)
    return recordedStream(converse(request, callModel, { judge, policy }), recorder, policy.record.mode, failingPart)
  }

  fetch: Parapet['fetch'] = async (request, options = {}) => {
    const { upstream } = options
    if (upstream === undefined) return (await this.gateway()).fetch(request)
    return (await this.#open(upstream)).gateway.fetch(request)
  }

  on: Parapet['on'] = (listener) => {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** The gateway behind `fetch`, for a server that listens. Made on first use. */
  async gateway(): Promise<Gateway> {
    return (await this.#open(this.#options.upstream)).gateway
  }

  #open(setting: ParapetOptions['upstream']): Promise<OpenGateway> {
    let opened = this.#gateways.get(setting)
    if (opened === undefined) {
      opened = this.#createGateway(setting)
      this.#gateways.set(setting, opened)
    }
    return opened
  }

  async #createGateway(setting: ParapetOptions['upstream']): Promise<OpenGateway> {
    const { keys, limits, onDefect } = this.#options
    const upstreams = steeredUpstreams(() => this.router, await openUpstreams(setting))
    const gateway = createGateway({
      pipeline: pipelineOf(this),
      upstream: upstreams,
      // A model server handed to `fetch` comes from the program itself, which needs no key to itself.
      ...(keys === undefined || setting !== this.#options.upstream ? {} : { keys }),
      ...(limits === undefined ? {} : { limits }),
      ...(onDefect === undefined ? {} : { onDefect }),
      ...(this.#options.console === true ? { console: createConsoleFiles() } : {}),
      metrics: this.#metrics,
      on: this.on,
      decisions: this.decisions,
      recorder: this.recorder,
      version: VERSION,
      demo: setting === undefined,
    })
    return { gateway, upstreams }
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close())
  }

  #unwatch(): void {
    this.#watch?.close()
    this.#versionWatch?.close()
  }

  async #close(): Promise<void> {
    this.#unwatch()
    for (const opened of this.#gateways.values()) {
      const { gateway, upstreams } = await opened
      await gateway.close()
      for (const upstream of Object.values(upstreams)) upstream.close?.()
    }
    await this.#record?.close()
    await this.#parts.close()
  }
}

interface OpenGateway {
  readonly gateway: Gateway
  readonly upstreams: Readonly<Record<string, Upstream>>
}
