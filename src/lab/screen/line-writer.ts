/** A file of lines that is written piece by piece and appears whole or not at all. */
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { ParapetError } from '../../spec/errors.ts'

const BATCH = 1024 * 1024

export class LineWriter {
  readonly #path: string
  readonly #file: FileHandle
  #pieces: Uint8Array[] = []
  #length = 0

  private constructor(path: string, file: FileHandle) {
    this.#path = path
    this.#file = file
  }

  /** Throws `configuration` where the file cannot be written. */
  static async open(path: string): Promise<LineWriter> {
    try {
      return new LineWriter(path, await open(`${path}.partial`, 'w'))
    } catch (cause) {
      throw new ParapetError('configuration', `${path} cannot be written. Choose another path.`, { cause })
    }
  }

  /** A line feed is added; those inside, which only stand between the parts of a JSON value, become spaces. */
  async line(bytes: Uint8Array): Promise<void> {
    const broken = bytes.indexOf(10) !== -1 || bytes.indexOf(13) !== -1
    const whole = broken ? bytes.map((byte) => (byte === 10 || byte === 13 ? 32 : byte)) : bytes
    this.#pieces.push(whole, FEED)
    this.#length += whole.length + 1
    if (this.#length >= BATCH) await this.#flush()
  }

  async finish(): Promise<void> {
    await this.#flush()
    await this.#file.sync()
    await this.#file.close()
    await rename(`${this.#path}.partial`, this.#path)
  }

  async discard(): Promise<void> {
    await this.#file.close().catch(() => undefined)
    await rm(`${this.#path}.partial`, { force: true })
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#pieces)
    this.#pieces = []
    this.#length = 0
    await this.#file.appendFile(bytes)
  }
}

const FEED = Uint8Array.of(10)
