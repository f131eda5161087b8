/**
 * Chat-completions messages to the conversation that guards see, and back: only what the pipeline modified is rewritten, every
 * other message is handed on as the very value that came in.
 *
 * Every place that can carry words to the model becomes a text: content strings and parts, refusals and reasoning in the
 * history, tool arguments, and fields nobody here knows. Content that cannot be read becomes a medium, which the policy decides.
 */
import type { ChatMessage, JsonValue } from '../../../contract/index.ts'
import { asArray, asString, isJsonObject } from '../../../contract/index.ts'
import type { MediaPart, Message, Role, TextPart, ToolCall } from '../../../spec/index.ts'
import { carriesText } from '../../carries-text.ts'
import type { Conversation } from '../protocol.ts'
import { readMedium, writeBeside } from './media.ts'

export type ChatConversation = Conversation<readonly ChatMessage[]>

type Draft = Record<string, unknown>
type Write = (draft: Draft, text: string) => void

interface TranslatedMessage {
  readonly message: Message
  readonly source: ChatMessage
  /** One per content part, in order; one entry when the content is a plain string. For a medium it writes the text in its place. */
  readonly contentWrites: readonly Write[]
  readonly callWrites: readonly Write[]
}

/** Fields of a message that carry no words, or are read elsewhere in this file. */
const KNOWN = new Set([
  'role',
  'content',
  'name',
  'tool_calls',
  'function_call',
  'tool_call_id',
  'cache_control',
  'prefix',
  'weight',
])

/** Reads wire messages that `chatMessagesSchema` accepted. */
export function translateMessages(sources: readonly ChatMessage[]): ChatConversation {
  const translated = sources.map(translateMessage)
  return {
    messages: translated.map((item) => item.message),
    rewrite: (current) =>
      current.map((message, index) => {
        const item = translated[index]
        return item === undefined ? toWire(message) : rewriteMessage(item, message)
      }),
  }
}

function translateMessage(source: ChatMessage): TranslatedMessage {
  const parts: (TextPart | MediaPart)[] = []
  const writes: Write[] = []
  const addText = (text: string, write: Write): void => {
    parts.push({ type: 'text', text })
    writes.push(write)
  }
  const addMedia = (part: MediaPart, write: Write): void => {
    parts.push(part)
    writes.push(write)
  }
  const { content } = source
  if (typeof content === 'string') addText(content, (draft, text) => void (draft['content'] = text))
  asArray(content).forEach((part, index) => translatePart(part, index, addText, addMedia))
  for (const [key, value] of Object.entries(source)) {
    if (!KNOWN.has(key) && value !== undefined && carriesText(value))
      addText(textOf(value), fieldWrite(key, typeof value === 'string'))
  }
  const { calls, callWrites } = translateCalls(source)
  const toolCallId = asString(source['tool_call_id']) ?? (source['role'] === 'function' ? 'function_call' : undefined)
  const [only] = parts
  const plain = parts.length === 0 ? '' : parts.length === 1 && only?.type === 'text' ? only.text : undefined
  return {
    source,
    message: {
      role: roleOf(source['role']),
      content: plain ?? parts,
      ...(calls.length === 0 ? {} : { toolCalls: calls }),
      ...(toolCallId === undefined ? {} : { toolCallId }),
    },
    contentWrites: writes,
    callWrites,
  }
}

function roleOf(role: unknown): Role {
  return role === 'function' ? 'tool' : (role as Role)
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** A modified text goes back as text; a modified structure goes back only while it is still JSON. */
function fieldWrite(key: string, plain: boolean): Write {
  return (draft, text) => {
    if (plain) {
      draft[key] = text
      return
    }
    try {
      draft[key] = JSON.parse(text) as unknown
    } catch {
      delete draft[key]
    }
  }
}

function translatePart(
  part: JsonValue,
  index: number,
  addText: (text: string, write: Write) => void,
  addMedia: (part: MediaPart, write: Write) => void,
): void {
  if (!isJsonObject(part)) return
  const writeInto =
    (key: string): Write =>
    (draft, text) =>
      void (partOf(draft, index)[key] = text)
  for (const key of TEXT_KEYS[String(part['type'])] ?? []) {
    const text = asString(part[key])
    if (text !== undefined) return addText(text, writeInto(key))
  }
  const writeInstead: Write = (draft, text) => {
    ;(draft['content'] as unknown[])[index] = { type: 'text', text }
  }
  const medium = readMedium(part)
  if (medium !== null) {
    const { beside } = medium
    if (beside !== null)
      addText(JSON.stringify(beside), (draft, text) => writeBeside(partOf(draft, index), beside, text))
    return addMedia(medium.part, writeInstead)
  }
  // Unknown: its words are judged, and as it may hold more than words the policy's rule for media applies as well.
  addText(JSON.stringify(part), writeInstead)
  addMedia({ type: 'media', mediaType: 'application/octet-stream', source: '' }, writeInstead)
}

function partOf(draft: Draft, index: number): Draft {
  return (draft['content'] as Draft[])[index] ?? {}
}

const TEXT_KEYS: Readonly<Record<string, readonly string[]>> = {
  text: ['text'],
  input_text: ['text'],
  output_text: ['text'],
  refusal: ['refusal'],
  thinking: ['thinking', 'text'],
  reasoning: ['reasoning', 'text'],
}

function translateCalls(source: ChatMessage): {
  readonly calls: readonly ToolCall[]
  readonly callWrites: readonly Write[]
} {
  const calls: ToolCall[] = []
  const callWrites: Write[] = []
  asArray(source['tool_calls']).forEach((call, index) => {
    if (!isJsonObject(call)) return
    for (const [kind, key] of [
      ['function', 'arguments'],
      ['custom', 'input'],
    ] as const) {
      const body = call[kind]
      if (!isJsonObject(body)) continue
      calls.push({
        id: asString(call['id']) ?? '',
        name: asString(body['name']) ?? '',
        input: asString(body[key]) ?? '',
      })
      callWrites.push((draft, text) => {
        const target = (draft['tool_calls'] as Draft[])[index]?.[kind] as Draft | undefined
        if (target !== undefined) target[key] = text
      })
    }
  })
  const legacy = source['function_call']
  if (isJsonObject(legacy)) {
    calls.push({
      id: 'function_call',
      name: asString(legacy['name']) ?? '',
      input: asString(legacy['arguments']) ?? '',
    })
    callWrites.push((draft, text) => void ((draft['function_call'] as Draft)['arguments'] = text))
  }
  return { calls, callWrites }
}

function rewriteMessage(item: TranslatedMessage, current: Message): ChatMessage {
  if (current === item.message) return item.source
  const changes: [Write, string][] = []
  const before = textsOf(item.message)
  textsOf(current).forEach((text, index) => {
    const write = item.contentWrites[index]
    if (write && text !== null && text !== before[index]) changes.push([write, text])
  })
  current.toolCalls?.forEach((call, index) => {
    const write = item.callWrites[index]
    if (write !== undefined && call.input !== item.message.toolCalls?.[index]?.input) changes.push([write, call.input])
  })
  if (changes.length === 0) return item.source
  const draft = structuredClone(item.source) as Draft
  for (const [write, text] of changes) write(draft, text)
  return draft as ChatMessage
}

function textsOf(message: Message): readonly (string | null)[] {
  if (typeof message.content === 'string') return [message.content]
  return message.content.map((part) => (part.type === 'text' ? part.text : null))
}

/** A message the pipeline added. */
function toWire(message: Message): ChatMessage {
  const content =
    typeof message.content === 'string'
      ? message.content
      : textsOf(message)
          .filter((text) => text !== null)
          .join('\n')
  return { role: message.role, content }
}
