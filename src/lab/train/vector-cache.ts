/** Vectors of texts on disk, for one encoder: encoding is what a training run waits for longest. Texts are kept as hashes only. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { readModelFile, writeModelFile } from '../../nn/model-file.ts'
import { ParapetError } from '../../spec/errors.ts'
import { writeAtomically } from './write-atomically.ts'

const KIND = 'parapet-vectors'
const HASH_BYTES = 16

/** Looks up and adds by text. */
export class VectorCache {
  readonly #path: string
  readonly #encoder: string
  readonly #vectors = new Map<string, Float32Array>()
  #saved = 0

  private constructor(path: string, encoder: string) {
    this.#path = path
    this.#encoder = encoder
  }

  /** What an earlier run kept for the same encoder; empty where there is none. Throws `configuration` for a damaged file. */
  static open(path: string, encoder: string): VectorCache {
    const cache = new VectorCache(path, encoder)
    if (existsSync(path)) cache.#read()
    return cache
  }

  get(text: string): Float32Array | undefined {
    return this.#vectors.get(keyOf(text))
  }

  set(text: string, vector: Float32Array): void {
    this.#vectors.set(keyOf(text), vector)
  }

  /** Writes the file when there is something new. */
  save(): void {
    if (this.#vectors.size === this.#saved) return
    const [first] = this.#vectors.values()
    const width = first?.length ?? 0
    const values = new Float32Array(width * this.#vectors.size)
    const keys = Buffer.alloc(HASH_BYTES * this.#vectors.size)
    let row = 0
    for (const [key, vector] of this.#vectors) {
      keys.write(key, HASH_BYTES * row, 'hex')
      values.set(vector, width * row)
      row += 1
    }
    const blocks = new Map<string, Uint8Array>([
      ['keys', keys],
      ['vectors', new Uint8Array(values.buffer)],
    ])
    writeAtomically(this.#path, writeModelFile({ kind: KIND, encoder: this.#encoder, width }, blocks))
    this.#saved = this.#vectors.size
  }

  #read(): void {
    const { header, blocks } = this.#parts()
    if (header['kind'] !== KIND || header['encoder'] !== this.#encoder) return
    const width = Number(header['width'])
    const keys = Buffer.from(blocks.get('keys') ?? [])
    const values = new Float32Array((blocks.get('vectors') ?? new Uint8Array()).slice().buffer)
    for (let row = 0; row < keys.length / HASH_BYTES; row += 1)
      this.#vectors.set(
        keys.toString('hex', HASH_BYTES * row, HASH_BYTES * (row + 1)),
        values.subarray(width * row, width * (row + 1)),
      )
    this.#saved = this.#vectors.size
  }

  #parts(): ReturnType<typeof readModelFile> {
    const bytes = new Uint8Array(readFileSync(this.#path))
    try {
      return readModelFile(bytes, this.#path)
    } catch (cause) {
      const message = `The vectors in ${this.#path} are damaged. Remove the file: they are computed again.`
      throw new ParapetError('configuration', message, { cause })
    }
  }
}

function keyOf(text: string): string {
  return createHash('sha256')
    .update(text)
    .digest('hex')
    .slice(0, 2 * HASH_BYTES)
}
