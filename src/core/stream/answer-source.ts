/**
 * Reads one answer from upstream and guards it: pulls parts when they are wanted, judges what waits when upstream pauses, and
 * cancels upstream as soon as the rest is not wanted.
 *
 * How the ending is shown (an error part, a refusal, another attempt) is the caller's business: see `ending`.
 */
import type { StreamPart } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import type { TextOutcome } from '../pipeline/result.ts'
import { Answer } from './answer.ts'
import type { RunContext, StreamContext } from './context.ts'
import { partProblem } from './parts.ts'
import { captures } from '../pipeline/record.ts'
import { Transcript } from './transcript.ts'
import { aborted } from './waiting.ts'

/** Text waits at most this long for more before it is judged, milliseconds. */
const IDLE = 4

/** How an answer ended. `failed` includes upstream, a reader that left and our own defects. */
export type AnswerEnding =
  | { readonly type: 'complete' }
  | { readonly type: 'stopped' }
  | { readonly type: 'failed'; readonly error: ParapetError }

type Arrival =
  | { readonly type: 'part'; readonly part: StreamPart }
  | { readonly type: 'end' }
  | { readonly type: 'failed'; readonly cause: unknown }

/** What parts are read from. */
export type PartIterator = Pick<AsyncIterator<StreamPart>, 'next' | 'return'>

export class AnswerSource {
  readonly #iterator: PartIterator
  readonly #context: RunContext
  readonly #answer: Answer
  readonly #stop = new AbortController()
  /** Null when the policy keeps no texts. */
  readonly transcript: Transcript | null
  #arrival: Arrival | null = null
  #pulling = false
  #wake: (() => void) | null = null
  #timer: unknown = null
  #idle = false
  #ending: AnswerEnding | null = null
  readonly #leave = (): void => this.#abort()

  constructor(
    iterator: PartIterator,
    context: Omit<StreamContext, 'policy' | 'caller'> & Pick<RunContext, 'policy' | 'caller'>,
  ) {
    this.#iterator = iterator
    this.#context = { stop: this.#stop.signal, ...context }
    this.#answer = new Answer(this.#context)
    this.transcript = captures(context.judge, context.policy) ? new Transcript() : null
    context.signal?.addEventListener('abort', this.#leave, { once: true })
    if (context.signal?.aborted === true) this.#abort()
  }

  /** Null while it goes on. */
  get ending(): AnswerEnding | null {
    return this.#ending
  }

  get answer(): Answer {
    return this.#answer
  }

  /** Starts the upstream before anything is wanted. */
  prefetch(): void {
    if (!this.#pulling && this.#arrival === null && this.#ending === null) this.#pull()
  }

  poll(): StreamPart | undefined {
    return this.#answer.take()
  }

  /** The next part that may be shown, or null at the end. Never rejects. */
  async produce(): Promise<StreamPart | null> {
    for (;;) {
      const part = this.#answer.take()
      if (part !== undefined) return part
      if (this.#ending !== null) return null
      try {
        await this.#step()
      } catch (cause) {
        this.#fail(new ParapetError('internal', 'Guarding the stream failed; the rest was not shown.', { cause }))
      }
    }
  }

  /** Nobody wants the rest. */
  cancel(): void {
    this.#abort()
  }

  settleShadows(): Promise<void> {
    return this.#answer.settleShadows()
  }

  outcomes(): readonly TextOutcome[] {
    return this.#answer.outcomes()
  }

  async #step(): Promise<void> {
    if (this.#idle) {
      this.#idle = false
      await this.#answer.advance()
    } else if (this.#arrival === null) {
      if (!this.#pulling) this.#pull()
      this.#arm()
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = null
      return
    } else {
      await this.#receive(this.#arrival)
    }
    if (this.#answer.stopped && this.#ending === null) this.#close({ type: 'stopped' }, true)
  }

  async #receive(arrival: Arrival): Promise<void> {
    this.#arrival = null
    switch (arrival.type) {
      case 'part': {
        const problem = partProblem(arrival.part)
        if (problem !== null) {
          this.#fail(new ParapetError('upstream_error', `The source sent ${problem}.`))
          return
        }
        this.transcript?.take(arrival.part)
        const pending = this.#answer.accept(arrival.part)
        if (pending !== undefined) await pending
        return
      }
      case 'end':
        await this.#answer.end()
        if (!this.#answer.stopped && this.#ending === null) this.#close({ type: 'complete' }, false)
        return
      case 'failed':
        this.#fail(upstreamError(arrival.cause))
        return
      default:
        arrival satisfies never
    }
  }

  #pull(): void {
    this.#pulling = true
    const arrive = (arrival: Arrival): void => {
      this.#pulling = false
      this.#arrival = arrival
      this.#wake?.()
    }
    try {
      this.#iterator.next().then(
        (result) => arrive(result.done === true ? { type: 'end' } : { type: 'part', part: result.value }),
        (cause: unknown) => arrive({ type: 'failed', cause }),
      )
    } catch (cause) {
      arrive({ type: 'failed', cause })
    }
  }

  /** While upstream pauses, a timer sees to what waits. It counts from the oldest text: a steady trickle does not put it off. */
  #arm(): void {
    if (this.#timer !== null || !this.#answer.unseen) return
    this.#timer = this.#context.judge.parts.clock.setTimeout(() => {
      this.#timer = null
      if (this.#ending !== null || !this.#answer.unseen) return
      this.#idle = true
      this.#wake?.()
    }, IDLE)
  }

  #abort(): void {
    if (this.#ending === null) this.#fail(aborted())
  }

  #fail(error: ParapetError): void {
    this.#close({ type: 'failed', error }, true)
  }

  #close(ending: AnswerEnding, cancel: boolean): void {
    if (this.#ending !== null) return
    this.#ending = ending
    this.#context.signal?.removeEventListener('abort', this.#leave)
    if (this.#timer !== null) this.#context.judge.parts.clock.clearTimeout(this.#timer)
    this.#timer = null
    if (cancel) {
      this.#stop.abort()
      this.#cancelUpstream()
    }
    this.#wake?.()
  }

  #cancelUpstream(): void {
    const reason = new ParapetError('aborted', 'The rest of the answer is not wanted.')
    try {
      this.#context.upstream?.abort(reason)
    } catch {
      // An upstream that cannot be aborted is left to end by itself.
    }
    try {
      // Not awaited: a source that hangs would hang us with it.
      Promise.resolve(this.#iterator.return?.()).catch(() => undefined)
    } catch {
      // The same.
    }
  }
}

/** Upstream errors with a code of ours keep it. */
export function upstreamError(cause: unknown): ParapetError {
  if (ParapetError.isInstance(cause)) return cause
  return new ParapetError('upstream_error', 'The model server broke off before the answer was complete.', { cause })
}
