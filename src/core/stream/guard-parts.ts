/**
 * The public face of guarded streams: parts in, parts out; or strings in, strings out.
 *
 * `before` (default): nothing leaves unjudged. `after`: parts leave at once and are judged behind; the result says so. When the
 * policy stops the answer, parts end with an error part and strings end with a thrown `BlockedError`.
 */
import type { CheckResult, DecisionContent, GuardedPart, GuardedStream, StreamPart } from '../../spec/index.ts'
import { BlockedError, ParapetError } from '../../spec/index.ts'
import { report } from '../pipeline/pipeline.ts'
import type { DecisionFacts } from '../pipeline/record.ts'
import { contentOf, recordDecision } from '../pipeline/record.ts'
import { buildResult } from '../pipeline/result.ts'
import type { PartIterator } from './answer-source.ts'
import { AnswerSource } from './answer-source.ts'
import { answerResult, errorOf } from './conclusion.ts'
import type { RunContext, StreamContext } from './context.ts'
import { textOf } from './parts.ts'
import type { Producer } from './pull-stream.ts'
import { PullStream } from './pull-stream.ts'
import type { StreamSource } from './source.ts'
import { iteratorOf, textParts } from './source.ts'

/** Guards a stream of parts. Read it once; `result` resolves when it has ended or was left. */
export function guardParts(source: StreamSource<StreamPart>, context: StreamContext): GuardedStream<GuardedPart> {
  return new PullStream(new GuardedParts(iteratorOf(source), context))
}

/** Guards a stream of strings. Throws `BlockedError` after the clean text when the rest was stopped. */
export function guardText(source: StreamSource<string>, context: StreamContext): GuardedStream<string> {
  return new PullStream(new GuardedText(new GuardedParts(textParts(source), context)))
}

/** Policy and caller filled in. */
export function withDefaults(context: StreamContext): Omit<RunContext, 'stop'> {
  const caller = context.caller ?? {}
  const { policy = context.judge.effective(caller), ...rest } = context
  return { caller, policy, ...rest }
}

/** @internal Exported for tests and benchmarks, which look at what is retained. */
export class GuardedParts implements Producer<GuardedPart> {
  readonly result: Promise<CheckResult>
  readonly source: AnswerSource
  readonly #context: Omit<RunContext, 'stop'>
  readonly #started: number
  readonly decisionId: string
  #resolve: (result: CheckResult) => void = () => undefined
  #opened = false
  #over = false

  constructor(iterator: PartIterator, context: StreamContext) {
    this.#context = withDefaults(context)
    this.#started = context.judge.parts.clock.now()
    this.decisionId = context.judge.newId()
    this.result = new Promise((resolve) => {
      this.#resolve = resolve
    })
    this.source = new AnswerSource(iterator, this.#context)
  }

  poll(): GuardedPart | undefined {
    return this.source.poll()
  }

  async produce(): Promise<GuardedPart | null> {
    if (this.#over) return null
    if (!this.#opened) this.#open()
    const part = await this.source.produce()
    if (part !== null) return part
    if (this.#over) return null
    this.#over = true
    const { ending } = this.source
    if (ending?.type === 'complete') {
      // The reader does not wait for guards that only observe.
      void this.source.settleShadows().then(() => this.#conclude())
      return null
    }
    const result = this.#conclude()
    const error = ending?.type === 'failed' ? ending.error : errorOf(result)
    return {
      type: 'error',
      error: error ?? new ParapetError('internal', 'The stream ended for no known reason.'),
      result,
    }
  }

  cancel(): void {
    if (this.#over) return
    this.#over = true
    this.source.cancel()
    this.#conclude()
  }

  #conclude(): CheckResult {
    const { judge } = this.#context
    const ms = judge.parts.clock.now() - this.#started
    const facts = { decisionId: this.decisionId, ms, startedAt: this.#started }
    const result = answerResult(this.source, this.#context, facts)
    report(judge, result, { ...this.#facts(), outcomes: this.source.outcomes() })
    this.#resolve(result)
    return result
  }

  /** The answer is about to leave. */
  #open(): void {
    this.#opened = true
    const { judge, policy } = this.#context
    const ms = judge.parts.clock.now() - this.#started
    const facts = { decisionId: this.decisionId, ms, startedAt: this.#started }
    const result = buildResult({ ...facts, policy, outcomes: [], warnings: [], refusal: () => '' })
    recordDecision(judge, 'open', result, this.#facts())
  }

  #facts(): DecisionFacts {
    const { caller, door = 'library', model, policy, prompt, system, messages } = this.#context
    const content = (): DecisionContent => {
      const asked = messages === undefined ? { ...(prompt === undefined ? {} : { prompt }) } : { messages }
      const input = contentOf({ ...asked, ...(system === undefined ? {} : { system }) })
      return { ...input, answers: this.source.transcript?.answers() ?? [] }
    }
    return { caller, door, ...(model === undefined ? {} : { model }), policy, content }
  }
}

class GuardedText implements Producer<string> {
  readonly result: Promise<CheckResult>
  readonly decisionId: string
  readonly #parts: GuardedParts

  constructor(parts: GuardedParts) {
    this.#parts = parts
    this.result = parts.result
    this.decisionId = parts.decisionId
  }

  poll(): string | undefined {
    const part = this.#parts.poll()
    return part?.type === 'text' ? part.text : undefined
  }

  async produce(): Promise<string | null> {
    const part = await this.#parts.produce()
    if (part === null) return null
    if (part.type === 'error') throw thrown(part.error, part.result)
    return part.type === 'finish' || part.type === 'other' ? '' : textOf(part)
  }

  cancel(): void {
    this.#parts.cancel()
  }
}

const STOPS: readonly string[] = ['content_filter', 'refused', 'held', 'guard_failed', 'guard_timeout', 'guard_unknown']

function thrown(error: ParapetError, result: CheckResult): ParapetError {
  return STOPS.includes(error.code) ? new BlockedError(error.code, error.message, result.decisionId) : error
}
