/**
 * Which fields of a completion mean what, and what of them may be passed on. Ids, names and counts are passed on as long as they
 * look like it: no words fit through. Everything else is judged or left out.
 */
import type { JsonObject, JsonValue } from '../../../contract/index.ts'
import { isJsonObject } from '../../../contract/index.ts'
import type { FilePart } from '../../../spec/index.ts'
import { carriesText } from '../../carries-text.ts'
import { looksLikeId } from '../../looks-like-id.ts'
import type { CompletionRaw, WireField } from './raw.ts'

export const ANSWER_KEYS: ReadonlySet<string> = new Set([
  'id',
  'object',
  'created',
  'model',
  'system_fingerprint',
  'service_tier',
  'usage',
  'choices',
  'error',
])
export const CHOICE_KEYS: ReadonlySet<string> = new Set(['index', 'text', 'finish_reason', 'logprobs'])

const WORD = /^[a-z][a-z_]{0,31}$/
/** No words fit through such a key. */
const PLAIN_KEY = /^[a-z][a-z0-9_]{0,63}$/

/** Id, time, model and the like, as far as they are there and look like it. */
export function envelopeOf(answer: JsonObject): JsonObject {
  const { id, created, model, system_fingerprint: fingerprint, service_tier: tier } = answer
  return {
    ...(looksLikeId(id) ? { id } : {}),
    object: 'text_completion',
    ...(typeof created === 'number' ? { created } : {}),
    ...(looksLikeId(model) ? { model } : {}),
    ...(fingerprint === null || looksLikeId(fingerprint) ? { system_fingerprint: fingerprint } : {}),
    ...(tier === null || (typeof tier === 'string' && WORD.test(tier)) ? { service_tier: tier } : {}),
    ...(answer['usage'] === null ? { usage: null } : {}),
  }
}

/** Reasons are a short list of words. */
export function finishReason(reason: JsonValue): string {
  return typeof reason === 'string' && WORD.test(reason) ? reason : 'stop'
}

/** Counts of tokens and the like: numbers, at any depth, and nothing else. */
export function countsOf(value: JsonObject): JsonObject {
  const counts: Record<string, JsonValue> = {}
  for (const [key, item] of Object.entries(value)) {
    if (!PLAIN_KEY.test(key)) continue
    if (typeof item === 'number' || item === null) counts[key] = item
    else if (isJsonObject(item)) counts[key] = countsOf(item)
  }
  return counts
}

/** Fields nobody here knows. */
export interface UnknownFields {
  /** Numbers, switches and nulls: passed on as they are. */
  readonly silent: JsonObject
  /** Carry words: judged as files of text. */
  readonly parts: readonly FilePart[]
}

/**
 * Sorts them. Lists of numbers are left out: they can be the tokens or the characters of a text, and nobody can judge them.
 * @param choice absent for fields of the answer
 */
export function unknownFields(
  holder: JsonObject,
  known: ReadonlySet<string>,
  envelope: JsonObject,
  choice?: number,
): UnknownFields {
  const silent: Record<string, JsonValue> = {}
  const parts: FilePart[] = []
  for (const [key, value] of Object.entries(holder)) {
    if (value === undefined || known.has(key) || listsNumbers(value)) continue
    const named = PLAIN_KEY.test(key)
    if (named && !carriesText(value)) {
      silent[key] = value
      continue
    }
    const form = !named ? 'entry' : typeof value === 'string' ? 'text' : 'json'
    const data = form === 'text' ? String(value) : JSON.stringify(form === 'json' ? value : { [key]: value })
    const field: WireField = { scope: choice === undefined ? 'answer' : 'choice', key, form }
    const raw: CompletionRaw = { kind: 'field', field, envelope }
    const at = choice === undefined ? {} : { choice }
    parts.push({ type: 'file', mediaType: 'text/plain', data, beside: true, raw, ...at })
  }
  return { silent, parts }
}

function listsNumbers(value: JsonValue): boolean {
  if (Array.isArray(value)) return value.some((item: JsonValue) => typeof item === 'number' || listsNumbers(item))
  return isJsonObject(value) && Object.values(value).some((item) => item !== undefined && listsNumbers(item))
}
