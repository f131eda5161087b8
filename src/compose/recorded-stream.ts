/**
 * Streams whose record is waited for: under `record: sync` nothing is shown before the open record is committed, and the end waits for
 * the final one. What cannot be recorded ends as `record_unavailable`.
 */
import { failedResult } from '../core/stream/conclusion.ts'
import type { Judge } from '../core/pipeline/index.ts'
import { buildResult } from '../core/pipeline/result.ts'
import type { Caller, CheckResult, Decision, GuardedPart, GuardedStream, Recorder } from '../spec/index.ts'
import { ParapetError } from '../spec/index.ts'

/** How a stream of this kind tells that it ends badly: by a last part, or by throwing. */
export type Failing<T> = (error: ParapetError, result: CheckResult) => T

export const failingPart: Failing<GuardedPart> = (error, result) => ({ type: 'error', error, result })

export const failingText: Failing<string> = (error) => {
  throw error
}

/** Why a request of this caller is not begun; null when it may be. */
export function refusalOf(recorder: Recorder, judge: Judge, caller: Caller): ParapetError | null {
  const { record } = judge.effective(caller)
  try {
    recorder.admit(record)
    return null
  } catch (cause) {
    return toParapetError(cause)
  }
}

function toParapetError(cause: unknown): ParapetError {
  return ParapetError.isInstance(cause) ? cause : new ParapetError('internal', 'The record failed.', { cause })
}

/** The stream of a request that was not begun. */
export function refusedStream<T>(
  judge: Judge,
  caller: Caller,
  error: ParapetError,
  failing: Failing<T>,
): GuardedStream<T> {
  const decisionId = judge.newId()
  const startedAt = judge.parts.clock.now()
  const policy = judge.effective(caller)
  const facts = { decisionId, policy, outcomes: [], ms: 0, startedAt, warnings: [], refusal: (): string => '' }
  const result = failedResult(buildResult(facts), error)
  const parts = (async function* (): AsyncGenerator<T> {
    yield failing(error, result)
  })()
  return {
    result: Promise.resolve(result),
    decisionId,
    decisionSoFar: () => result.decision,
    [Symbol.asyncIterator]: () => parts,
  }
}

/** The stream itself, or under `sync` one that waits for its record. */
export function recordedStream<T>(
  stream: GuardedStream<T>,
  recorder: Recorder,
  mode: 'sync' | 'async',
  failing: Failing<T>,
): GuardedStream<T> {
  return mode === 'async' ? stream : new WaitingStream(stream, recorder, failing)
}

const END: IteratorReturnResult<undefined> = { done: true, value: undefined }

class WaitingStream<T> implements GuardedStream<T>, AsyncIterator<T> {
  readonly result: Promise<CheckResult>
  readonly decisionId: string
  readonly decisionSoFar: () => Decision
  readonly #inner: GuardedStream<T>
  readonly #iterator: AsyncIterator<T>
  readonly #recorder: Recorder
  readonly #failing: Failing<T>
  readonly #left: Promise<void>
  #leave: () => void = () => undefined
  #resolve: (result: CheckResult | Promise<CheckResult>) => void = () => undefined
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #begun = false
  #over = false
  /** An ending that came by `poll`, which cannot wait. */
  #ending: T | undefined

  constructor(inner: GuardedStream<T>, recorder: Recorder, failing: Failing<T>) {
    this.#inner = inner
    this.#iterator = inner[Symbol.asyncIterator]()
    this.#recorder = recorder
    this.#failing = failing
    this.decisionId = inner.decisionId ?? ''
    this.decisionSoFar = () => inner.decisionSoFar?.() ?? 'pass'
    this.result = new Promise((resolve) => (this.#resolve = resolve))
    this.#left = new Promise((resolve) => (this.#leave = resolve))
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  poll(): T | undefined {
    if (!this.#begun || this.#over || this.#waiting > 0 || this.#ending !== undefined) return undefined
    const item = this.#inner.poll?.()
    if (item === undefined || !isEnding(item)) return item
    this.#ending = item
    return undefined
  }

  next(): Promise<IteratorResult<T>> {
    this.#waiting += 1
    const step = this.#last.then(() => this.#step()).finally(() => (this.#waiting -= 1))
    this.#last = step.catch(() => undefined)
    return step
  }

  return(): Promise<IteratorResult<T>> {
    this.#finish(this.#inner.result)
    // Not awaited: whoever leaves does not wait.
    void Promise.resolve(this.#iterator.return?.()).catch(() => undefined)
    return Promise.resolve(END)
  }

  async #step(): Promise<IteratorResult<T>> {
    if (this.#over) return END
    let step: IteratorResult<T>
    try {
      step = await this.#read()
    } catch (cause) {
      const failure = await this.#settled()
      this.#finish(this.#inner.result)
      throw failure ?? cause
    }
    if (this.#over) return END
    if (step.done === true || isEnding(step.value)) return this.#end(step)
    if (this.#begun) return step
    this.#begun = true
    const failure = await this.#settled()
    if (this.#over) return END
    if (failure === null) return step
    void Promise.resolve(this.#iterator.return?.()).catch(() => undefined)
    return this.#fail(failure)
  }

  #read(): Promise<IteratorResult<T>> {
    const ending = this.#ending
    if (ending === undefined) return this.#iterator.next()
    this.#ending = undefined
    return Promise.resolve({ done: false, value: ending })
  }

  async #end(step: IteratorResult<T>): Promise<IteratorResult<T>> {
    // The final record is handed over when the result is there.
    await Promise.race([this.#inner.result, this.#left])
    const failure = await this.#settled()
    if (this.#over) return END
    if (failure !== null) return this.#fail(failure)
    this.#finish(this.#inner.result)
    return step
  }

  async #fail(failure: ParapetError): Promise<IteratorResult<T>> {
    const result = failedResult(await this.#inner.result, failure)
    this.#finish(result)
    return { done: false, value: this.#failing(failure, result) }
  }

  /** Why the record is not kept, or null. Answers at once when nobody waits any more. */
  async #settled(): Promise<ParapetError | null> {
    try {
      await Promise.race([this.#recorder.settled(this.decisionId), this.#left])
      return null
    } catch (cause) {
      return toParapetError(cause)
    }
  }

  #finish(result: CheckResult | Promise<CheckResult>): void {
    this.#over = true
    this.#leave()
    this.#resolve(result)
  }
}

function isEnding(item: unknown): boolean {
  return typeof item === 'object' && item !== null && 'type' in item && item.type === 'error'
}
