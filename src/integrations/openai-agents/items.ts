/**
 * Items of the OpenAI Agents SDK (what a run takes, keeps and makes) as the conversation that guards see.
 *
 * Every kind of item of the SDK's protocol is read: messages, reasoning, function calls and their results, hosted tools, shell,
 * patches, computer use, programs, tool search. An item of no known kind is judged as the JSON it is. Instructions are the
 * application's: they are read as the system prompt, beside which the rest is judged.
 */
import { ParapetError } from '../../spec/index.ts'
import type { ConversationReader, Fields, MessageReader } from '../conversation/index.ts'
import { isFields, textOf } from '../conversation/index.ts'
import type { Path } from '../conversation/places.ts'

/** Reads the input of a run or of a model: a text of the user, or items. Throws `input_invalid` when it is neither. */
export function readInput<Root>(input: unknown, path: Path, into: ConversationReader<Root>): void {
  if (typeof input === 'string') into.open('user').text(input, path)
  else readItems(input, path, into)
}

export function readItems<Root>(items: unknown, path: Path, into: ConversationReader<Root>): void {
  if (!Array.isArray(items)) throw noItem(path)
  items.forEach((item: unknown, index) => readItem(item, [...path, index], into))
}

function readItem<Root>(item: unknown, path: Path, into: ConversationReader<Root>): void {
  if (!isFields(item)) throw noItem(path)
  const known = readByType(item, path, into)
  if (known === null) {
    into.answer().json(item, path, (text) => ({ ...ANSWER, content: [{ type: 'output_text', text }] }))
    return
  }
  const { reader, read } = known
  for (const key of NAMES) if (item[key] !== undefined) reader.name(item[key], [...path, key])
  reader.others(item, path, ['type', ...NAMES, ...read])
}

const NAMES = ['id', 'name', 'namespace', 'callId', 'call_id', 'status', 'role']
const ANSWER = { type: 'message', role: 'assistant', status: 'completed' } as const

/** The message that an item was read into, and which of its fields were. */
interface Read {
  readonly reader: MessageReader
  readonly read: readonly string[]
}

/** Null for an item of no known kind. */
function readByType<Root>(item: Fields, path: Path, into: ConversationReader<Root>): Read | null {
  const at = (key: string): Path => [...path, key]
  const id = textOf(item['callId']) || textOf(item['call_id']) || textOf(item['id'])
  const called = (name: string, ...keys: readonly string[]): Read => {
    const reader = into.answer()
    for (const key of keys) if (item[key] !== undefined) reader.call({ id, name }, item[key], at(key))
    return { reader, read: keys }
  }
  switch (item['type'] ?? 'message') {
    case 'message': {
      const reader = openMessage(item['role'], into)
      readContent(item['content'], at('content'), reader)
      return { reader, read: ['content'] }
    }
    case 'reasoning': {
      const reader = into.answer()
      for (const key of ['content', 'rawContent']) readContent(item[key] ?? [], at(key), reader)
      return { reader, read: ['content', 'rawContent'] }
    }
    case 'function_call':
      return called(textOf(item['name']), 'arguments')
    case 'hosted_tool_call': {
      const { reader, read } = called(textOf(item['name']), 'arguments')
      if (item['output'] !== undefined) readOutput(item['output'], at('output'), into.open('tool', id))
      return { reader, read: [...read, 'output'] }
    }
    case 'program':
      return called('program', 'code')
    case 'computer_call':
      return called('computer', 'action', 'actions')
    case 'shell_call':
      return called('shell', 'action')
    case 'apply_patch_call':
      return called('apply_patch', 'operation')
    case 'tool_search_call':
      return called('tool_search', 'arguments')
    case 'function_call_result':
    case 'program_output':
    case 'apply_patch_call_output':
    case 'shell_call_output':
    case 'computer_call_result':
      return { reader: readOutput(item['output'], at('output'), into.open('tool', id)), read: ['output'] }
    case 'tool_search_output': {
      const reader = into.open('tool', id)
      reader.json(item['tools'], at('tools'))
      return { reader, read: ['tools'] }
    }
    case 'compaction': {
      const reader = into.answer()
      reader.name(item['encrypted_content'], at('encrypted_content'))
      return { reader, read: ['encrypted_content'] }
    }
    default:
      return null
  }
}

/** Of whom nothing is known, the words are a user's: those are judged first of all. */
function openMessage<Root>(role: unknown, into: ConversationReader<Root>): MessageReader {
  if (role === 'assistant') return into.answer()
  return into.open(role === 'system' || role === 'developer' ? role : 'user')
}

/** What a tool gave back, in each form the SDK takes. */
export function readOutput(output: unknown, path: Path, reader: MessageReader): MessageReader {
  if (Array.isArray(output) || typeof output === 'string') readContent(output, path, reader)
  else if (isFields(output) && PARTS.has(String(output['type']))) readPart(output, path, reader)
  else reader.json(output, path)
  return reader
}

function readContent(content: unknown, path: Path, reader: MessageReader): void {
  if (!Array.isArray(content)) {
    reader.text(content, path)
    return
  }
  content.forEach((part: unknown, index) => {
    if (isFields(part)) readPart(part, [...path, index], reader)
    else reader.text(part, [...path, index])
  })
}

const PARTS = new Set(['text', 'image', 'file', 'computer_screenshot', 'input_text', 'input_image', 'input_file'])

/** Reads one part of a content. */
export function readPart(part: Fields, path: Path, reader: MessageReader): void {
  const at = (key: string): Path => [...path, key]
  const others = (...read: readonly string[]): void => reader.others(part, path, ['type', ...read])
  switch (part['type']) {
    case 'input_text':
    case 'output_text':
    case 'reasoning_text':
    case 'text':
      reader.text(part['text'], at('text'))
      others('text')
      return
    case 'refusal':
      reader.text(part['refusal'], at('refusal'))
      others('refusal')
      return
    case 'input_image':
    case 'image':
      readMedium('image/*', 'image', part, path, reader)
      others('image')
      return
    case 'computer_screenshot':
      readMedium('image/*', 'data', part, path, reader)
      others('data')
      return
    case 'input_file':
    case 'file':
      reader.name(part['filename'] ?? '', at('filename'))
      readMedium('application/octet-stream', 'file', part, path, reader)
      others('filename', 'file')
      return
    case 'audio':
      reader.text(part['transcript'] ?? '', at('transcript'))
      readMedium('audio/*', 'audio', part, path, reader)
      others('transcript', 'audio')
      return
    default:
      reader.json(part, path, asText(reader))
  }
}

/** The part of a text that may stand where this message had a medium. */
function asText({ role }: MessageReader): (text: string) => Fields {
  return (text) => ({ type: role === 'assistant' ? 'output_text' : 'input_text', text })
}

/** Texts are read; of other data and addresses the policy's media rules decide; of an uploaded file's id nothing can be seen. */
function readMedium(mediaType: string, key: string, part: Fields, path: Path, reader: MessageReader): void {
  const from = part[key]
  const told = isFields(from) ? from : {}
  const inner = ['data', 'url'].find((name) => told[name] !== undefined)
  const at = inner === undefined ? [...path, key] : [...path, key, inner]
  const source = inner === undefined ? (isFields(from) ? '' : (from ?? '')) : told[inner]
  reader.file({ source, mediaType: textOf(told['mediaType']) || mediaType, at }, path, asText(reader))
  reader.others(told, [...path, key], inner === undefined ? [] : [inner])
}

function noItem(path: Path): ParapetError {
  return new ParapetError('input_invalid', `\`${path.join('.')}\` is not of the form the Agents SDK describes.`)
}
