/**
 * Takes a wire object apart into what cannot carry words and holes that can, and puts it together again from what passed the
 * guards. The same words always have the same name (their slot), in whichever event or copy they stand, so that every copy shows
 * the same guarded text.
 *
 * An object whose holes all hold what they held before is handed on as the very value that came.
 */
import type { JsonObject, JsonValue } from '../../../contract/index.ts'
import { isJsonObject } from '../../../contract/index.ts'
import { carriesText } from '../../carries-text.ts'
import type { Form, ItemWords } from './item-words.ts'
import type { TokenWords } from './logprobs.ts'
import { readLogprobs } from './logprobs.ts'
import { isIdKey, isName, isProtocolKey, looksEncrypted } from './vocabulary.ts'

export type Path = readonly (string | number)[]

/** One entry of a list of small words. */
export interface Leaf {
  readonly path: Path
  /** It names something, and other objects name the same. */
  readonly id: boolean
  /** Keys nobody here knows of the object at `path`, judged with what they hold; null when `path` leads to a string. */
  readonly keys: readonly string[] | null
}

/** A text of its own. */
export interface TextHole {
  readonly kind: 'text'
  readonly path: Path
  readonly slot: string
  readonly form: Form
  /** What is judged. */
  readonly original: string
  /** `original` is the value written as JSON. */
  readonly json: boolean
  /** It is the sum of the pieces that came under this name. */
  readonly streamed: boolean
}

/** Small words that are judged together, as a JSON list. */
export interface ListHole {
  readonly kind: 'list'
  readonly slot: string
  /** What is judged: `intro`, then the list. */
  readonly original: string
  /** What the words are, where that is not plain. */
  readonly intro: string
  readonly leaves: readonly Leaf[]
}

/** An identifier that has been judged in a list before. */
export interface IdHole {
  readonly kind: 'id'
  readonly path: Path
  readonly original: string
}

/** Log-probabilities, which spell a text again; shown only beside exactly that text. */
export interface LogprobsHole extends TokenWords {
  readonly kind: 'logprobs'
  readonly path: Path
  readonly slot: string
  /** Slot of the text beside it; null when that is the event's own piece. */
  readonly textSlot: string | null
}

/** The answer's texts put together. */
export interface SumHole {
  readonly kind: 'sum'
  readonly path: Path
  readonly original: string
  readonly texts: readonly TextHole[]
}

export type Hole = TextHole | ListHole | IdHole | LogprobsHole | SumHole

/** How an object is searched. */
export interface Scan {
  /** Begins every slot. */
  readonly slot: string
  readonly words: ItemWords
  /** Whether an undeclared string says nothing. `key` is the nearest key above it. */
  allows(text: string, key: string | undefined): boolean
  /** Whether the key says nothing although the protocol does not have it. */
  allowsKey(key: string): boolean
  /** Identifiers judged before. */
  readonly ids: ReadonlySet<string>
  /** Where the object stands within the item: `content.0`. Default: it is the item itself. */
  readonly within?: string
  /** Keys of the object itself that are read elsewhere. */
  readonly skip?: (key: string) => boolean
  /** Name of the text beside log-probabilities of the object itself. */
  readonly textSlot?: string | null
}

/** Words of a content part, an annotation and a summary part are judged apart from those of the item around it. */
const SCOPES: ReadonlySet<string> = new Set(['content.*', 'content.*.annotations.*', 'summary.*'])

/** Stands before names, so that nobody takes them for a text. */
const NAMES_INTRO = 'Names and labels in the data of this answer: '

interface Scope {
  readonly slot: string
  readonly words: Words
  readonly names: Words
}

interface Words {
  readonly leaves: Leaf[]
  readonly values: JsonValue[]
}

/** Holes of a value that stands at `at` in the object it will be sent in. */
export function findHoles(value: JsonValue | undefined, at: Path, scan: Scan): readonly Hole[] {
  const found: Hole[] = []
  const scopes: Scope[] = []
  const openScope = (rel: string): Scope => {
    const scope: Scope = { slot: `${scan.slot}${rel}`, words: nothing(), names: nothing() }
    scopes.push(scope)
    return scope
  }
  const visit = (
    node: JsonValue | undefined,
    path: Path,
    rel: string,
    key: string | undefined,
    around: Scope,
  ): void => {
    if (node === null || node === undefined || node === '' || typeof node === 'number' || typeof node === 'boolean')
      return
    const pattern = patternOf(rel)
    const form = scan.words[pattern]
    if (form !== undefined && (typeof node === 'string' || !hasPlacesBelow(scan.words, pattern))) {
      const hole = textHole(node, path, `${scan.slot}${rel}`, form)
      if (hole !== null) found.push(hole)
      return
    }
    const scope = rel !== (scan.within ?? '') && SCOPES.has(pattern) ? openScope(rel) : around
    if (typeof node === 'string') visitWord(node, path, key, scope)
    else if (isList(node)) node.forEach((child, index) => visit(child, [...path, index], join(rel, index), key, scope))
    else visitObject(node, path, rel, scope)
  }
  const visitWord = (text: string, path: Path, key: string | undefined, scope: Scope): void => {
    if (scan.allows(text, key)) return
    const id = isIdKey(key)
    if (id && scan.ids.has(text)) {
      found.push({ kind: 'id', path, original: text })
      return
    }
    const list = isName(key, text) ? scope.names : scope.words
    list.leaves.push({ path, id, keys: null })
    list.values.push(text)
  }
  const visitObject = (node: JsonObject, path: Path, rel: string, scope: Scope): void => {
    const skip = rel === (scan.within ?? '') ? scan.skip : undefined
    const keys = skip === undefined ? Object.keys(node) : Object.keys(node).filter((key) => !skip(key))
    const unknown = keys.filter((key) => !isProtocolKey(key) && !scan.allowsKey(key))
    if (unknown.length > 0) {
      scope.words.leaves.push({ path, id: false, keys: unknown })
      scope.words.values.push(Object.fromEntries(unknown.map((key) => [key, node[key]])))
    }
    for (const key of keys) {
      if (unknown.includes(key)) continue
      const child = node[key]
      if (key === 'logprobs' && isList(child)) {
        const hole = logprobsHole(child, node, [...path, key], rel, scan)
        if (hole !== null) found.push(hole)
      } else visit(child, [...path, key], join(rel, key), key, scope)
    }
  }
  const start = scan.within ?? ''
  visit(value, at, start, undefined, openScope(start))
  for (const { slot, words, names } of scopes)
    found.push(...listHole(slot, '', words), ...listHole(`${slot}#`, NAMES_INTRO, names))
  return found
}

function nothing(): Words {
  return { leaves: [], values: [] }
}

function listHole(slot: string, intro: string, { leaves, values }: Words): readonly ListHole[] {
  if (leaves.length === 0) return []
  return [{ kind: 'list', slot, original: `${intro}${JSON.stringify(values)}`, intro, leaves }]
}

/** The values of a list, as this text tells them; null when it tells none. */
export function listValues({ intro, leaves }: ListHole, text: string | null): readonly JsonValue[] | null {
  if (text?.startsWith(intro) !== true) return null
  const values = parsed(text.slice(intro.length))
  return isList(values) && values.length === leaves.length ? values : null
}

function isList(value: unknown): value is readonly JsonValue[] {
  return Array.isArray(value)
}

function join(rel: string, key: string | number): string {
  return rel === '' ? String(key) : `${rel}.${key}`
}

/** `content.0.text` to `content.*.text`. */
function patternOf(rel: string): string {
  return rel.replace(/(?<=^|\.)\d+(?=\.|$)/g, '*')
}

function hasPlacesBelow(words: ItemWords, pattern: string): boolean {
  return Object.keys(words).some((place) => place.startsWith(`${pattern}.`))
}

function textHole(node: Exclude<JsonValue, null>, path: Path, slot: string, form: Form): TextHole | null {
  if (typeof node === 'string') {
    if (form === 'cipher' && looksEncrypted(node)) return null
    return { kind: 'text', path, slot, form, original: node, json: false, streamed: isStreamed(form) }
  }
  if (!carriesText(node)) return null
  return { kind: 'text', path, slot, form, original: JSON.stringify(node), json: true, streamed: false }
}

function isStreamed(form: Form): boolean {
  switch (form) {
    case 'answer':
    case 'refusal':
    case 'reasoning':
    case 'summary':
    case 'arguments':
    case 'custom-input':
    case 'mcp-arguments':
    case 'code':
    case 'transcript':
      return true
    case 'call':
    case 'words':
    case 'cipher':
    case 'image':
    case 'audio':
    case 'file':
      return false
    default:
      return form satisfies never
  }
}

function logprobsHole(
  entries: readonly JsonValue[],
  beside: JsonObject,
  path: Path,
  rel: string,
  { slot, words, textSlot = null }: Scan,
): LogprobsHole | null {
  if (entries.length === 0) return null
  const inPart = words[patternOf(join(rel, 'text'))] !== undefined
  const text = inPart ? beside['text'] : (beside['delta'] ?? beside['text'])
  return {
    kind: 'logprobs',
    path,
    slot: `${slot}${join(rel, 'logprobs')}`,
    textSlot: inPart ? `${slot}${join(rel, 'text')}` : textSlot,
    ...readLogprobs(entries, typeof text === 'string' ? text : ''),
  }
}

/** What passed the guards. */
export interface Passed {
  /** The text under this name; null when nothing passed. */
  text(hole: TextHole): string | null
  list(hole: ListHole): string | null
  /** The identifier to show in place of this one. @param text what a guard made of it, where it was judged */
  id(original: string, text?: string): string
  logprobs(hole: LogprobsHole): boolean
}

interface Edit {
  readonly path: Path
  /** Absent: the keys are removed. */
  readonly value?: JsonValue | undefined
  readonly keys?: readonly string[]
}

/** The object with its holes filled. */
export function fillHoles<T extends JsonObject>(source: T, holes: readonly Hole[], passed: Passed): T {
  const edits = holes.flatMap((hole) => editsOf(hole, passed))
  if (edits.length === 0) return source
  const draft = structuredClone(source)
  for (const edit of edits) apply(draft, edit)
  return draft
}

function editsOf(hole: Hole, passed: Passed): readonly Edit[] {
  switch (hole.kind) {
    case 'text': {
      const text = passed.text(hole)
      if (text === hole.original) return []
      return [{ path: hole.path, value: hole.json ? parsedLike(text, hole.original) : (text ?? '') }]
    }
    case 'list':
      return listEdits(hole, passed)
    case 'id': {
      const shown = passed.id(hole.original)
      return shown === hole.original ? [] : [{ path: hole.path, value: shown }]
    }
    case 'sum': {
      const text = hole.texts.map((one) => passed.text(one) ?? '').join('')
      return text === hole.original ? [] : [{ path: hole.path, value: text }]
    }
    case 'logprobs':
      return passed.logprobs(hole) ? [] : [{ path: hole.path, value: [] }]
    default:
      return hole satisfies never
  }
}

function listEdits(hole: ListHole, passed: Passed): readonly Edit[] {
  const { leaves, original } = hole
  const text = passed.list(hole)
  if (text === original) return []
  const before = listValues(hole, original) ?? []
  const values = listValues(hole, text)
  return leaves.flatMap(({ path, id, keys }, index): readonly Edit[] => {
    const old = before[index]
    const value = values?.[index]
    if (keys !== null) return same(value, old) ? [] : [{ path, keys, value: isJsonObject(value) ? value : undefined }]
    if (value === old) return []
    const shown = typeof value === 'string' ? value : ''
    return [{ path, value: id ? passed.id(String(old), shown) : shown }]
  })
}

function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right)
}

function parsed(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
}

/** The value that this JSON text stands for; an empty one of the original's kind when it is none. */
function parsedLike(text: string | null, original: string): JsonValue {
  const value = text === null ? undefined : parsed(text)
  if (value !== undefined) return value
  return original.startsWith('[') ? [] : {}
}

type Draft = Record<string | number, unknown>

function apply(root: JsonObject, { path, keys, value }: Edit): void {
  let target: unknown = root
  const last = keys === undefined ? path.at(-1) : undefined
  for (const key of keys === undefined ? path.slice(0, -1) : path) target = (target as Draft | undefined)?.[key]
  if (typeof target !== 'object' || target === null) return
  const draft = target as Draft
  if (keys === undefined) {
    if (last !== undefined) draft[last] = value
    return
  }
  for (const key of keys) delete draft[key]
  if (!isJsonObject(value)) return
  for (const [key, inner] of Object.entries(value)) if (!Object.hasOwn(draft, key)) define(draft, key, inner)
}

function define(draft: Draft, key: string, value: unknown): void {
  Object.defineProperty(draft, key, { value, enumerable: true, configurable: true, writable: true })
}
