/**
 * A circuit breaker: a model that failed so many times in a row is left alone for a while, and calls of it fail at once instead of each
 * waiting out its time. Then one call is let through as a probe; if it fails, the wait doubles, otherwise everything is as before.
 *
 * Only what says that the model cannot be reached or does not answer counts. An answer that is wrong, a refused key or a rate limit is
 * an answer. An open circuit is a failure like any other: whoever asked decides what it means, and it is never a verdict.
 */
import type { Clock, CompletionEngine, CompletionOptions, EngineFailureReason } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { engineFailure, failureReason } from './failure.ts'

export type CircuitState = 'closed' | 'open' | 'half-open'

export interface CircuitChange {
  /** Id of the engine. */
  readonly engine: string
  readonly state: CircuitState
  /** Why it opened; null for the other states. */
  readonly reason: EngineFailureReason | null
  /** Milliseconds until a probe, where it opened; otherwise 0. */
  readonly wait: number
}

export interface CircuitOptions {
  /** Failures in a row after which it opens. Default 5. */
  readonly failures?: number
  /** Bound of the first wait, milliseconds; each wait is drawn from the upper half below its bound. Default 5,000. */
  readonly cooldown?: number
  /** Largest bound, milliseconds. Default 60,000. */
  readonly longestCooldown?: number
  /** A call that was taken back after this many milliseconds without an answer counts as a failure. Default 5,000. */
  readonly slow?: number
  /** Told of every change. What it throws is dropped. */
  readonly onChange?: (change: CircuitChange) => void
}

/** Failures in which nobody answered, or the server said that it cannot. */
const DOWN: ReadonlySet<EngineFailureReason> = new Set(['unreachable', 'timeout', 'server_error', 'broken_off'])
/** Milliseconds that a call must have had: one with less time left says nothing of the model when it runs out. */
const LEAST_TIME = 500

export interface CircuitParts {
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
}

export class Circuit {
  readonly #options: Required<Omit<CircuitOptions, 'onChange'>>
  readonly #tell: (state: CircuitState, reason?: EngineFailureReason, wait?: number) => void
  readonly #parts: CircuitParts
  #state: CircuitState = 'closed'
  #failures = 0
  /** Times it opened without a success since. */
  #openings = 0
  #until = 0
  /** Milliseconds from its opening to `#until`: nobody waits longer, though the clock be set back. */
  #wait = 0
  #why: EngineFailureReason = 'unreachable'
  /** The call that is let through as a probe. */
  #probe: symbol | null = null
  /** Calls that were answered. */
  #answers = 0

  constructor(engine: string, options: CircuitOptions, parts: CircuitParts) {
    const { failures = 5, cooldown = 5_000, longestCooldown = 60_000, slow = 5_000, onChange } = options
    this.#options = { failures, cooldown, longestCooldown, slow }
    this.#parts = parts
    this.#tell = (state, reason, wait = 0) => {
      try {
        onChange?.({ engine, state, reason: reason ?? null, wait })
      } catch {
        // An observer's mistake is no reason to fail a call.
      }
    }
  }

  get state(): CircuitState {
    return this.#state
  }

  /** Throws `circuit_open` while it is open. Takes no probe: for calls that have a line before them. */
  check(): void {
    if (this.#state === 'open' && this.#left() > 0) throw this.#refusal()
    if (this.#state === 'half-open' && this.#probe !== null) throw this.#refusal()
  }

  /** Does the work unless the circuit is open, and learns from what becomes of it. */
  async run<Answer>(work: () => Promise<Answer>, call: CompletionOptions = {}): Promise<Answer> {
    this.check()
    const { clock } = this.#parts
    const { signal, deadline = Infinity } = call
    const probe = this.#state === 'closed' ? null : Symbol('probe')
    if (probe !== null) {
      this.#probe = probe
      this.#enter('half-open')
    }
    // Whoever takes a probe back leaves its place to the next, also where the model is deaf to that.
    const leave = (): void => void (this.#probe === probe && (this.#probe = null))
    signal?.addEventListener('abort', leave, { once: true })
    const [began, answers] = [clock.now(), this.#answers]
    try {
      const answer = await work()
      this.#succeed()
      return answer
    } catch (cause) {
      const reason = this.#failureOf(cause, clock.now() - began, clock.now() >= deadline - 1)
      // A model that answered others meanwhile is not down, however soon somebody had enough of waiting.
      const isAlive = isAbort(cause) && this.#answers > answers
      if (reason === 'answered') this.#succeed()
      else if (reason !== null && !isAlive) this.#fail(reason, probe)
      throw cause
    } finally {
      signal?.removeEventListener('abort', leave)
      leave()
    }
  }

  /** What a failed call says of the model; null for nothing. */
  #failureOf(cause: unknown, took: number, late: boolean): EngineFailureReason | 'answered' | null {
    // Whoever waits takes a call back at its deadline, which may be heard of before the call's own timer.
    if (isAbort(cause)) return took >= (late ? LEAST_TIME : this.#options.slow) ? 'timeout' : null
    const reason = failureReason(cause)
    if (reason === 'budget_exceeded' || reason === 'overloaded' || reason === null) return null
    if (!DOWN.has(reason)) return 'answered'
    return reason === 'timeout' && took < LEAST_TIME ? null : reason
  }

  #succeed(): void {
    this.#answers += 1
    this.#failures = 0
    this.#openings = 0
    this.#enter('closed')
  }

  #fail(reason: EngineFailureReason, probe: symbol | null): void {
    // Calls that were under way when it opened are told of no more, nor a probe after which there was another.
    const isOurs = probe !== null && (this.#probe === null || this.#probe === probe)
    if (this.#state === 'open' || (this.#state === 'half-open' && !isOurs)) return
    this.#failures += 1
    if (this.#state === 'closed' && this.#failures < this.#options.failures) return
    const { cooldown, longestCooldown } = this.#options
    const bound = Math.min(longestCooldown, cooldown * 2 ** this.#openings)
    const wait = bound * (0.5 + this.#parts.random() / 2)
    this.#openings += 1
    this.#wait = wait
    this.#until = this.#parts.clock.now() + wait
    this.#why = reason
    this.#enter('open', reason, wait)
  }

  #enter(state: CircuitState, reason?: EngineFailureReason, wait?: number): void {
    if (state === this.#state) return
    this.#state = state
    this.#tell(state, reason, wait)
  }

  /** Milliseconds until a probe. */
  #left(): number {
    const now = this.#parts.clock.now()
    this.#until = Math.min(this.#until, now + this.#wait)
    return Math.max(0, this.#until - now)
  }

  #refusal(): ParapetError {
    const left = this.#left()
    const when = left === 0 ? 'it is being tried again now' : `it is tried again in ${Math.ceil(left / 1000)} s`
    const message = `The model is not asked: it failed ${this.#failures} times in a row (${this.#why}); ${when}. See whether its server runs.`
    return engineFailure('circuit_open', message, { retryAfter: Math.ceil(left), last: this.#why })
  }
}

function isAbort(cause: unknown): boolean {
  return ParapetError.isInstance(cause) && cause.code === 'aborted'
}

/** Behind the line, where a call has its turn. */
export function withCircuit(engine: CompletionEngine, circuit: Circuit): CompletionEngine {
  return { ...engine, complete: (request, call) => circuit.run(() => engine.complete(request, call), call) }
}

/** Before the line: nobody waits in it for a model that is left alone. */
export function behindCircuit(engine: CompletionEngine, circuit: Circuit): CompletionEngine {
  return {
    ...engine,
    async complete(request, call: CompletionOptions = {}) {
      circuit.check()
      return engine.complete(request, call)
    },
  }
}
