/**
 * A whole turn with a model: the conversation is judged, the model is called, its answer is judged while it streams.
 *
 * With `speculative` the model starts while the input is still being judged; nothing of its answer is read on, and its call is
 * aborted when the input is stopped or changed. `retry` asks the model again with the finding as feedback, as long as nothing
 * has been shown; otherwise it is a block. How a model is called is the caller's business.
 */
import type {
  Caller,
  CheckInput,
  CheckResult,
  Decision,
  DecisionContent,
  GuardedPart,
  GuardedStream,
  GuardResult,
  Message,
  RoutePlan,
  StreamPart,
} from '../../spec/index.ts'
import { ParapetError, showsText } from '../../spec/index.ts'
import type { CheckOptions, Judge } from '../pipeline/pipeline.ts'
import { report } from '../pipeline/pipeline.ts'
import type { DecisionFacts } from '../pipeline/record.ts'
import { contentOf, recordDecision } from '../pipeline/record.ts'
import type { TextOutcome } from '../pipeline/result.ts'
import { buildResult } from '../pipeline/result.ts'
import type { EffectivePolicy } from '../policy/types.ts'
import { askedOf } from './asked.ts'
import type { PartIterator } from './answer-source.ts'
import { AnswerSource, upstreamError } from './answer-source.ts'
import { combineResults } from './combine.ts'
import { answerResult, errorOf, failedResult } from './conclusion.ts'
import type { RunContext } from './context.ts'
import { withDefaults } from './guard-parts.ts'
import type { Producer } from './pull-stream.ts'
import { PullStream } from './pull-stream.ts'
import type { StreamSource } from './source.ts'
import { iteratorOf } from './source.ts'
import type { Transcript } from './transcript.ts'
import { aborted, untilAborted } from './waiting.ts'

/** How the model is asked. */
export interface CallOptions {
  /** Aborted when the answer is not wanted any more. */
  readonly signal: AbortSignal
  /** 0 at first, counted up by `retry`. */
  readonly attempt: number
  /** Why the last answer was rejected. It is already the last of the messages. */
  readonly feedback?: string
  /** To be told of the route that was taken, where the call is routed: the decision shows it. */
  readonly onRoute?: (plan: RoutePlan) => void
}

export type CallModel = (messages: readonly Message[], options: CallOptions) => Promise<StreamSource<StreamPart>>

/** A turn to guard. */
export interface ConverseRequest {
  readonly messages: readonly Message[]
  readonly caller?: Caller
  /** Aborted when the client has left. */
  readonly signal?: AbortSignal
  /** Where the request came in, for metrics. Default `library`. */
  readonly door?: string
  /** The model asked for, for the record. */
  readonly model?: string
  /**
   * The caller shows nothing before the end, and drops what it was given whenever the model is called again: `retry` then stays
   * possible whatever came before it.
   */
  readonly whole?: boolean
  /** The caller routes its calls itself: a Parapet with a router leaves them alone. */
  readonly routed?: boolean
}

/** What a turn is judged with. */
export interface ConverseContext {
  readonly judge: Judge
  /** By default `judge.effective(caller)`. */
  readonly policy?: EffectivePolicy
  /** Judges the input, by default `judge.check`. It must tell nobody: the turn has one decision, reported when it has ended. */
  readonly check?: (input: CheckInput, options: CheckOptions) => Promise<CheckResult>
}

/** Guards a turn. Read it once; `result` resolves when it has ended or was left. */
export function converse(
  request: ConverseRequest,
  callModel: CallModel,
  context: ConverseContext,
): GuardedStream<GuardedPart> {
  return new PullStream(new Turn(request, callModel, context))
}

/** One call of the model. */
interface Attempt {
  readonly abort: AbortController
  readonly source: Promise<AnswerSource>
}

/** What a router chose, and when it had. */
interface TakenRoute {
  readonly plan: RoutePlan
  /** Milliseconds since the epoch. */
  readonly endedAt: number
}

class Turn implements Producer<GuardedPart> {
  readonly result: Promise<CheckResult>
  #context: Omit<RunContext, 'stop'>
  readonly #check: (input: CheckInput, options: CheckOptions) => Promise<CheckResult>
  readonly #callModel: CallModel
  readonly #whole: boolean
  readonly #started: number
  readonly decisionId: string
  readonly #left = new AbortController()
  readonly #ready: GuardedPart[] = []
  readonly #leave = (): void => this.#left.abort()
  #resolve: (result: CheckResult) => void = () => undefined
  #input: CheckResult | null = null
  #inputOutcomes: readonly TextOutcome[] = []
  /** As they came in, for the record. */
  readonly #asked: readonly Message[]
  #messages: readonly Message[]
  #transcript: Transcript | null = null
  readonly #routes: TakenRoute[] = []
  #attempt: Attempt | null = null
  #source: AnswerSource | null = null
  #attempts = 0
  #over = false
  #reported = false

  constructor(request: ConverseRequest, callModel: CallModel, context: ConverseContext) {
    const { judge, policy, check } = context
    const { messages, caller, signal, door, model } = request
    this.#context = withDefaults({
      judge,
      ...(policy === undefined ? {} : { policy }),
      ...(caller === undefined ? {} : { caller }),
      ...(signal === undefined ? {} : { signal }),
      ...(door === undefined ? {} : { door }),
      ...(model === undefined ? {} : { model }),
    })
    this.#asked = messages
    this.#check = check ?? judge.check
    this.#callModel = callModel
    this.#whole = request.whole ?? false
    this.#messages = messages
    this.#started = context.judge.parts.clock.now()
    this.decisionId = context.judge.newId()
    this.result = new Promise((resolve) => {
      this.#resolve = resolve
    })
    if (signal?.aborted === true) this.#left.abort()
    signal?.addEventListener('abort', this.#leave, { once: true })
  }

  decisionSoFar(): Decision {
    return this.#input?.decision ?? 'pass'
  }

  poll(): GuardedPart | undefined {
    return this.#ready.shift() ?? (this.#over ? undefined : this.#source?.poll())
  }

  async produce(): Promise<GuardedPart | null> {
    for (;;) {
      const ready = this.#ready.shift()
      if (ready !== undefined) return ready
      if (this.#over) return null
      try {
        if (this.#input === null) await this.#judgeInput()
        else if (this.#source === null) await this.#openSource()
        else {
          const part = await this.#source.produce()
          if (part !== null) return part
          this.#finish(this.#source)
        }
      } catch (cause) {
        this.#failWith(upstreamError(cause))
      }
    }
  }

  cancel(): void {
    if (this.#over) return
    this.#left.abort()
    this.#failWith(aborted())
    this.#ready.length = 0
  }

  async #judgeInput(): Promise<void> {
    const { policy, caller, door } = this.#context
    if (policy.speculative) this.#call()
    const { signal } = this.#left
    const onOutcomes = (outcomes: readonly TextOutcome[]): void => void (this.#inputOutcomes = outcomes)
    const options = { signal, door: door ?? 'library', silent: true, onOutcomes }
    const input = await this.#judged(untilAborted(this.#check({ messages: this.#messages, caller }, options), signal))
    if (input === null || this.#over) return
    this.#input = input
    if (!showsText(input.decision)) {
      this.#stopWith(input)
      return
    }
    const passed = input.messages ?? this.#messages
    this.#context = { ...this.#context, ...askedOf(passed) }
    if (input.decision === 'modify' && passed !== this.#messages) this.#drop()
    this.#messages = passed
    const { judge } = this.#context
    const ms = judge.parts.clock.now() - this.#started
    const begun = { ...input, decisionId: this.decisionId, startedAt: this.#started, ms }
    recordDecision(judge, 'open', begun, this.#facts())
  }

  #facts(): DecisionFacts {
    const { caller, door = 'library', model, policy } = this.#context
    const [asked, transcript] = [this.#asked, this.#transcript]
    const content = (): DecisionContent => ({
      ...contentOf({ messages: asked }),
      answers: transcript?.answers() ?? [],
      ...routeContent(this.#routes.at(-1)?.plan),
    })
    return { caller, door, policy, content, ...(model === undefined ? {} : { model }) }
  }

  /** A check that rejects is our failure, not the model's. */
  async #judged(check: Promise<CheckResult>): Promise<CheckResult | null> {
    try {
      return await check
    } catch (cause) {
      const known = ParapetError.isInstance(cause)
      this.#failWith(known ? cause : new ParapetError('guard_failed', 'The input could not be judged.', { cause }))
      return null
    }
  }

  #call(feedback?: string): Attempt {
    const abort = new AbortController()
    const messages = feedback === undefined ? this.#messages : [...this.#messages, feedbackMessage(feedback)]
    const options = {
      ...{ signal: abort.signal, attempt: this.#attempts },
      ...(feedback === undefined ? {} : { feedback }),
      onRoute: (plan: RoutePlan) => void this.#routes.push({ plan, endedAt: this.#context.judge.parts.clock.now() }),
    }
    const source = this.#open(messages, options, abort)
    // Awaited later; a call dropped before must not count as unhandled.
    source.catch(() => undefined)
    this.#attempt = { abort, source }
    return this.#attempt
  }

  async #open(messages: readonly Message[], options: CallOptions, abort: AbortController): Promise<AnswerSource> {
    const iterator: PartIterator = iteratorOf(await this.#callModel(messages, options))
    const { signal: _signal, ...context } = this.#context
    const own = { messages, signal: this.#left.signal, upstream: abort }
    const source = new AnswerSource(iterator, { ...own, ...context, ...askedOf(messages) })
    if (abort.signal.aborted) source.cancel()
    else if (this.#context.policy.speculative) source.prefetch()
    return source
  }

  async #openSource(): Promise<void> {
    const attempt = this.#attempt ?? this.#call()
    this.#source = await untilAborted(attempt.source, this.#left.signal)
    this.#transcript = this.#source.transcript
  }

  #drop(): void {
    this.#attempt?.abort.abort(new ParapetError('aborted', 'The answer is not wanted any more.'))
    // A source that only opens after this moment is cancelled in `#open`.
    this.#attempt?.source.then(
      (source) => source.cancel(),
      () => undefined,
    )
    this.#attempt = null
    this.#source = null
  }

  #finish(source: AnswerSource): void {
    const { ending, answer } = source
    if (ending?.type === 'complete') {
      this.#over = true
      // The reader does not wait for guards that only observe.
      void source.settleShadows().then(() => this.#conclude(combineResults(this.#input, this.#answerResult(source))))
      return
    }
    if (ending?.type === 'failed') {
      this.#failWith(ending.error)
      return
    }
    const shown = answer.shown && !this.#whole
    const retries = answer.decision === 'retry' && !shown && this.#attempts < this.#context.policy.retries
    const result = this.#answerResult(source)
    if (!retries) {
      this.#stopWith(combineResults(this.#input, result), source)
      return
    }
    this.#drop()
    this.#attempts += 1
    this.#call(result.feedback ?? 'The answer was rejected.')
  }

  #answerResult(source: AnswerSource): CheckResult {
    const { judge } = this.#context
    const ms = judge.parts.clock.now() - this.#started
    return answerResult(source, this.#context, { decisionId: this.decisionId, ms, startedAt: this.#started })
  }

  /** Ends the turn with what the policy says: a refusal in its words, else an error. */
  #stopWith(stopped: CheckResult, source?: AnswerSource): void {
    const result = this.#conclude({ ...stopped, decisionId: this.decisionId })
    this.#over = true
    if (source === undefined) this.#drop()
    if (result.decision !== 'refuse') {
      const error = errorOf(result) ?? new ParapetError('internal', 'The turn ended for no known reason.')
      this.#ready.push({ type: 'error', error, result })
      return
    }
    const words = result.text ?? ''
    const text = source?.answer.shown === true && !this.#whole ? `\n\n${words}` : words
    for (const choice of source?.answer.openChoices ?? [0]) {
      this.#ready.push({ type: 'text', choice, text }, { type: 'finish', choice, reason: 'content_filter' })
    }
  }

  #failWith(error: ParapetError): void {
    if (this.#over) return
    this.#over = true
    const base = this.#source === null ? this.#emptyResult() : this.#answerResult(this.#source)
    const result = this.#conclude(failedResult(combineResults(this.#input, base), error))
    this.#drop()
    this.#ready.push({ type: 'error', error, result })
  }

  #emptyResult(): CheckResult {
    const { policy, judge } = this.#context
    const ms = judge.parts.clock.now() - this.#started
    const facts = { decisionId: this.decisionId, ms, startedAt: this.#started }
    return buildResult({ ...facts, policy, outcomes: [], warnings: [], refusal: () => '' })
  }

  #conclude(result: CheckResult): CheckResult {
    const { judge, signal } = this.#context
    const asked = this.#attempts === 0 ? [] : [`The model was asked again ${this.#attempts} time(s).`]
    const { decisionId } = this
    const warnings = [...result.warnings, ...asked]
    const guards = [...result.guards, ...this.#routes.map(routeResult)]
    const whole = { ...result, decisionId, startedAt: this.#started, guards, warnings }
    if (!this.#reported) {
      this.#reported = true
      signal?.removeEventListener('abort', this.#leave)
      const outcomes = [...this.#inputOutcomes, ...(this.#source?.outcomes() ?? [])]
      report(judge, whole, { ...this.#facts(), outcomes })
      this.#resolve(whole)
    }
    return whole
  }
}

/** A route among what the guards found: which way was taken, without a word of why. */
function routeResult({ plan, endedAt }: TakenRoute): GuardResult {
  const { router, route, path, understood, ms } = plan
  const labels = [`route.${route}`, ...(understood ? [] : ['route.unread'])]
  const decision = path === 'refused' ? 'flag' : 'pass'
  const times = { startedAt: endedAt - ms, endedAt, ms }
  return { guard: router, stage: 'input', status: 'judged', decision, labels, ...times, cached: false, shadow: false }
}

/** Words of the router's model about the request: kept as the request is. */
function routeContent(plan: RoutePlan | undefined): Pick<DecisionContent, 'route'> {
  if (plan === undefined) return {}
  const { check, tip } = plan.trace()
  return { route: { check, tip } }
}

/** As a user's message: not every model server knows the role `developer`. */
function feedbackMessage(feedback: string): Message {
  return { role: 'user', content: `Your last answer could not be used:\n${feedback}\nAnswer again, and avoid this.` }
}
