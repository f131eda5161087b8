/**
 * Messages of Mastra as the conversation that guards see, and back.
 *
 * Mastra keeps some words twice: in the parts of a message, and beside them for older interfaces (`content`, `reasoning`,
 * `toolInvocations`). The parts are read; what mirrors them is changed along with them, and what mirrors nothing is read as well.
 */
import type { Fields, MessageReader } from '../conversation/index.ts'
import { ConversationReader, isFields, textOf } from '../conversation/index.ts'
import type { Path } from '../conversation/places.ts'
import { ParapetError } from '../../spec/index.ts'
import { readFile } from '../conversation/file-data.ts'

/** What is judged together: the messages, and what they are judged beside. Of that, only instructions can be changed. */
export interface Root {
  readonly messages: readonly unknown[]
  readonly beside: Beside
}

export interface Beside {
  /** Messages of the application. */
  readonly system?: readonly unknown[] | undefined
  /** Everything said so far. Of it, what came before the messages is read. */
  readonly history?: readonly unknown[] | undefined
  /** The messages are what the model said; by default they are what it is asked. */
  readonly answer?: boolean
}

/** A reader that has read the messages. Throws `input_invalid` when they are none. */
export function readMessages(messages: unknown, beside: Beside = {}): ConversationReader<Root> {
  if (!Array.isArray(messages)) throw noMessage('messages')
  const reader = new ConversationReader<Root>({ messages, beside })
  listOf(beside.system).forEach((message, index) => {
    if (isFields(message)) reader.open('system').text(message['content'], ['beside', 'system', index, 'content'])
  })
  const ids = new Set(messages.map((message: unknown) => (isFields(message) ? message['id'] : undefined)))
  const history = listOf(beside.history)
  const until = history.findIndex((message) => isFields(message) && ids.has(message['id']))
  history.slice(0, until === -1 ? history.length : until).forEach((message, index) => {
    if (isFields(message)) readMessage(message, ['beside', 'history', index], reader)
  })
  if (beside.answer === true) reader.begin('assistant')
  messages.forEach((message: unknown, index) => {
    if (!isFields(message)) throw noMessage(`messages[${index}]`)
    readMessage(message, ['messages', index], reader)
  })
  return reader
}

/** The messages for what the pipeline let pass, with what mirrors their parts brought into line. */
export function messagesOf(root: Root, before: readonly unknown[]): readonly unknown[] {
  return root.messages.map((message, index) => (message === before[index] ? message : mirrored(message, before[index])))
}

type Reader = ConversationReader<Root>

function readMessage(message: Fields, path: Path, into: Reader): void {
  const { role, content } = message
  let own: MessageReader | null = null
  const open = (): MessageReader => {
    // What an assistant says after a tool's result is a message of its own.
    if (role === 'assistant') return into.answer()
    return (own ??= into.open(role === 'system' || role === 'tool' ? role : 'user'))
  }
  const at = [...path, 'content']
  if (!isFields(content) || !Array.isArray(content['parts'])) {
    if (Array.isArray(content)) content.forEach((part: unknown, index) => readPart(part, [...at, index], open, into))
    else open().text(content ?? '', at)
    return
  }
  content['parts'].forEach((part: unknown, index) => readPart(part, [...at, 'parts', index], open, into))
  if (!isMirror(content['content'], textsOf(content))) open().text(content['content'], [...at, 'content'])
  if (!isMirror(content['reasoning'], reasonsOf(content))) open().text(content['reasoning'], [...at, 'reasoning'])
  listOf(content['toolInvocations']).forEach((invocation, index) => {
    if (!invocationsOf(content).some((part) => isSame(part, invocation)))
      readInvocation(invocation, [...at, 'toolInvocations', index], into)
  })
  listOf(content['experimental_attachments']).forEach((file, index) => {
    const attached = isFields(file) ? { ...file, type: 'file', data: file['url'], mimeType: file['contentType'] } : file
    readPart(attached, [...at, 'experimental_attachments', index], open, into)
  })
  for (const key of ['metadata', 'providerMetadata']) {
    if (content[key] !== undefined) open().aside(content[key], [...at, key])
  }
}

function readPart(part: unknown, path: Path, open: () => MessageReader, into: Reader): void {
  const at = (key: string): Path => [...path, key]
  if (!isFields(part)) {
    open().json(part, path)
    return
  }
  const others = (...read: readonly string[]): void => {
    if (Object.keys(part).some((key) => !read.includes(key) && !OWN.includes(key)))
      open().others(part, path, [...OWN, ...read])
  }
  switch (part['type']) {
    case 'text':
      open().text(part['text'] ?? '', at('text'))
      others('text')
      return
    case 'reasoning':
      open().text(part['reasoning'] ?? '', at('reasoning'))
      listOf(part['details']).forEach((detail, index) => {
        const place = [...at('details'), index]
        // The details are the reasoning once more, normally.
        const read = isFields(detail) && detail['text'] === part['reasoning'] ? ['text'] : []
        if (isFields(detail)) open().others(detail, place, ['type', ...read])
        else open().json(detail, place)
      })
      others('reasoning', 'details')
      return
    case 'tool-invocation':
      readInvocation(part['toolInvocation'], at('toolInvocation'), into)
      others('toolInvocation')
      return
    case 'file': {
      const file = readFile(part['data'] ?? part['url'], mediaTypeOf(part))
      if (file.kind === 'text') open().text(file.text, path, (text) => ({ ...part, data: file.write(text) }))
      else open().medium(file.part, path, (text) => ({ type: 'text', text }))
      others('data', 'url')
      return
    }
    case 'source':
    case 'step-start':
      others()
      return
    default:
      open().json(part, path, (text) => ({ type: 'text', text }))
  }
}

/** Of any part, what says nothing. */
const OWN = ['type', 'createdAt']

function readInvocation(invocation: unknown, path: Path, into: Reader): void {
  const at = (key: string): Path => [...path, key]
  if (!isFields(invocation)) {
    into.answer().json(invocation, path)
    return
  }
  const id = textOf(invocation['toolCallId'])
  const call = { id, name: textOf(invocation['toolName']) }
  into.answer().others(invocation, path, INVOCATION)
  into.answer().call(call, invocation['args'], at('args'))
  if (invocation['rawInput'] !== undefined) into.answer().call(call, invocation['rawInput'], at('rawInput'))
  const { result, errorText } = invocation
  if (result !== undefined) readResult(result, at('result'), into.open('tool', id))
  if (errorText !== undefined) into.open('tool', id).text(errorText, at('errorText'))
}

const INVOCATION = ['state', 'args', 'rawInput', 'result', 'errorText']

/** What a tool gave back. */
export function readResult(result: unknown, path: Path, reader: MessageReader): void {
  if (typeof result === 'string') reader.text(result, path)
  else reader.json(result, path)
}

/** The message with what stands beside its parts as those now are. */
function mirrored(message: unknown, before: unknown): unknown {
  if (!isFields(message) || !isFields(before)) return message
  const { content } = message
  const { content: old } = before
  if (!isFields(content) || !isFields(old) || !Array.isArray(content['parts'])) return message
  const next: Record<string, unknown> = { ...content }
  const parts = content['parts'].map((part: unknown) => withDetails(part))
  next['parts'] = parts
  const now = { parts }
  if (typeof old['content'] === 'string' && content['content'] === old['content']) {
    next['content'] = reflection(old['content'], textsOf(old), textsOf(now))
  }
  if (typeof old['reasoning'] === 'string' && content['reasoning'] === old['reasoning']) {
    next['reasoning'] = reflection(old['reasoning'], reasonsOf(old), reasonsOf(now))
  }
  if (Array.isArray(content['toolInvocations'])) {
    next['toolInvocations'] = content['toolInvocations'].map((invocation: unknown) => {
      const at = invocationsOf(old).findIndex((part) => isSame(part, invocation))
      return invocationsOf(now)[at] ?? invocation
    })
  }
  return { ...message, content: next }
}

/** A thought that was changed has no signature and no second copy that says otherwise. */
function withDetails(part: unknown): unknown {
  if (!isFields(part) || part['type'] !== 'reasoning' || !Array.isArray(part['details'])) return part
  const [detail, ...more] = part['details'] as readonly unknown[]
  if (more.length > 0 || !isFields(detail) || detail['text'] === part['reasoning']) return part
  return { ...part, details: [{ type: 'text', text: part['reasoning'] }] }
}

function textsOf({ parts }: Fields): readonly string[] {
  return listOf(parts).flatMap((part) => (isFields(part) && part['type'] === 'text' ? [textOf(part['text'])] : []))
}

function reasonsOf({ parts }: Fields): readonly string[] {
  return listOf(parts).flatMap((part) =>
    isFields(part) && part['type'] === 'reasoning' ? [textOf(part['reasoning'])] : [],
  )
}

/** Says nothing that the parts do not say. */
function isMirror(text: unknown, of: readonly string[]): boolean {
  return (
    text === undefined ||
    text === '' ||
    (typeof text === 'string' && JOINTS.some((joint) => of.join(joint) === text)) ||
    of.includes(text as string)
  )
}

function reflection(text: string, before: readonly string[], now: readonly string[]): string {
  const joint = JOINTS.find((sign) => before.join(sign) === text)
  return joint === undefined ? (now[before.indexOf(text)] ?? text) : now.join(joint)
}

const JOINTS = ['', '\n', '\n\n', ' ']

function invocationsOf({ parts }: Fields): readonly unknown[] {
  return listOf(parts).flatMap((part) =>
    isFields(part) && part['type'] === 'tool-invocation' ? [part['toolInvocation']] : [],
  )
}

function isSame(left: unknown, right: unknown): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right)
}

function mediaTypeOf(part: Fields): string | undefined {
  const type = part['mimeType'] ?? part['mediaType']
  return typeof type === 'string' ? type : undefined
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function noMessage(place: string): ParapetError {
  return new ParapetError('input_invalid', `\`${place}\` is not of the form that Mastra describes.`)
}
