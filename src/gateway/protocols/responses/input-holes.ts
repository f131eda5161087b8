/**
 * Where words and media stand in what a request says: items, definitions of tools, instructions, variables of a prompt template.
 * The counterpart for answers is `answer-scan`; the places themselves are the same, `item-words`.
 */
import type { JsonObject, JsonValue } from '../../../contract/index.ts'
import { asArray, isJsonObject } from '../../../contract/index.ts'
import type { Hole, ListHole, Path, TextHole } from './holes.ts'
import { findHoles } from './holes.ts'
import type { Form, ItemWords } from './item-words.ts'
import { wordsOf } from './item-words.ts'
import { isIdKey, isProtocolWord } from './vocabulary.ts'
import type { ItemType } from './wire-types.ts'
import { isItemType } from './wire-types.ts'

/** One object of a request and what stands in it. */
export interface Source {
  readonly doc: JsonObject
  readonly holes: readonly Hole[]
  /** Media that cannot be looked at: content nobody here knows. */
  readonly unknown: readonly Path[]
}

/** A hole that is a text or a medium of a message. */
export type MessageHole = TextHole | ListHole

/** The kind of an item as it is written; null for kinds nobody here knows. */
export function itemTypeOf(item: JsonObject): ItemType | null {
  const { type } = item
  if (isItemType(type)) return type
  if (type !== undefined && type !== null) return null
  return typeof item['role'] === 'string' ? 'message' : 'item_reference'
}

export function itemSource(item: JsonObject): Source {
  const type = itemTypeOf(item)
  const words = type === null ? NO_WORDS : { ...wordsOf(type), ...FILE_IDS }
  return { doc: item, holes: holesIn(item, [], words), unknown: type === null ? [[]] : unknownParts(item) }
}

/** The definition of a tool: one text, without what is told to the model server only. */
export function toolSource(tool: JsonObject): Source {
  const told = Object.fromEntries(Object.entries(tool).filter(([key]) => !TOOL_SECRETS.has(key)))
  return { doc: { told }, holes: [textHole(['told'], JSON.stringify(told), true)], unknown: [] }
}

/** The definition as it may be passed on. */
export function toolFrom(tool: JsonObject, { doc }: Source, rewritten: JsonObject): JsonObject {
  const { told } = rewritten
  if (rewritten === doc || !isJsonObject(told)) return rewritten === doc ? tool : {}
  return { ...Object.fromEntries(Object.entries(tool).filter(([key]) => TOOL_SECRETS.has(key))), ...told }
}

export function instructionsSource(instructions: string): Source {
  return { doc: { instructions }, holes: [textHole(['instructions'], instructions, false)], unknown: [] }
}

/** Variables of a prompt template: texts, or content parts. */
export function variablesSource(variables: JsonObject): Source {
  const holes = Object.entries(variables).flatMap(([key, value]): readonly Hole[] => {
    if (typeof value === 'string') return value === '' ? [] : [textHole([key], value, false)]
    return holesIn(value, [key], { ...wordsOf('message'), ...FILE_IDS }, 'content.0')
  })
  const unknown = Object.entries(variables).flatMap(([key, value]) =>
    isJsonObject(value) && !isKnownPart(value) ? [[key]] : [],
  )
  return { doc: variables, holes, unknown }
}

/** Told to the model server, not to the model. */
const TOOL_SECRETS: ReadonlySet<string> = new Set(['authorization', 'headers', 'domain_secrets'])
const NO_WORDS: ItemWords = {}
/** A file that the model server has already is a medium like any other, only that nobody can look at it here. */
const FILE_IDS: ItemWords = { 'content.*.file_id': 'file', 'output.*.file_id': 'file', 'output.file_id': 'image' }
const NO_IDS: ReadonlySet<string> = new Set()
const NAME_KEYS: ReadonlySet<string | undefined> = new Set(['name', 'server_label', 'namespace'])

function holesIn(value: JsonValue | undefined, at: Path, words: ItemWords, within?: string): readonly Hole[] {
  return findHoles(value, at, {
    slot: '',
    words,
    ids: NO_IDS,
    // The client's own names for things do not reach the model as words; those of tools have been checked.
    allows: (text, key) =>
      isProtocolWord(text) ||
      (isIdKey(key) && /^[\x21-\x7e]{1,512}$/.test(text)) ||
      (NAME_KEYS.has(key) && /^\S{1,128}$/.test(text)),
    allowsKey: () => false,
    ...(within === undefined ? {} : { within }),
  })
}

function textHole(path: Path, original: string, json: boolean): TextHole {
  const form: Form = 'answer'
  return { kind: 'text', path, slot: path.join('.'), form, original, json, streamed: false }
}

const KNOWN_PARTS: ReadonlySet<unknown> = new Set([
  'input_text',
  'input_image',
  'input_file',
  'input_audio',
  'output_text',
  'output_audio',
  'refusal',
  'reasoning_text',
  'summary_text',
  'text',
])

/** Types of parts in the lists of these keys are told apart; elsewhere lists hold other things. */
const PART_LISTS = ['content', 'output'] as const

function unknownParts(item: JsonObject): readonly Path[] {
  return PART_LISTS.flatMap((list) =>
    asArray(item[list]).flatMap((part, index) =>
      isJsonObject(part) && part['type'] !== undefined && !isKnownPart(part) ? [[list, index]] : [],
    ),
  )
}

function isKnownPart(part: JsonObject): boolean {
  return KNOWN_PARTS.has(part['type'])
}
