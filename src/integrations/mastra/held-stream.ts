/**
 * A guarded stream that is fed piece by piece and asked what may leave: what a hook needs that is called once for every chunk.
 *
 * What was let through waits here until it is taken. Nothing leaves after a stop.
 */
import type { GuardedPart, GuardedStream, StreamErrorPart, StreamPart } from '../../spec/index.ts'

export type Shown = Exclude<GuardedPart, StreamErrorPart>

export class HeldStream {
  readonly #fed: StreamPart[] = []
  #closed = false
  #more: () => void = () => undefined
  readonly #shown: Shown[] = []
  #stop: StreamErrorPart | Error | null = null
  #arrived: () => void = () => undefined
  readonly #ended: Promise<void>

  /** @param guardStream puts the guard around the parts that are fed */
  constructor(guardStream: (source: AsyncIterable<StreamPart>) => GuardedStream<GuardedPart>) {
    this.#ended = this.#read(guardStream(this.#source()))
  }

  /** Why nothing more leaves: the stream's last part, or a defect; null while it goes on. */
  get stop(): StreamErrorPart | Error | null {
    return this.#stop
  }

  feed(...parts: readonly StreamPart[]): void {
    this.#fed.push(...parts)
    this.#more()
  }

  /** What was let through since it was last taken. */
  take(): readonly Shown[] {
    return this.#stop === null ? this.#shown.splice(0) : []
  }

  /** Resolves when everything fed so far was judged to its end, or stopped. */
  async settle(): Promise<void> {
    const mark = Symbol('mark')
    this.feed(
      { type: 'text', text: '', last: true },
      { type: 'reasoning', text: '', last: true },
      { type: 'other', raw: mark },
    )
    for (;;) {
      const at = this.#shown.findIndex((part) => part.type === 'other' && part.raw === mark)
      if (at !== -1) this.#shown.splice(at, 1)
      if (at !== -1 || this.#stop !== null) return
      await new Promise<void>((resolve) => (this.#arrived = resolve))
    }
  }

  /** Ends the text. Resolves when all of it was judged. */
  async close(): Promise<void> {
    this.feed({ type: 'finish', reason: 'stop' })
    this.#closed = true
    this.#more()
    await this.#ended
  }

  async *#source(): AsyncGenerator<StreamPart> {
    for (;;) {
      const part = this.#fed.shift()
      if (part !== undefined) yield part
      else if (this.#closed) return
      else await new Promise<void>((resolve) => (this.#more = resolve))
    }
  }

  async #read(guarded: GuardedStream<GuardedPart>): Promise<void> {
    try {
      for await (const part of guarded) {
        if (part.type === 'error') this.#stop = part
        else this.#shown.push(part)
        this.#arrived()
      }
      if (!this.#closed) this.#stop ??= new Error('The guarded stream ended before the text did.')
    } catch (cause) {
      this.#stop = cause instanceof Error ? cause : new Error('The text could not be judged.')
    }
    this.#arrived()
  }
}
