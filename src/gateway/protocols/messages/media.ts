/**
 * What stands in a content block that cannot be read as words: encoded bytes, files kept by the model server, links to images.
 * The policy says what becomes of them. Nothing is fetched or decoded here.
 */
import type { JsonObject, JsonValue } from '../../../contract/index.ts'
import { asString, isJsonObject } from '../../../contract/index.ts'

export interface Medium {
  readonly mediaType: string
  /** Base64, a link, or the id under which the model server keeps it. */
  readonly source: string
}

const ANY = 'application/octet-stream'
const MEDIA_TYPE = /^[\w.+-]{1,64}\/[\w.+*-]{1,64}$/

/** Blocks that name a file which a tool made or is given. */
const FILES: ReadonlySet<string> = new Set([
  'container_upload',
  'code_execution_output',
  'bash_code_execution_output',
  'file',
])

/** The medium in the `source` of an image or a document; null when it is text. */
export function mediumOf(source: JsonValue | undefined, fallback: string): Medium | null {
  if (!isJsonObject(source)) return { mediaType: fallback, source: '' }
  switch (source['type']) {
    case 'text':
    case 'content':
      return null
    case 'url':
      return { mediaType: fallback, source: asString(source['url']) ?? '' }
    case 'file':
      return { mediaType: fallback, source: asString(source['file_id']) ?? '' }
    default:
      return { mediaType: typeOf(source, fallback), source: asString(source['data']) ?? '' }
  }
}

/** All media in a value, at any depth. */
export function mediaIn(value: JsonValue | undefined): readonly Medium[] {
  if (Array.isArray(value)) return value.flatMap((inner: JsonValue) => mediaIn(inner))
  if (!isJsonObject(value)) return []
  const own = ownMedium(value)
  return own === null ? Object.values(value).flatMap((inner) => mediaIn(inner)) : [own]
}

function ownMedium(value: JsonObject): Medium | null {
  const type = asString(value['type']) ?? ''
  if (FILES.has(type) && typeof value['file_id'] === 'string') return { mediaType: ANY, source: value['file_id'] }
  if (type === 'base64') return mediumOf(value, ANY)
  if (type === 'url' && typeof value['url'] === 'string') return mediumOf(value, ANY)
  return null
}

function typeOf(source: JsonObject, fallback: string): string {
  const type = asString(source['media_type']) ?? ''
  return MEDIA_TYPE.test(type) ? type.toLowerCase() : fallback
}
