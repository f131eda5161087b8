/**
 * Who is answered next, and by which sequence. A free sequence goes to the waiting call that begins most like what it keeps, since that
 * call is the cheapest; nobody is passed over for ever. The line is bounded.
 */
import type { Clock, CompletionOptions } from '../../spec/index.ts'
import { timeLeft } from '../calls/deadline.ts'
import { callAborted, engineFailure } from '../calls/failure.ts'
import type { KeptSequence } from './kept-sequence.ts'
import type { Token } from './node-llama-cpp.ts'

/** Calls that may overtake the one that waits longest. */
const PATIENCE = 32

interface Waiting {
  readonly prompt: readonly Token[]
  readonly start: (sequence: KeptSequence) => void
}

export class SequenceLine {
  readonly #free: KeptSequence[]
  readonly #longest: number
  readonly #clock: Clock
  /** Oldest first. */
  readonly #waiting = new Set<Waiting>()
  #overtaken = 0

  constructor(sequences: readonly KeptSequence[], longest: number, clock: Clock) {
    this.#free = [...sequences]
    this.#longest = longest
    this.#clock = clock
  }

  /** Rejects with `overloaded` where the line is full or the deadline passes in it, with `aborted` when the signal fires. */
  async run<Value>(
    prompt: readonly Token[],
    call: CompletionOptions,
    work: (sequence: KeptSequence) => Promise<Value>,
  ): Promise<Value> {
    const sequence = this.#take(prompt) ?? (await this.#turn(prompt, call))
    try {
      return await work(sequence)
    } finally {
      this.#release(sequence)
    }
  }

  /** Of the free sequences the one that keeps most of the prompt; of equals the one that was used longest ago. */
  #take(prompt: readonly Token[]): KeptSequence | undefined {
    const best = mostShared(this.#free, (sequence) => sequence.shared(prompt))
    if (best !== undefined) this.#free.splice(this.#free.indexOf(best), 1)
    return best
  }

  #release(sequence: KeptSequence): void {
    const [oldest] = this.#waiting
    if (oldest === undefined) {
      this.#free.push(sequence)
      return
    }
    const best = mostShared([...this.#waiting], ({ prompt }) => sequence.shared(prompt)) ?? oldest
    const next = this.#overtaken >= PATIENCE ? oldest : best
    this.#overtaken = next === oldest ? 0 : this.#overtaken + 1
    next.start(sequence)
  }

  #turn(prompt: readonly Token[], { signal, deadline }: CompletionOptions): Promise<KeptSequence> {
    const [waiting, clock] = [this.#waiting, this.#clock]
    if (waiting.size >= this.#longest)
      throw engineFailure(
        'overloaded',
        `${waiting.size} calls wait for the model already. Raise queue or sequences, or ask it less.`,
      )
    return new Promise((resolve, reject) => {
      const end = (): void => {
        if (waiting.values().next().value === mine) this.#overtaken = 0
        waiting.delete(mine)
        signal?.removeEventListener('abort', leave)
        if (timer !== null) clock.clearTimeout(timer)
      }
      const mine: Waiting = { prompt, start: (sequence) => (end(), resolve(sequence)) }
      const leave = (): void => (end(), reject(callAborted()))
      const expire = (): void => (
        end(),
        reject(engineFailure('overloaded', 'The deadline passed while the call waited for the model.'))
      )
      const timer = deadline === undefined ? null : clock.setTimeout(expire, timeLeft(deadline, clock))
      waiting.add(mine)
      signal?.addEventListener('abort', leave, { once: true })
    })
  }
}

/** The first of those with the largest share. */
function mostShared<Item>(items: readonly Item[], shared: (item: Item) => number): Item | undefined {
  let best: { readonly item: Item; readonly share: number } | undefined
  for (const item of items) {
    const share = shared(item)
    if (best === undefined || share > best.share) best = { item, share }
  }
  return best?.item
}
