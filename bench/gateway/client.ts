/**
 * A small HTTP/1.1 client over one kept-alive socket, for the load generator: it costs a fraction of what `node:http` costs, so that
 * the generator is not what is measured. One request at a time, bodies with a length or in chunks.
 *
 * Only what the contenders of this benchmark send is understood: no pipelining, no compression, no trailers.
 */
import type { Socket } from 'node:net'
import { connect } from 'node:net'

/** Where a contender listens and what it wants beside the body. */
export interface Target {
  readonly port: number
  readonly headers: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  readonly body: string
}

const END_OF_HEAD = Buffer.from('\r\n\r\n')
/** A request that gets no answer for so long has failed, milliseconds. */
const PATIENCE = 20_000

/** One connection. */
export class Connection {
  readonly #target: Target
  #socket: Socket | null = null
  #exchange: Exchange | null = null

  constructor(target: Target) {
    this.#target = target
  }

  /** Sends one request; `onBody` sees the body as it arrives. Rejects when the connection breaks. */
  post(body: string, onBody?: (piece: Buffer) => void): Promise<Answer> {
    const { headers } = this.#target
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n${lines.join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n`
    return new Promise((resolve, reject) => {
      const socket = this.#open()
      const timer = setTimeout(() => socket.destroy(new Error('no answer in time')), PATIENCE)
      const done = (): void => {
        clearTimeout(timer)
        this.#exchange = null
      }
      this.#exchange = new Exchange(
        onBody,
        (answer) => (done(), resolve(answer)),
        (error) => (done(), reject(error)),
      )
      socket.write(head + body)
    })
  }

  close(): void {
    this.#socket?.destroy()
    this.#socket = null
  }

  #open(): Socket {
    if (this.#socket !== null && !this.#socket.destroyed) return this.#socket
    const socket = connect({ port: this.#target.port, host: '127.0.0.1', noDelay: true })
    const broken = (error: Error): void => {
      if (this.#socket === socket) this.#socket = null
      this.#exchange?.fail(error)
    }
    socket.on('data', (chunk) => this.#exchange?.take(chunk))
    socket.on('error', broken)
    socket.on('close', () => broken(new Error('the connection was closed')))
    this.#socket = socket
    return socket
  }
}

/** One answer as it arrives. */
class Exchange {
  readonly fail: (error: Error) => void
  readonly #onBody: ((piece: Buffer) => void) | undefined
  readonly #done: (answer: Answer) => void
  #waiting: Buffer = Buffer.alloc(0)
  #status = 0
  /** Bytes of the body, or of the current chunk, still to come; -1 before a chunk's size is known. */
  #left = 0
  #chunked = false
  #inBody = false
  readonly #pieces: Buffer[] = []

  constructor(
    onBody: ((piece: Buffer) => void) | undefined,
    done: (answer: Answer) => void,
    fail: (error: Error) => void,
  ) {
    this.#onBody = onBody
    this.#done = done
    this.fail = fail
  }

  take(data: Buffer): void {
    this.#waiting = this.#waiting.length === 0 ? data : Buffer.concat([this.#waiting, data])
    if (!this.#inBody && !this.#readHead()) return
    if (this.#chunked) this.#readChunks()
    else this.#readLength()
  }

  #readHead(): boolean {
    const end = this.#waiting.indexOf(END_OF_HEAD)
    if (end < 0) return false
    const head = this.#waiting.toString('latin1', 0, end).toLowerCase()
    this.#status = Number(head.slice(9, 12))
    this.#chunked = head.includes('transfer-encoding: chunked')
    this.#left = this.#chunked ? -1 : Number(/content-length: (\d+)/.exec(head)?.[1] ?? 0)
    this.#waiting = this.#waiting.subarray(end + 4)
    this.#inBody = true
    return true
  }

  #readLength(): void {
    const piece = this.#waiting.subarray(0, this.#left)
    this.#waiting = this.#waiting.subarray(piece.length)
    this.#left -= piece.length
    this.#body(piece)
    if (this.#left === 0) this.#finish()
  }

  #readChunks(): void {
    for (;;) {
      if (this.#left < 0) {
        const end = this.#waiting.indexOf('\r\n')
        if (end < 0) return
        this.#left = Number.parseInt(this.#waiting.toString('latin1', 0, end), 16)
        if (this.#left === 0 && this.#waiting.length < end + 4) {
          this.#left = -1
          return
        }
        this.#waiting = this.#waiting.subarray(end + 2)
        if (this.#left === 0) {
          this.#finish()
          return
        }
      }
      // A chunk ends with a line break, which has to be there too.
      if (this.#waiting.length < this.#left + 2) return
      this.#body(this.#waiting.subarray(0, this.#left))
      this.#waiting = this.#waiting.subarray(this.#left + 2)
      this.#left = -1
    }
  }

  #body(piece: Buffer): void {
    if (piece.length === 0) return
    if (this.#onBody === undefined) this.#pieces.push(piece)
    else this.#onBody(piece)
  }

  #finish(): void {
    this.#done({ status: this.#status, body: Buffer.concat(this.#pieces).toString('utf8') })
  }
}
