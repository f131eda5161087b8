/**
 * `system` and `messages` of a request to the conversation that guards see, and back: only what the pipeline modified is
 * rewritten, every other message is handed on as the very value that came in.
 *
 * A message of Anthropic's holds what tools gave back beside what its author says. Guards see these apart: for each tool one
 * message of the role `tool`, in front of what a user says and behind what the model says, so that a call stands before its
 * result.
 */
import type { JsonObject, JsonValue, MessagesRequest, WireMessage } from '../../../contract/index.ts'
import { isJsonObject } from '../../../contract/index.ts'
import type { MediaPart, Message, Role, TextPart, ToolCall } from '../../../spec/index.ts'
import type { Conversation } from '../protocol.ts'
import type { BlockSink, Path, Place } from './request-blocks.ts'
import { BlockReader } from './request-blocks.ts'
import type { Declared } from './words.ts'

/** The part of a request that is the conversation. */
export interface WireConversation {
  readonly system?: MessagesRequest['system']
  readonly messages: readonly WireMessage[]
}

interface Draft {
  readonly role: Role
  readonly toolCallId?: string
  readonly parts: (TextPart | MediaPart)[]
  readonly partPlaces: Place[]
  readonly calls: ToolCall[]
  readonly callPlaces: Place[]
}

/** A message that guards see, and where it comes from. */
interface Translated extends Draft {
  readonly message: Message
  /** Index of the message on the wire; null for `system`. */
  readonly source: number | null
}

interface Edit {
  readonly path: Path
  /** Undefined takes it out. */
  readonly value: JsonValue | undefined
}

/** Reads what `messagesRequestSchema` accepted. */
export function translateConversation(request: WireConversation, declared: Declared): Conversation<WireConversation> {
  const names = new Map<string, string>()
  const translated: Translated[] = []
  /** By message on the wire: what goes on to no model. */
  const removals = new Map<number | null, Edit[]>()
  const read = (source: number | null, role: Role, content: JsonValue | undefined, rest: JsonObject): void => {
    const sink = new MessageSink(role, names)
    const reader = new BlockReader(sink, declared)
    reader.content(content, ['content'])
    reader.fields(rest)
    translated.push(...sink.drafts().map((draft) => ({ ...draft, source, message: messageOf(draft) })))
    if (sink.removed.length > 0) removals.set(source, [...sink.removed])
  }
  if (typeof request.system === 'string' || Array.isArray(request.system)) read(null, 'system', request.system, {})
  request.messages.forEach(({ role, content, ...rest }, index) => read(index, role, content, rest))
  return {
    messages: translated.map(({ message }) => message),
    rewrite: (current) => rewrite(request, translated, removals, current),
  }
}

/** Sorts what is found in one message into what its author says and what tools gave back. */
class MessageSink implements BlockSink {
  readonly removed: Edit[] = []
  readonly #own: Draft
  readonly #results = new Map<string, Draft>()
  readonly #names: Map<string, string>
  /** Results may hold results. */
  readonly #open: Draft[] = []

  /** @param names names of tools by the ids of their calls, of the whole conversation */
  constructor(role: Role, names: Map<string, string>) {
    this.#own = draftOf(role)
    this.#names = names
  }

  get #current(): Draft {
    return this.#open.at(-1) ?? this.#own
  }

  text(text: string, place: Place): void {
    this.#current.parts.push({ type: 'text', text })
    this.#current.partPlaces.push(place)
  }

  medium(mediaType: string, source: string, place: Place): void {
    this.#current.parts.push({ type: 'media', mediaType, source })
    this.#current.partPlaces.push(place)
  }

  call(call: ToolCall, place: Place): void {
    this.#names.set(call.id, call.name)
    this.#own.calls.push(call)
    this.#own.callPlaces.push(place)
  }

  beginResult(call: string): void {
    const name = this.#names.get(call)
    const key = name === undefined ? `id ${call}` : `name ${name}`
    const draft = this.#results.get(key) ?? draftOf('tool', call)
    this.#results.set(key, draft)
    this.#open.push(draft)
  }

  endResult(): void {
    this.#open.pop()
  }

  remove(path: Path): void {
    this.removed.push({ path, value: undefined })
  }

  drafts(): readonly Draft[] {
    const results = [...this.#results.values()]
    const { role, parts, calls } = this.#own
    if (role !== 'user') return [this.#own, ...results]
    return results.length > 0 && parts.length + calls.length === 0 ? results : [...results, this.#own]
  }
}

function draftOf(role: Role, toolCallId?: string): Draft {
  const call = toolCallId === undefined ? {} : { toolCallId }
  return { role, ...call, parts: [], partPlaces: [], calls: [], callPlaces: [] }
}

function messageOf({ role, toolCallId, parts, calls }: Draft): Message {
  const [only] = parts
  const plain = parts.length === 0 ? '' : parts.length === 1 && only?.type === 'text' ? only.text : undefined
  return {
    role,
    content: plain ?? parts,
    ...(calls.length === 0 ? {} : { toolCalls: calls }),
    ...(toolCallId === undefined ? {} : { toolCallId }),
  }
}

function rewrite(
  request: WireConversation,
  translated: readonly Translated[],
  removals: ReadonlyMap<number | null, readonly Edit[]>,
  current: readonly Message[],
): WireConversation {
  const edits = new Map<number | null, Edit[]>([...removals].map(([source, list]) => [source, [...list]]))
  translated.forEach((item, index) => {
    const message = current[index]
    if (message === undefined || message === item.message) return
    const found = changes(item, message)
    if (found.length > 0) edits.set(item.source, [...(edits.get(item.source) ?? []), ...found])
  })
  const messages = request.messages.flatMap((source, index) => {
    const list = edits.get(index)
    if (list === undefined) return [source]
    const edited = applyEdits(source, list) as WireMessage
    // A list without blocks would be refused.
    return Array.isArray(edited.content) && edited.content.length === 0 ? [] : [edited]
  })
  const system = edits.get(null)
  return {
    ...(system === undefined ? {} : { system: applyEdits({ content: request.system }, system)['content'] as string }),
    messages: withAdded(messages, current.slice(translated.length)),
  }
}

function changes(item: Translated, current: Message): readonly Edit[] {
  const edits: Edit[] = []
  const parts =
    typeof current.content === 'string' ? [{ type: 'text' as const, text: current.content }] : current.content
  parts.forEach((part, index) => {
    const before = item.parts[index]
    const place = item.partPlaces[index]
    if (place === undefined || part.type !== 'text' || (before?.type === 'text' && before.text === part.text)) return
    edits.push({ path: place.path, value: place.put(part.text) })
  })
  current.toolCalls?.forEach((call, index) => {
    const place = item.callPlaces[index]
    if (place === undefined || call.input === item.calls[index]?.input) return
    edits.push({ path: place.path, value: place.put(call.input) })
  })
  return edits
}

/** A copy with the edits made. What is taken out of a list leaves no gap. */
function applyEdits(source: JsonObject, edits: readonly Edit[]): JsonObject {
  const draft = structuredClone(source) as unknown
  const gaps: { readonly list: unknown[]; readonly mark: object }[] = []
  for (const { path, value } of edits) {
    const key = path.at(-1)
    const holder = path.slice(0, -1).reduce<unknown>((inner, step) => valueAt(inner, step), draft)
    if (Array.isArray(holder) && typeof key === 'number') {
      if (value !== undefined) holder[key] = value
      else {
        const mark = {}
        holder[key] = mark
        gaps.push({ list: holder, mark })
      }
    } else if (isJsonObject(holder) && typeof key === 'string') {
      if (value === undefined) Reflect.deleteProperty(holder, key)
      else Reflect.set(holder, key, value)
    }
  }
  for (const { list, mark } of gaps) {
    const at = list.indexOf(mark)
    if (at !== -1) list.splice(at, 1)
  }
  return draft as JsonObject
}

function valueAt(holder: unknown, step: string | number): unknown {
  if (Array.isArray(holder)) return typeof step === 'number' ? holder[step] : undefined
  return isJsonObject(holder) ? holder[String(step)] : undefined
}

/** Messages the pipeline added. Turns alternate, so the user's go to the user's turn when that is the last. */
function withAdded(messages: readonly WireMessage[], added: readonly Message[]): readonly WireMessage[] {
  return added.reduce((turns, { content }) => {
    const text =
      typeof content === 'string' ? content : content.map((part) => (part.type === 'text' ? part.text : '')).join('\n')
    return withUserText(turns, text)
  }, messages)
}

/** The conversation with one more text of the user. */
export function withUserText(messages: readonly WireMessage[], text: string): readonly WireMessage[] {
  const last = messages.at(-1)
  if (last?.role !== 'user') return [...messages, { role: 'user', content: text }]
  const before = typeof last.content === 'string' ? [{ type: 'text', text: last.content }] : last.content
  return [...messages.slice(0, -1), { ...last, content: [...before, { type: 'text', text }] }]
}
