/**
 * A Responses request to the conversation that guards see, and back: only what the pipeline modified is rewritten, everything else
 * is handed on as the very value that came in.
 *
 * What the model said between two turns of others is one message; a tool's answer is a message of its own, tied to its call by the
 * call's id.
 */
import type { JsonObject } from '../../../contract/index.ts'
import { asString } from '../../../contract/index.ts'
import { ParapetError } from '../../../spec/index.ts'
import type { MediaPart, Message, Role, TextPart, ToolCall } from '../../../spec/index.ts'
import type { Hole, Passed, Path } from './holes.ts'
import { fillHoles } from './holes.ts'
import type { MessageHole, Source } from './input-holes.ts'
import { instructionsSource, itemSource, itemTypeOf, toolFrom, toolSource, variablesSource } from './input-holes.ts'
import { toolOf } from './item-words.ts'
import type { ItemType } from './wire-types.ts'

/** What is said in a request, in the order in which the model reads it. */
export interface InputDocuments {
  readonly tools: readonly JsonObject[]
  readonly instructions: string | null
  /** Variables of a prompt template. */
  readonly variables: JsonObject | null
  /** Items from before this request, then its own. */
  readonly items: readonly JsonObject[]
}

export interface InputConversation {
  readonly messages: readonly Message[]
  /** The documents for the conversation as the pipeline left it, and the messages that it added as items. */
  rewrite(current: readonly Message[]): InputDocuments & { readonly added: readonly JsonObject[] }
}

/** Where a text, a medium or a tool's input came from. */
interface Origin {
  readonly source: Source
  /** Null for a medium without a value that could be looked at. */
  readonly hole: MessageHole | null
  /** The content part around a medium, for what stands in its place. */
  readonly part: Path
}

interface Draft {
  readonly role: Role
  readonly parts: (TextPart | MediaPart)[]
  readonly partOrigins: Origin[]
  readonly calls: ToolCall[]
  readonly callOrigins: Origin[]
  readonly toolCallId: string | null
}

/** Reads what a request says. Throws `input_invalid` for a message whose role is none. */
export function translateInput(documents: InputDocuments): InputConversation {
  const drafts: Draft[] = []
  const addSource = (role: Role, source: Source): Source => {
    const draft = newDraft(role, null)
    addHoles(draft, source)
    if (draft.parts.length > 0) drafts.push(draft)
    return source
  }
  const { tools, instructions, variables } = documents
  const defined = tools.map((tool) => addSource('developer', toolSource(tool)))
  const said = instructions === null ? null : addSource('system', instructionsSource(instructions))
  const given = variables === null ? null : addSource('user', variablesSource(variables))
  const items = documents.items.map((item) => addItem(drafts, item))
  const messages = drafts.map(messageOf)
  return {
    messages,
    rewrite(current) {
      const changes = changesOf(drafts, messages, current)
      const rewritten = (source: Source): JsonObject => rewriteSource(source, changes)
      return {
        tools: defined.map((source, index) => toolFrom(tools[index] ?? {}, source, rewritten(source))),
        instructions: said === null ? null : (asString(rewritten(said)['instructions']) ?? ''),
        variables: given === null ? null : rewritten(given),
        items: items.map(rewritten),
        added: current.slice(messages.length).map(toWire),
      }
    },
  }
}

function newDraft(role: Role, toolCallId: string | null): Draft {
  return { role, parts: [], partOrigins: [], calls: [], callOrigins: [], toolCallId }
}

function messageOf({ role, parts, calls, toolCallId }: Draft): Message {
  const [only] = parts
  const plain = parts.length === 0 ? '' : parts.length === 1 && only?.type === 'text' ? only.text : undefined
  return {
    role,
    content: plain ?? parts,
    ...(calls.length === 0 ? {} : { toolCalls: calls }),
    ...(toolCallId === null ? {} : { toolCallId }),
  }
}

/** Who says what is in an item of this kind. Null: it says nothing. */
function speakerOf(type: ItemType, item: JsonObject): Role | null {
  switch (type) {
    case 'message':
      return roleOf(item)
    case 'reasoning':
    case 'compaction':
    case 'function_call':
    case 'custom_tool_call':
    case 'file_search_call':
    case 'web_search_call':
    case 'computer_call':
    case 'tool_search_call':
    case 'image_generation_call':
    case 'code_interpreter_call':
    case 'local_shell_call':
    case 'shell_call':
    case 'apply_patch_call':
    case 'mcp_call':
    case 'mcp_approval_request':
    case 'program':
      return 'assistant'
    case 'function_call_output':
    case 'custom_tool_call_output':
    case 'computer_call_output':
    case 'tool_search_output':
    case 'local_shell_call_output':
    case 'shell_call_output':
    case 'apply_patch_call_output':
    case 'program_output':
    case 'mcp_list_tools':
      return 'tool'
    case 'mcp_approval_response':
      return 'user'
    case 'additional_tools':
      return 'developer'
    case 'compaction_trigger':
    case 'item_reference':
      return null
    default:
      return type satisfies never
  }
}

const ROLES: ReadonlySet<unknown> = new Set(['user', 'assistant', 'system', 'developer'])

function roleOf({ role }: JsonObject): Role {
  if (ROLES.has(role)) return role as Role
  throw new ParapetError(
    'input_invalid',
    '`input` has a message whose role is not user, assistant, system or developer.',
    {
      details: { param: 'input' },
    },
  )
}

/** Adds an item's messages and says where its words stand. */
function addItem(drafts: Draft[], item: JsonObject): Source {
  const source = itemSource(item)
  const type = itemTypeOf(item)
  const speaker = type === null ? 'user' : speakerOf(type, item)
  if (speaker === null) return source
  if (speaker !== 'assistant') {
    const draft = newDraft(speaker, speaker === 'tool' ? callIdOf(item) : null)
    addHoles(draft, source)
    drafts.push(draft)
    return source
  }
  const last = drafts.at(-1)
  const turn = last?.role === 'assistant' ? last : newDraft('assistant', null)
  if (turn !== last) drafts.push(turn)
  const answer = newDraft('tool', callIdOf(item))
  for (const hole of source.holes) {
    if (hole.kind !== 'text' && hole.kind !== 'list') continue
    const origin = originOf(source, hole)
    if (hole.kind === 'text' && isCall(hole.form)) {
      turn.calls.push({ id: callIdOf(item), name: nameOf(type, item), input: hole.original })
      turn.callOrigins.push(origin)
    } else addPart(hole.kind === 'text' && isToolsAnswer(hole, type) ? answer : turn, origin)
  }
  addUnknown(turn, source)
  if (answer.parts.length > 0) drafts.push(answer)
  return source
}

function callIdOf(item: JsonObject): string {
  return asString(item['call_id']) ?? asString(item['id']) ?? ''
}

function nameOf(type: ItemType | null, item: JsonObject): string {
  return (type === null ? null : toolOf(type, asString(item['name']))) ?? ''
}

function isCall(form: string): boolean {
  return (
    form === 'arguments' || form === 'custom-input' || form === 'mcp-arguments' || form === 'code' || form === 'call'
  )
}

/** Words and media in the model's own items came from the tool that it used there; pictures it made did not. */
function isToolsAnswer({ form }: { readonly form: string }, type: ItemType | null): boolean {
  if (type === 'message' || type === 'image_generation_call') return false
  return form === 'words' || form === 'image' || form === 'audio' || form === 'file'
}

function addHoles(draft: Draft, source: Source): void {
  for (const hole of source.holes) {
    if (hole.kind === 'text' || hole.kind === 'list') addPart(draft, originOf(source, hole))
  }
  addUnknown(draft, source)
}

/** Its words are judged; as it may hold more than words, the policy's rule for media applies as well. */
function addUnknown(draft: Draft, source: Source): void {
  for (const part of source.unknown) {
    draft.parts.push({ type: 'media', mediaType: 'application/octet-stream', source: '' })
    draft.partOrigins.push({ source, hole: null, part })
  }
}

function originOf(source: Source, hole: MessageHole): Origin {
  const path = hole.kind === 'text' ? hole.path : []
  const index = path.findLastIndex((key) => typeof key === 'number')
  // Without a list around it, the medium is the value of a variable, or a field of its item.
  return { source, hole, part: index === -1 ? path.slice(0, Math.max(1, path.length - 1)) : path.slice(0, index + 1) }
}

function addPart(draft: Draft, origin: Origin): void {
  draft.parts.push(partOf(origin))
  draft.partOrigins.push(origin)
}

function partOf({ hole }: Origin): TextPart | MediaPart {
  const text = hole?.original ?? ''
  if (hole?.kind !== 'text') return { type: 'text', text }
  switch (hole.form) {
    case 'image':
    case 'audio':
      return { type: 'media', mediaType: `${hole.form}/*`, source: text }
    case 'file':
      return { type: 'media', mediaType: 'application/octet-stream', source: text }
    default:
      return { type: 'text', text }
  }
}

/** What the pipeline changed, by source. */
type Changes = ReadonlyMap<Source, readonly Change[]>

interface Change {
  readonly origin: Origin
  readonly text: string
  /** The text stands in place of a medium. */
  readonly medium: boolean
}

function changesOf(drafts: readonly Draft[], before: readonly Message[], current: readonly Message[]): Changes {
  const changes = new Map<Source, Change[]>()
  const add = (change: Change): void => {
    const list = changes.get(change.origin.source)
    if (list === undefined) changes.set(change.origin.source, [change])
    else list.push(change)
  }
  drafts.forEach((draft, index) => {
    const old = before[index]
    const now = current[index]
    if (old === now || old === undefined || now === undefined) return
    const parts = partsOf(now)
    draft.parts.forEach((part, position) => {
      const origin = draft.partOrigins[position]
      const next = parts[position]
      if (origin === undefined || next?.type !== 'text') return
      if (part.type === 'media' || part.text !== next.text)
        add({ origin, text: next.text, medium: part.type === 'media' })
    })
    draft.calls.forEach((call, position) => {
      const origin = draft.callOrigins[position]
      const input = now.toolCalls?.[position]?.input
      if (origin !== undefined && input !== undefined && input !== call.input)
        add({ origin, text: input, medium: false })
    })
  })
  return changes
}

function partsOf({ content }: Message): readonly (TextPart | MediaPart)[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content
}

function rewriteSource(source: Source, changes: Changes): JsonObject {
  const list = changes.get(source)
  if (list === undefined) return source.doc
  const texts = new Map<Hole, string>()
  for (const { origin, text, medium } of list) if (origin.hole !== null && !medium) texts.set(origin.hole, text)
  const passed: Passed = {
    text: (hole) => texts.get(hole) ?? hole.original,
    list: (hole) => texts.get(hole) ?? hole.original,
    id: (original, text) => text ?? original,
    // They spell what stood there before.
    logprobs: () => false,
  }
  const filled = fillHoles(source.doc, source.holes, passed)
  const media = list.filter(({ medium }) => medium)
  if (media.length === 0) return filled
  const whole = media.find(({ origin }) => origin.part.length === 0)
  if (whole !== undefined) return { type: 'message', role: 'user', content: whole.text }
  const draft = structuredClone(filled)
  for (const { origin, text } of media) putInPlace(draft, origin.part, text)
  return draft
}

type Container = Record<string | number, unknown>

/** A text where a content part was; in a field that holds only media, nothing. */
function putInPlace(doc: JsonObject, path: Path, text: string): void {
  let holder: Container | undefined = doc
  for (const key of path.slice(0, -1)) holder = holder?.[key] as Container | undefined
  const last = path.at(-1)
  if (holder === undefined || last === undefined) return
  if (typeof last === 'number') holder[last] = { type: 'input_text', text }
  else if (doc['type'] === undefined) holder[last] = text
  else holder[last] = null
}

/** A message that the pipeline added. */
function toWire(message: Message): JsonObject {
  const content = partsOf(message)
    .flatMap((part) => (part.type === 'text' ? [part.text] : []))
    .join('\n')
  return { type: 'message', role: message.role === 'tool' ? 'user' : message.role, content }
}
