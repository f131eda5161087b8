/**
 * Messages of LangChain as the conversation that guards see, and copies of them with what the policy changed.
 *
 * Read are contents in every form (a text, blocks of the standard and of the vendors), calls, calls that could not be parsed, names
 * and what stands beside them. Blocks of no known kind are judged as the JSON they are. What a tool keeps beside its result
 * (`artifact`) goes to no model and is not read.
 */
import type { ConversationReader, Fields, MessageReader } from '../conversation/index.ts'
import { isFields, textOf } from '../conversation/index.ts'
import type { Path } from '../conversation/places.ts'
import { readContent } from './content-blocks.ts'

/** Keys of a message that carry words. */
const KEYS = [
  'content',
  'name',
  'id',
  'tool_calls',
  'invalid_tool_calls',
  'tool_call_id',
  'status',
  'additional_kwargs',
  'response_metadata',
] as const

/** The fields of a message as a plain value, so that places in it can be written. */
export function fieldsOf(message: unknown): Fields {
  if (!isFields(message)) return { content: message }
  const kept = KEYS.flatMap((key) => (message[key] === undefined ? [] : [[key, message[key]] as const]))
  return { ...Object.fromEntries(kept), type: typeOf(message) }
}

/** Reads one message, given its fields. */
export function readMessage<Root>(fields: Fields, path: Path, into: ConversationReader<Root>): void {
  const at = (key: string): Path => [...path, key]
  const reader = openMessage(fields, into)
  if (reader === null) return
  readContent(fields['content'], at('content'), reader)
  for (const key of NAMES) if (fields[key] !== undefined) reader.name(fields[key], at(key))
  listOf(fields['tool_calls']).forEach((call, index) => readCall(call, [...at('tool_calls'), index], reader))
  listOf(fields['invalid_tool_calls']).forEach((call, index) => {
    const place = [...at('invalid_tool_calls'), index]
    if (!isFields(call)) reader.text(call, place)
    else {
      reader.text(call['args'] ?? '', [...place, 'args'])
      reader.others(call, place, ['args'])
    }
  })
  readBeside(fields['additional_kwargs'], at('additional_kwargs'), reader)
  reader.aside(fields['response_metadata'], at('response_metadata'))
}

const NAMES = ['name', 'id', 'tool_call_id', 'status']

function readCall(call: unknown, path: Path, reader: MessageReader): void {
  if (!isFields(call)) {
    reader.text(call, path)
    return
  }
  reader.call({ id: textOf(call['id']), name: textOf(call['name']) }, call['args'], [...path, 'args'])
  for (const key of ['id', 'name']) if (call[key] !== undefined) reader.name(call[key], [...path, key])
  reader.others(call, path, ['args', 'id', 'name'])
}

/** Vendors' own fields. Calls are among them a second time, in the form of OpenAI. */
function readBeside(kwargs: unknown, path: Path, reader: MessageReader): void {
  if (!isFields(kwargs)) return
  const { tool_calls: calls } = kwargs
  const read = Array.isArray(calls) ? ['tool_calls'] : []
  if (Array.isArray(calls)) {
    calls.forEach((call: unknown, index) => readRawCall(call, [...path, 'tool_calls', index], reader))
  }
  reader.others(kwargs, path, read)
}

function readRawCall(call: unknown, path: Path, reader: MessageReader): void {
  const called = isFields(call) ? call['function'] : undefined
  if (!isFields(call) || !isFields(called) || typeof called['arguments'] !== 'string') {
    reader.json(call, path)
    return
  }
  const { name, arguments: input } = called
  reader.call({ id: textOf(call['id']), name: textOf(name) }, input, [...path, 'function', 'arguments'])
  reader.others(called, [...path, 'function'], ['arguments'])
  reader.others(call, path, ['function'])
}

function openMessage<Root>(fields: Fields, into: ConversationReader<Root>): MessageReader | null {
  switch (fields['type']) {
    case 'ai':
    case 'assistant':
      return into.answer()
    case 'system':
      return into.open('system')
    case 'developer':
      return into.open('developer')
    case 'tool':
    case 'function':
      return into.open('tool', textOf(fields['tool_call_id']))
    case 'remove':
      return null
    default:
      // Of whom nothing is known, the words are a user's.
      return into.open('user')
  }
}

function typeOf(message: Fields): string {
  const { getType, type, role } = message
  const own: unknown = typeof getType === 'function' ? (getType as () => unknown).call(message) : type
  return textOf(own === 'generic' || own === undefined ? role : own)
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]
}

/** The message with the fields that differ, of the same class; the very message when none does. */
export function withFields<M>(message: M, before: Fields, next: Fields): M {
  const changed = Object.entries(next).filter(([key, value]) => key !== 'type' && value !== before[key])
  const gone = Object.keys(before).filter((key) => !(key in next))
  if (changed.length === 0 && gone.length === 0) return message
  if (!isFields(message)) return next['content'] as M
  return copied(message, Object.fromEntries([...changed, ...gone.map((key) => [key, undefined] as const)]))
}

/** The message with other fields, of the same class. */
export function copied<M extends object>(message: M, changes: Fields): M {
  // Pieces of calls as they were streamed would still hold what was there before.
  const called = 'tool_calls' in changes || 'invalid_tool_calls' in changes
  const pieces = called && 'tool_call_chunks' in message ? { tool_call_chunks: [] } : {}
  const fields = { ...changes, ...pieces }
  const copy: object = Object.assign(Object.create(Object.getPrototypeOf(message) as object) as object, message, fields)
  const { lc_kwargs: made } = message as M & { readonly lc_kwargs?: unknown }
  if (!isFields(made)) return copy as M
  // A message made from a message keeps what that one was made from.
  const { lc_kwargs: _first, ...own } = made
  return Object.assign(copy, { lc_kwargs: { ...own, ...fields } }) as M
}
