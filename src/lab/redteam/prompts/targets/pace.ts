/** How fast questions may follow each other: a rate of one's own, and pauses a server asked for, which hold for everybody. */
import { ParapetError } from '../../../../spec/index.ts'

export class Pace {
  readonly #gap: number
  #next = 0
  #heldUntil = 0

  /** @throws ParapetError `configuration` for a rate that is none */
  constructor(perMinute?: number) {
    if (perMinute !== undefined && !(perMinute > 0 && perMinute < Infinity))
      throw new ParapetError('configuration', 'The rate must be a number of questions a minute, above 0.')
    this.#gap = perMinute === undefined ? 0 : 60_000 / perMinute
  }

  /** Nobody gets a turn for so many milliseconds. */
  holdFor(milliseconds: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, performance.now() + milliseconds)
  }

  /** Resolves when it is one's turn; rejects with `aborted`. */
  async turn(signal?: AbortSignal): Promise<void> {
    const now = performance.now()
    const mine = Math.max(now, this.#next)
    this.#next = mine + this.#gap
    if (mine > now) await this.sleep(mine - now, signal)
    // Another 429 may come while waiting.
    for (let left = this.#heldUntil - performance.now(); left > 0; left = this.#heldUntil - performance.now())
      await this.sleep(left, signal)
    if (signal?.aborted === true) throw stopped()
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer)
        reject(stopped())
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', leave)
        resolve()
      }, milliseconds)
      if (signal?.aborted === true) leave()
      else signal?.addEventListener('abort', leave, { once: true })
    })
  }
}

function stopped(): ParapetError {
  return new ParapetError('aborted', 'The run was stopped.')
}
