/**
 * Images, recordings and files in the parts of chat messages: what guards look at, and which words stand beside it (a file's name,
 * a field nobody knows), which are judged as text.
 */
import type { JsonObject, JsonValue } from '../../../contract/index.ts'
import { asArray, asString, isJsonObject } from '../../../contract/index.ts'
import { mediumType } from '../../../core/pipeline/media.ts'
import type { MediaPart } from '../../../spec/index.ts'
import { carriesText } from '../../carries-text.ts'

/** A medium of a message. */
export interface WireMedium {
  readonly part: MediaPart
  /** What of the wire part is neither the medium nor a mere setting; null when that carries no words. */
  readonly beside: JsonObject | null
}

type Draft = Record<string, unknown>

const FORMAT = /^[\w.+-]{1,32}$/
/** Keys whose values are settings or ids, as long as they look like one. */
const SETTINGS: ReadonlySet<string> = new Set([
  'type',
  'detail',
  'format',
  'file_id',
  'id',
  'index',
  'cache_control',
  'ttl',
])
const SETTING = /^[\w.:/+-]{1,128}$/
/** Under which keys of an answer's media guards find something to look at. */
const SOURCES: ReadonlySet<string> = new Set([
  'url',
  'image_url',
  'video_url',
  'audio_url',
  'data',
  'b64_json',
  'file_data',
])

/** The medium in a part of a message; null when the part is none of the known ones. */
export function readMedium(part: JsonObject): WireMedium | null {
  switch (part['type']) {
    case 'image_url':
    case 'input_image':
    case 'image':
      return medium(part, urlOf(part['image_url'] ?? part['image']), 'image/*')
    case 'video_url':
      return medium(part, urlOf(part['video_url']), 'video/*')
    case 'audio_url':
      return medium(part, urlOf(part['audio_url']), 'audio/*')
    case 'input_audio': {
      const audio = isJsonObject(part['input_audio']) ? part['input_audio'] : {}
      const format = asString(audio['format']) ?? ''
      return medium(part, asString(audio['data']) ?? '', `audio/${FORMAT.test(format) ? format : '*'}`)
    }
    case 'file':
    case 'input_file': {
      const file = isJsonObject(part['file']) ? part['file'] : part
      return medium(part, asString(file['file_data']) ?? asString(file['file_id']) ?? '', 'application/octet-stream')
    }
    default:
      return null
  }
}

function urlOf(value: unknown): string {
  return asString(value) ?? (isJsonObject(value) ? (asString(value['url']) ?? '') : '')
}

/** A model takes the part for what the part says it is; a data URL may only say it more exactly. */
function medium(part: JsonObject, source: string, kind: string): WireMedium {
  return { part: { type: 'media', mediaType: mediumType(kind, source), source }, beside: wordsBeside(part, source) }
}

function wordsBeside(holder: JsonObject, source: string): JsonObject | null {
  const words: Record<string, JsonValue> = {}
  for (const [key, value] of Object.entries(holder)) {
    if (value === undefined || (value === source && source !== '') || isSetting(key, value)) continue
    const kept = isJsonObject(value) ? wordsBeside(value, source) : carriesText(value) ? value : null
    if (kept !== null) words[key] = kept
  }
  return Object.keys(words).length === 0 ? null : words
}

function isSetting(key: string, value: JsonValue): boolean {
  return typeof value === 'string' && SETTINGS.has(key) && SETTING.test(value)
}

/** Writes the words beside a medium back into its part. What is no JSON any more is left out. */
export function writeBeside(target: Draft, before: JsonObject, text: string): void {
  let after: unknown
  try {
    after = JSON.parse(text)
  } catch {
    after = null
  }
  replaceWords(target, before, isJsonObject(after) ? after : {})
}

function replaceWords(target: Draft, before: JsonObject, after: JsonObject): void {
  for (const [key, value] of Object.entries(before)) {
    const [inner, next] = [target[key], after[key]]
    if (isJsonObject(value) && isJsonObject(inner)) replaceWords(inner, value, isJsonObject(next) ? next : {})
    else if (next === undefined) delete target[key]
    else target[key] = next
  }
}

/**
 * What guards of media look at in a field of an answer. Nothing when it holds words as well: those would go on unjudged beside a
 * picture that passed.
 */
export function sourcesOf(value: JsonValue): readonly string[] {
  const sources: string[] = []
  return collect('', value, sources) ? sources : []
}

/** False when there is a text that is neither a source nor a setting. */
function collect(key: string, value: JsonValue, into: string[]): boolean {
  if (typeof value === 'string') {
    if (value === '' || isSetting(key, value)) return true
    if (!SOURCES.has(key) && key !== '') return false
    into.push(value)
    return true
  }
  if (Array.isArray(value)) return asArray(value).every((item) => collect(key, item, into))
  if (!isJsonObject(value)) return true
  return Object.entries(value).every(([name, item]) => item === undefined || collect(name, item, into))
}
