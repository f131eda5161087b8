/**
 * The words in a JSON value, as one text that guards can read, and the value with that text changed.
 *
 * Every string is words, and so is every key that is not a plain field name, except what cannot be a sentence: identifiers,
 * short labels, times and sealed data in the fields that hold such, names the client itself has sent, and types the API knows.
 * The strings stand one below the other, as they are and not as JSON, where an escaped line break would hide the beginning of
 * a word. A change that does not leave each string its own place cannot be put back; then nothing of the value is passed on.
 */
import type { JsonObject, JsonValue } from '../../../contract/index.ts'
import { isJsonObject } from '../../../contract/index.ts'
import { upstreamError } from '../../upstream/failure.ts'
import { isKnownType } from './wire.ts'

/** Names and stop sequences that the client has sent; an answer that repeats one exactly says nothing of its own. */
export type Declared = ReadonlySet<string>

/** Keys and indexes from the value to a string. */
type Path = readonly (string | number)[]

interface Leaf {
  readonly path: Path
  readonly text: string
  /** The last key of the path is what is meant, not the value there. */
  readonly isKey: boolean
}

const MAX_DEPTH = 128

/** Sealed or encoded data. */
const OPAQUE = /^[A-Za-z0-9+/_=-]+$/
const IDENTIFIER = /^[\w.:/@+=-]{1,200}$/
const LABEL = /^[a-z0-9][a-z0-9_.-]{0,47}$/
const TIME = /^[\dTZ:.+-]{4,40}$/
const MEDIA_TYPE = /^[\w.+-]{1,64}\/[\w.+*-]{1,64}$/
const TOOL_NAME = /^[\p{L}\p{N}_.:/-]{1,128}$/u
const FIELD_NAME = /^[a-z][a-z0-9_]{0,39}$/

const FORMS: Readonly<Record<string, RegExp>> = {
  id: IDENTIFIER,
  tool_use_id: IDENTIFIER,
  file_id: IDENTIFIER,
  skill_id: IDENTIFIER,
  tool_id: IDENTIFIER,
  model: IDENTIFIER,
  signature: OPAQUE,
  encrypted_content: OPAQUE,
  encrypted_index: OPAQUE,
  encrypted_stdout: OPAQUE,
  fallback_credit_token: OPAQUE,
  expires_at: TIME,
  retrieved_at: TIME,
  media_type: MEDIA_TYPE,
  role: LABEL,
  stop_reason: LABEL,
  service_tier: LABEL,
  speed: LABEL,
  inference_geo: LABEL,
  error_code: LABEL,
  category: LABEL,
  file_type: LABEL,
  version: LABEL,
  ttl: LABEL,
  oversized_image: LABEL,
  toolset_name: LABEL,
}

const NAMES: ReadonlySet<string> = new Set(['name', 'tool_name', 'server_name', 'mcp_server_name', 'stop_sequence'])

/** Objects that hold sealed or encoded bytes as `data`. */
const BYTES: ReadonlySet<string> = new Set(['redacted_thinking', 'base64'])

/** Whether a tool's name is one: no sentence fits into it. */
export function isToolName(name: string): boolean {
  return TOOL_NAME.test(name)
}

/** Whether data can be no more than sealed or encoded bytes. */
export function isOpaque(data: string): boolean {
  return OPAQUE.test(data)
}

/** The words in a value, one string below the other; empty when there are none. Throws `upstream_error` when it is too deep. */
export function wordsIn(value: JsonValue, declared: Declared): string {
  const leaves = leavesOf(value, declared)
  return leaves.map(({ text }) => text).join(separatorOf(leaves))
}

/** The value with its words changed; null when the changed words do not fit into it. */
export function withWords<T extends JsonValue>(value: T, declared: Declared, words: string): T | null {
  const leaves = leavesOf(value, declared)
  const separator = separatorOf(leaves)
  if (words === leaves.map(({ text }) => text).join(separator)) return value
  const pieces = splitAt(words, separator.length)
  if (pieces.length !== leaves.length) return null
  let changed: JsonValue = value
  leaves.forEach(({ path, text, isKey }, index) => {
    const piece = pieces[index] ?? ''
    if (piece !== text) changed = edited(changed, path, isKey ? undefined : piece)
  })
  return changed as T
}

/** The object without the fields that carry words, but for those named. The very object when nothing is left out. */
export function withoutWords(holder: JsonObject, declared: Declared, but: ReadonlySet<string>): JsonObject {
  const kept = Object.entries(holder).filter(
    ([key, value]) => but.has(key) || value === undefined || wordsIn({ [key]: value }, declared) === '',
  )
  return kept.length === Object.keys(holder).length ? holder : Object.fromEntries(kept)
}

function leavesOf(value: JsonValue, declared: Declared): readonly Leaf[] {
  const leaves: Leaf[] = []
  const visit = (current: JsonValue, path: Path, holder: JsonObject | null): void => {
    if (path.length > MAX_DEPTH) throw upstreamError('The model server sent something that is nested too deeply.')
    if (typeof current === 'string') {
      if (
        isWords(
          path.findLast((step) => typeof step === 'string'),
          current,
          holder,
          declared,
        )
      )
        leaves.push({ path, text: current, isKey: false })
    } else if (isJsonObject(current)) {
      for (const [key, inner] of Object.entries(current)) {
        if (inner === undefined) continue
        if (!FIELD_NAME.test(key) && !isBlank(key)) leaves.push({ path: [...path, key], text: key, isKey: true })
        visit(inner, [...path, key], current)
      }
    } else if (Array.isArray(current)) {
      current.forEach((inner: JsonValue, index) => visit(inner, [...path, index], holder))
    }
  }
  visit(value, [], null)
  return leaves
}

function isWords(key: string | undefined, text: string, holder: JsonObject | null, declared: Declared): boolean {
  if (isBlank(text)) return false
  if (key === undefined) return true
  if (key === 'type') return !isKnownType(text)
  if (key === 'data' && BYTES.has(String(holder?.['type']))) return !OPAQUE.test(text)
  if (NAMES.has(key) && declared.has(text)) return false
  const form = Object.hasOwn(FORMS, key) ? FORMS[key] : undefined
  return form === undefined || !form.test(text)
}

function isBlank(text: string): boolean {
  return text.trim() === ''
}

/**
 * So many line breaks that they can be told from those in the strings, also where a string that begins or ends with some has
 * become empty.
 */
function separatorOf(leaves: readonly Leaf[]): string {
  let longest = 0
  for (const { text } of leaves) for (const { length } of lineBreaks(text)) longest = Math.max(longest, length)
  return '\n'.repeat(2 * longest + 1)
}

/** Where line breaks stand, those that stand together as one. */
function lineBreaks(text: string): readonly { readonly start: number; readonly length: number }[] {
  const runs: { readonly start: number; readonly length: number }[] = []
  for (let start = text.indexOf('\n'); start !== -1;) {
    let end = start + 1
    while (text.charCodeAt(end) === 10) end += 1
    runs.push({ start, length: end - start })
    start = text.indexOf('\n', end)
  }
  return runs
}

/** @param breaks length of a separator */
function splitAt(text: string, breaks: number): readonly string[] {
  const pieces: string[] = []
  let from = 0
  for (const { start, length } of lineBreaks(text)) {
    if (length < breaks) continue
    pieces.push(text.slice(from, start))
    for (let more = 2 * breaks; more <= length; more += breaks) pieces.push('')
    from = start + length
  }
  return [...pieces, text.slice(from)]
}

/** A copy in which the value at the path is another; undefined takes its key away. */
function edited(value: JsonValue, path: Path, to: JsonValue | undefined): JsonValue {
  const [step, ...rest] = path
  if (step === undefined) return to ?? null
  if (Array.isArray(value)) {
    return value.map((inner: JsonValue, index) => (index === step ? edited(inner, rest, to) : inner))
  }
  if (!isJsonObject(value)) return value
  const entries = Object.entries(value).flatMap(([key, inner]) => {
    if (key !== step || inner === undefined) return [[key, inner] as const]
    if (rest.length === 0) return to === undefined ? [] : [[key, to] as const]
    return [[key, edited(inner, rest, to)] as const]
  })
  return Object.fromEntries(entries)
}
