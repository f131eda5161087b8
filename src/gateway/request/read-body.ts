/**
 * Reads a request's body as a JSON object: never more than the limit, whatever `content-length` says or a compressed body
 * unfolds to, strict UTF-8, and checked by `json-inspection` before it is parsed.
 *
 * A missing or odd `content-type` is tolerated. Errors name a place, never what stands there.
 */
import { pipeline, Readable } from 'node:stream'
import type { Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import type { JsonObject } from '../../contract/index.ts'
import { isJsonObject } from '../../contract/index.ts'
import { ParapetError } from '../../spec/index.ts'
import type { GatewayRequest } from '../http/exchange.ts'
import type { JsonFault } from './json-inspection.ts'
import { inspectJson } from './json-inspection.ts'

export interface BodyRules {
  /** Bytes, before and after decompression. */
  readonly limit: number
  /** Refuse NUL characters and lone surrogates, which model servers choke on. */
  readonly strictUnicode: boolean
}

/** Deepest nesting of objects and lists in a body. */
const MAX_DEPTH = 100

/** The body as an object. Throws `input_invalid` or `input_too_large`. */
export async function readJsonBody(request: GatewayRequest, rules: BodyRules): Promise<JsonObject> {
  const text = decodeUtf8(await readBytes(request, rules.limit))
  const fault = inspectJson(text, { maxDepth: MAX_DEPTH, strictUnicode: rules.strictUnicode })
  if (fault !== null) throw invalidBody(faultMessage(fault))
  const value = parse(text)
  if (!isJsonObject(value)) throw invalidBody('The body must be a JSON object.')
  return value
}

async function readBytes(request: GatewayRequest, limit: number): Promise<Uint8Array> {
  const declared = request.header('content-length')
  if (declared !== undefined && Number(declared) > limit) throw tooLarge(limit)
  const encoding = (request.header('content-encoding') ?? 'identity').trim().toLowerCase()
  switch (encoding) {
    case '':
    case 'identity':
      return collect(request.body(), limit)
    case 'gzip':
    case 'x-gzip':
      return collect(decompressed(request, createGunzip()), limit)
    case 'deflate':
      return collect(decompressed(request, createInflate()), limit)
    case 'br':
      return collect(decompressed(request, createBrotliDecompress()), limit)
    default:
      throw new ParapetError('input_invalid', 'Send the body plain, or with content-encoding gzip, deflate or br.', {
        details: { param: 'content-encoding', httpStatus: 415 },
      })
  }
}

function decompressed(request: GatewayRequest, decompress: Transform): AsyncIterable<Uint8Array> {
  // A broken body ends the iteration with its error; there is nobody else to tell.
  return pipeline(Readable.from(request.body()), decompress, () => undefined)
}

async function collect(stream: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of stream) {
      size += chunk.byteLength
      if (size > limit) throw tooLarge(limit)
      chunks.push(chunk)
    }
  } catch (cause) {
    throw ParapetError.isInstance(cause) ? cause : unreadable(cause)
  }
  return concatenate(chunks, size)
}

function concatenate(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const [only] = chunks
  if (chunks.length === 1 && only !== undefined) return only
  const whole = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.byteLength
  }
  return whole
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw invalidBody('The body is not valid UTF-8.')
  }
}

function parse(text: string): unknown {
  if (text.trim() === '') throw invalidBody('The body is empty; send a JSON object.')
  try {
    return JSON.parse(text) as unknown
  } catch {
    // The parser's own message quotes the body.
    throw invalidBody('The body is not valid JSON.')
  }
}

function faultMessage(fault: JsonFault): string {
  switch (fault.kind) {
    case 'depth':
      return `The body is nested deeper than ${MAX_DEPTH} levels (offset ${fault.offset}).`
    case 'duplicate':
      return `An object in the body has the same key twice (offset ${fault.offset}).`
    case 'proto':
      return `An object in the body has the key __proto__ (offset ${fault.offset}).`
    case 'unicode':
      return `A string in the body holds a NUL character or half of a surrogate pair (offset ${fault.offset}).`
  }
}

function invalidBody(message: string): ParapetError {
  return new ParapetError('input_invalid', message, { details: { param: 'body' } })
}

function unreadable(cause: unknown): ParapetError {
  return new ParapetError('input_invalid', 'The body broke off or could not be decompressed.', {
    cause,
    details: { param: 'body' },
  })
}

function tooLarge(limit: number): ParapetError {
  return new ParapetError('input_too_large', `The body is larger than the limit of ${limit} bytes.`, {
    details: { param: 'body' },
  })
}
