/**
 * Files in the forms the provider interfaces know: bytes, base64, URLs, and the tagged forms of version 4. A file whose media
 * type is textual and whose bytes are here is a text that can be judged and written back; any other is a medium.
 */
import { isTextual } from '../../core/stream/parts.ts'
import type { MediaPart } from '../../spec/index.ts'

/** A file as it can be judged. */
export type ReadFile =
  | {
      readonly kind: 'text'
      readonly text: string
      /** The data with another text, in the form it came in. */
      write(text: string): unknown
    }
  | {
      readonly kind: 'medium'
      readonly part: MediaPart
      /** Where it lives, when that is all that is known of it. */
      readonly url?: string
    }

/** @param data bytes, base64, a URL, or one of version 4's tagged forms */
export function readFile(data: unknown, mediaType: string | undefined): ReadFile {
  const type = mediaType ?? 'application/octet-stream'
  if (data instanceof Uint8Array)
    return readBytes(
      data,
      type,
      (bytes) => bytes,
      () => toBase64(data),
    )
  if (typeof data === 'string') return readString(data, type, (text) => text)
  if (data instanceof URL) return readUrl(data, type, (url) => new URL(url))
  if (typeof data !== 'object' || data === null || !('type' in data)) return medium(type, () => '')
  const tagged = data as {
    readonly type: unknown
    readonly data?: unknown
    readonly url?: unknown
    readonly text?: unknown
  }
  switch (tagged.type) {
    case 'text':
      if (typeof tagged.text !== 'string') break
      return { kind: 'text', text: tagged.text, write: (text) => ({ ...tagged, text }) }
    case 'data': {
      const inner = readFile(tagged.data, type)
      return inner.kind === 'text' ? { ...inner, write: (text) => ({ ...tagged, data: inner.write(text) }) } : inner
    }
    case 'url': {
      const inner = readUrl(tagged.url, type, (url) => ({ type: 'url', url: new URL(url) }))
      return inner
    }
    default:
      break
  }
  return medium(type, () => '')
}

function readBytes(
  bytes: Uint8Array,
  mediaType: string,
  write: (bytes: Uint8Array) => unknown,
  source: () => string,
): ReadFile {
  const text = isTextual(mediaType) ? decode(bytes) : null
  if (text === null) return medium(mediaType, source)
  return { kind: 'text', text, write: (changed) => write(new TextEncoder().encode(changed)) }
}

function readString(base64: string, mediaType: string, wrap: (base64: string) => unknown): ReadFile {
  const bytes = isTextual(mediaType) ? fromBase64(base64) : null
  if (bytes === null) return medium(mediaType, () => base64)
  return readBytes(
    bytes,
    mediaType,
    (changed) => wrap(toBase64(changed)),
    () => base64,
  )
}

const DATA_URL = /^data:([^;,]*)((?:;[^;,]*)*),/i

function readUrl(value: unknown, mediaType: string, wrap: (url: string) => unknown): ReadFile {
  const url = value instanceof URL || typeof value === 'string' ? String(value) : ''
  const head = DATA_URL.exec(url)
  if (head === null) return { ...medium(mediaType, () => url), url }
  const [prefix, ownType = '', parameters = ''] = head
  const type = isTextual(mediaType) || ownType === '' ? mediaType : ownType
  if (/;base64$/i.test(parameters))
    return readString(url.slice(prefix.length), type, (base64) => wrap(`${prefix}${base64}`))
  const text = isTextual(type) ? decodePercent(url.slice(prefix.length)) : null
  if (text === null) return medium(type, () => url)
  return { kind: 'text', text, write: (changed) => wrap(`${prefix}${encodeURIComponent(changed)}`) }
}

/** Its data is turned into text when somebody looks, and once. */
function medium(mediaType: string, read: () => string): Extract<ReadFile, { kind: 'medium' }> {
  let known: string | null = null
  return {
    kind: 'medium',
    part: {
      type: 'media',
      mediaType,
      get source() {
        return (known ??= read())
      },
    },
  }
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

function decodePercent(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

function fromBase64(text: string): Uint8Array | null {
  try {
    // Some packages use the alphabet for URLs.
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
    const bytes = new Uint8Array(binary.length)
    for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index)
    return bytes
  } catch {
    return null
  }
}

const STRIDE = 0x8000

function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (let at = 0; at < bytes.length; at += STRIDE) binary += String.fromCharCode(...bytes.subarray(at, at + STRIDE))
  return btoa(binary)
}
