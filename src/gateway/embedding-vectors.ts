/**
 * The answer of a model server to a request for embeddings, read strictly and written anew: as many vectors as texts, all of the
 * same length, of finite numbers, in the form that was asked for. Nothing else of the answer is passed on but an id of the model
 * and counts, so no words can come along.
 *
 * Vectors in the other form are converted: many servers ignore `encoding_format`, and clients that asked for base64 would read
 * numbers out of a list as bytes.
 */
import type { EmbeddingBody, EmbeddingListBody, JsonObject, JsonValue } from '../contract/index.ts'
import { asArray, isJsonObject } from '../contract/index.ts'
import { looksLikeId } from './looks-like-id.ts'
import { upstreamError } from './upstream/failure.ts'

/** What was asked for. */
export interface VectorWish {
  /** Texts to embed. */
  readonly count: number
  readonly format: 'float' | 'base64'
  readonly dimensions?: number
  /** Named in the answer when the server names none. */
  readonly model: string
}

const LONGEST_VECTOR = 65_536
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

/** Throws `upstream_error`. */
export function readEmbeddings(answer: JsonObject, wish: VectorWish): EmbeddingListBody {
  const { data, model, usage } = answer
  if (!Array.isArray(data)) throw upstreamError('The model server sent something that is no list of embeddings.')
  if (data.length !== wish.count) {
    throw upstreamError(`The model server sent ${data.length} embeddings for ${wish.count} texts.`)
  }
  const vectors: (EmbeddingBody | undefined)[] = Array.from({ length: wish.count }, () => undefined)
  let length = wish.dimensions
  asArray(data).forEach((item, position) => {
    if (!isJsonObject(item)) throw upstreamError('The model server sent an embedding that is not an object.')
    const index = item['index'] ?? position
    if (typeof index !== 'number' || !(index in vectors) || vectors[index] !== undefined)
      throw upstreamError('The model server sent embeddings with wrong indices.')
    const vector = readVector(item['embedding'])
    length ??= vector.length
    if (vector.length !== length) throw upstreamError(lengthMessage(vector.length, length, wish))
    vectors[index] = {
      object: 'embedding',
      index,
      embedding: wish.format === 'base64' ? vector.base64() : vector.numbers(),
    }
  })
  const counted = countsOf(usage)
  return {
    object: 'list',
    data: vectors.filter((vector) => vector !== undefined),
    model: looksLikeId(model) ? model : wish.model,
    ...(counted === null ? {} : { usage: counted }),
  }
}

function lengthMessage(length: number, wanted: number, { dimensions }: VectorWish): string {
  return dimensions === undefined
    ? 'The model server sent embeddings of different lengths.'
    : `The model server sent embeddings of ${length} numbers instead of ${wanted}; leave \`dimensions\` out for this model.`
}

/** A vector in either form. */
interface Vector {
  readonly length: number
  numbers(): readonly number[]
  base64(): string
}

function readVector(value: JsonValue | undefined): Vector {
  const vector = typeof value === 'string' ? fromBase64(value) : Array.isArray(value) ? fromNumbers(value) : null
  if (vector === null || vector.length === 0 || vector.length > LONGEST_VECTOR)
    throw upstreamError(
      'The model server sent an embedding that is neither a list of numbers nor base64 of 32-bit floats.',
    )
  return vector
}

function fromNumbers(value: readonly JsonValue[]): Vector | null {
  if (!value.every((item) => typeof item === 'number' && Number.isFinite(item))) return null
  const numbers = value as readonly number[]
  return {
    length: numbers.length,
    numbers: () => numbers,
    base64() {
      const bytes = Buffer.alloc(numbers.length * 4)
      numbers.forEach((item, index) => {
        if (!Number.isFinite(Math.fround(item)))
          throw upstreamError('The model server sent an embedding beyond 32-bit floats.')
        bytes.writeFloatLE(item, index * 4)
      })
      return bytes.toString('base64')
    },
  }
}

function fromBase64(value: string): Vector | null {
  if (!BASE64.test(value)) return null
  const bytes = Buffer.from(value, 'base64')
  if (bytes.length % 4 !== 0 || bytes.toString('base64') !== value) return null
  const numbers = Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4))
  if (!numbers.every(Number.isFinite)) return null
  return { length: numbers.length, numbers: () => numbers, base64: () => value }
}

function countsOf(usage: JsonValue | undefined): NonNullable<EmbeddingListBody['usage']> | null {
  if (!isJsonObject(usage)) return null
  const { prompt_tokens: prompt, total_tokens: total } = usage
  return typeof prompt === 'number' && typeof total === 'number' ? { prompt_tokens: prompt, total_tokens: total } : null
}
