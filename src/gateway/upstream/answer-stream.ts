/**
 * The parts of a streamed answer, read from the bytes of server-sent events as they arrive.
 *
 * A plain iterator rather than generators: what has been read already is handed out without waiting, which is most of the time when
 * a server sends many events at once.
 */
import type { StreamPart } from '../../spec/index.ts'
import type { EventReader, ModelRequest } from '../protocols/protocol.ts'
import type { SseParser } from './sse.ts'
import { createSseParser } from './sse.ts'
import type { Watch } from './watch.ts'

export function createAnswerStream(
  body: AsyncIterable<Uint8Array>,
  request: Pick<ModelRequest, 'createEventReader'>,
  watch: Watch,
): AsyncIterableIterator<StreamPart> {
  return new AnswerStream(body[Symbol.asyncIterator](), request.createEventReader(), watch)
}

class AnswerStream implements AsyncIterableIterator<StreamPart> {
  readonly #bytes: AsyncIterator<Uint8Array>
  readonly #reader: EventReader
  readonly #watch: Watch
  readonly #parser: SseParser = createSseParser()
  #events: readonly string[] = []
  #nextEvent = 0
  #parts: readonly StreamPart[] = []
  #nextPart = 0
  #over = false

  constructor(bytes: AsyncIterator<Uint8Array>, reader: EventReader, watch: Watch) {
    this.#bytes = bytes
    this.#reader = reader
    this.#watch = watch
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<StreamPart>> {
    const part = this.#parts[this.#nextPart]
    if (part === undefined) return this.#fill()
    this.#nextPart += 1
    return Promise.resolve({ done: false, value: part })
  }

  return(): Promise<IteratorResult<StreamPart>> {
    this.#leave(false)
    return Promise.resolve({ done: true, value: undefined })
  }

  async #fill(): Promise<IteratorResult<StreamPart>> {
    try {
      while (!this.#over) {
        if (this.#reader.ended) {
          this.#leave(true)
          break
        }
        const data = this.#events[this.#nextEvent]
        if (data === undefined) {
          await this.#read()
          continue
        }
        this.#nextEvent += 1
        this.#parts = this.#reader.read(data)
        this.#nextPart = 1
        const [first] = this.#parts
        if (first !== undefined) {
          this.#watch.pause()
          return { done: false, value: first }
        }
      }
      return { done: true, value: undefined }
    } catch (cause) {
      this.#leave(false)
      throw this.#watch.explain(cause, 'The connection to the model server broke off.')
    }
  }

  async #read(): Promise<void> {
    this.#watch.touch()
    const step = await this.#bytes.next()
    this.#watch.touch()
    if (step.done === true) {
      this.#parser.end()
      this.#reader.end()
      this.#leave(true)
      return
    }
    this.#events = this.#parser.push(step.value)
    this.#nextEvent = 0
  }

  /** @param complete the answer is whole, so its connection can be used again */
  #leave(complete: boolean): void {
    if (this.#over) return
    this.#over = true
    this.#parts = []
    if (complete) letFinish(this.#bytes, this.#watch)
    else void Promise.resolve(this.#bytes.return?.()).catch(() => undefined)
    this.#watch.stop()
  }
}

/** After its end the body ends by itself and its connection can be used again; a server that goes on is cut off. */
function letFinish(iterator: AsyncIterator<Uint8Array>, watch: Watch): void {
  watch.complete()
  const timer = setTimeout(() => watch.cut(), 1000)
  timer.unref()
  iterator
    .next()
    .then(
      (step) => (step.done === true ? undefined : watch.cut()),
      () => undefined,
    )
    .finally(() => clearTimeout(timer))
}
