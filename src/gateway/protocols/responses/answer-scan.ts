/**
 * Which words of a model's answer are to be judged: those of its items, and what of the envelope around them is not the client's own
 * request, told back.
 *
 * A response repeats the request's instructions, tools and metadata. Strings that the client itself sent in those fields are not
 * judged as if the model had said them; anything else in them is.
 */
import type { JsonObject, JsonValue } from '../../../contract/index.ts'
import { asArray, asString, isJsonObject } from '../../../contract/index.ts'
import type { ItemHead } from './answer-parts.ts'
import { itemHead } from './answer-parts.ts'
import type { Hole, Path, Scan } from './holes.ts'
import { findHoles } from './holes.ts'
import type { ItemWords } from './item-words.ts'
import { wordsOf } from './item-words.ts'
import { isIdKey, isProtocolWord, looksRandom } from './vocabulary.ts'
import { isEventType, isItemType } from './wire-types.ts'

/** An item of a response. */
export interface ScannedItem {
  readonly holes: readonly Hole[]
  readonly head: ItemHead
  readonly type: unknown
}

export interface AnswerScan {
  /** Holes of the items of a response that stands at `at`. */
  items(response: JsonObject, at: Path): readonly ScannedItem[]
  /** Holes of a response without its items. */
  response(response: JsonObject, at: Path): readonly Hole[]
  item(item: JsonObject, at: Path, output: number): readonly Hole[]
  /** Holes of a part of an item: `content.0`. */
  part(
    part: JsonValue | undefined,
    at: Path,
    output: number,
    within: string,
    kind: 'message' | 'reasoning',
  ): readonly Hole[]
  /**
   * Holes of an object's own fields, `except` those.
   * @param textSlot name of the text beside log-probabilities; null for the piece in the object itself
   */
  beside(holder: JsonObject, except: ReadonlySet<string>, slot: string, textSlot?: string | null): readonly Hole[]
}

/** Fields of a request that the response repeats. Never `input`: that the model repeats in its answer. */
const ECHOED = [
  'model',
  'instructions',
  'tools',
  'tool_choice',
  'metadata',
  'prompt',
  'text',
  'reasoning',
  'user',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'service_tier',
  'truncation',
  'moderation',
  'conversation',
  'previous_response_id',
  'include',
] as const

const NO_WORDS: ItemWords = {}
const NAMES: ReadonlySet<string | undefined> = new Set(['name', 'server_label', 'namespace'])

/**
 * @param ids identifiers judged before
 * @param sent the request as it was sent
 */
export function createAnswerScan(ids: ReadonlySet<string>, sent: () => JsonObject): AnswerScan {
  let echo: ReadonlySet<string> | null = null
  const echoed = (text: string): boolean => (echo ??= stringsOf(sent())).has(text)
  const plain = (text: string, key: string | undefined): boolean =>
    isProtocolWord(text) || (isIdKey(key) && looksRandom(text))

  const scan = (slot: string, words: ItemWords, more: Partial<Scan> = {}): Scan => ({
    slot,
    words,
    ids,
    allows: (text, key) => plain(text, key) || (NAMES.has(key) && echoed(text)),
    allowsKey: () => false,
    ...more,
  })
  const ofEnvelope: Partial<Scan> = {
    allows: (text, key) =>
      plain(text, key) || echoed(text) || (key === 'model' && isDated(text, asString(sent()['model']))),
    allowsKey: (key) => echoed(key),
  }
  const item = (value: JsonObject, at: Path, output: number): readonly Hole[] =>
    findHoles(value, at, scan(`${output}:`, isItemType(value['type']) ? wordsOf(value['type']) : NO_WORDS))

  return {
    item,
    items: (response, at) =>
      asArray(response['output']).map((value, index) => {
        const holder = isJsonObject(value) ? value : null
        const path = [...at, 'output', index]
        // What is no object is no item, but may be words.
        if (holder === null) {
          const holes = findHoles(value, path, scan(`${index}:`, NO_WORDS))
          return { holes, head: NO_HEAD, type: null }
        }
        return { holes: item(holder, path, index), head: itemHead(holder, index), type: holder['type'] }
      }),
    response(response, at) {
      const skip = (key: string): boolean => isReadElsewhere(key, response[key])
      return findHoles(response, at, scan('r:', NO_WORDS, { ...ofEnvelope, skip }))
    },
    part: (part, at, output, within, kind) => findHoles(part, at, scan(`${output}:`, wordsOf(kind), { within })),
    beside(holder, except, slot, textSlot = null) {
      const skip = (key: string): boolean => except.has(key) || saysNothing(key, holder[key], plain)
      if (Object.keys(holder).every(skip)) return []
      return findHoles(holder, [], scan(slot, NO_WORDS, { skip, textSlot }))
    },
  }
}

/** Fields of a response that are no part of the envelope, if they are what they should be. */
function isReadElsewhere(key: string, value: unknown): boolean {
  return (key === 'output' && Array.isArray(value)) || (key === 'output_text' && typeof value === 'string')
}

const NO_HEAD: ItemHead = { output: -1, tool: null }

/** Fields that nearly every event has, told at a glance. */
function saysNothing(
  key: string,
  value: JsonValue | undefined,
  plain: (text: string, key: string) => boolean,
): boolean {
  switch (key) {
    case 'sequence_number':
    case 'output_index':
    case 'content_index':
    case 'summary_index':
    case 'annotation_index':
    case 'partial_image_index':
      return typeof value === 'number'
    case 'type':
      return isEventType(value)
    // Padding is drawn anew.
    case 'obfuscation':
      return typeof value === 'string'
    case 'logprobs':
      return Array.isArray(value) && value.length === 0
    case 'item_id':
      return typeof value === 'string' && plain(value, key)
    default:
      return false
  }
}

/** `gpt-4o-2024-08-06` for `gpt-4o`. */
function isDated(model: string, asked: string | undefined): boolean {
  if (asked === undefined) return false
  // The gateway's own name for an upstream may stand before it.
  const names = [asked, asked.slice(asked.indexOf('/') + 1)]
  return names.some((name) => name !== '' && model.startsWith(name) && /^[-@:\d.]*$/.test(model.slice(name.length)))
}

/** Every string and key in the fields that a response repeats. */
function stringsOf(request: JsonObject): ReadonlySet<string> {
  const strings = new Set<string>()
  const visit = (value: JsonValue | undefined): void => {
    if (typeof value === 'string') strings.add(value)
    else if (Array.isArray(value)) value.forEach(visit)
    else if (isJsonObject(value)) {
      for (const [key, inner] of Object.entries(value)) {
        strings.add(key)
        visit(inner)
      }
    }
  }
  ECHOED.forEach((key) => visit(request[key]))
  return strings
}
