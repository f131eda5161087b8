/**
 * At most so many calls at once; others wait in line, first come first served. The line is bounded, and who could not be answered before
 * its deadline, as calls have lasted so far, is turned away at once, so that a busy model does not work for nobody.
 */
import type { Clock, CompletionEngine, CompletionOptions } from '../../spec/index.ts'
import { timeLeft } from './deadline.ts'
import { callAborted, engineFailure } from './failure.ts'

export interface ConcurrencyOptions {
  /** Calls at once. Default 8. */
  readonly concurrency?: number
  /** Calls that may wait. Default 64. */
  readonly queue?: number
}

/** How much the newest call counts in the usual length of a call. */
const NEWEST = 0.2

export function withConcurrency(engine: CompletionEngine, options: ConcurrencyOptions, clock: Clock): CompletionEngine {
  const line = new Line(options, clock)
  return {
    ...engine,
    complete: (request, call = {}) => line.run(call, () => engine.complete(request, call)),
  }
}

/** The line before a model. */
export class Line {
  readonly #places: number
  readonly #longest: number
  readonly #clock: Clock
  readonly #waiting = new Set<() => void>()
  #running = 0
  /** Milliseconds a call usually takes; null before the first was answered. */
  #usual: number | null = null

  constructor({ concurrency = 8, queue = 64 }: ConcurrencyOptions, clock: Clock) {
    this.#places = concurrency
    this.#longest = queue
    this.#clock = clock
  }

  /** Does the work when its turn has come. Rejects with `aborted` when the signal fires first, `rate_limited` where the line is too long. */
  async run<Answer>(call: CompletionOptions, work: () => Promise<Answer>): Promise<Answer> {
    if (call.signal?.aborted === true) throw callAborted()
    if (this.#running < this.#places) this.#running += 1
    else await this.#turn(call)
    const started = this.#clock.now()
    try {
      const answer = await work()
      const took = this.#clock.now() - started
      this.#usual = this.#usual === null ? took : this.#usual + NEWEST * (took - this.#usual)
      return answer
    } finally {
      this.#leave()
    }
  }

  /** Hands the place on to whoever waits longest. */
  #leave(): void {
    const [next] = this.#waiting
    if (next === undefined) this.#running -= 1
    else next()
  }

  /** Resolves when a place is free, which then is the caller's. */
  #turn({ signal, deadline }: CompletionOptions): Promise<void> {
    const waiting = this.#waiting
    if (waiting.size >= this.#longest)
      throw overloaded(`${waiting.size} calls wait for the model already. Raise concurrency or queue, or ask it less.`)
    const clock = this.#clock
    if (deadline !== undefined && this.#usual !== null) {
      const rounds = Math.floor(waiting.size / this.#places) + 2
      if (clock.now() + rounds * this.#usual > deadline)
        throw overloaded('The model is too busy to answer before the deadline. Raise concurrency or the deadline.')
    }
    return new Promise((resolve, reject) => {
      const end = (): void => {
        waiting.delete(mine)
        signal?.removeEventListener('abort', leave)
        if (timer !== null) clock.clearTimeout(timer)
      }
      const mine = (): void => (end(), resolve())
      const leave = (): void => (end(), reject(callAborted()))
      const expire = (): void => (end(), reject(overloaded('The deadline passed while the call waited for the model.')))
      const timer = deadline === undefined ? null : clock.setTimeout(expire, timeLeft(deadline, clock))
      waiting.add(mine)
      signal?.addEventListener('abort', leave, { once: true })
    })
  }
}

function overloaded(message: string): Error {
  return engineFailure('overloaded', message)
}
