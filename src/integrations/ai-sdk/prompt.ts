/**
 * The AI SDK's prompt to the conversation that guards see, and back: only what the pipeline modified is rewritten, at the place it
 * stood, every other message is handed on as the very value that came in.
 *
 * Every place that can carry words to the model becomes a text: text, reasoning, files of text and file names, tool arguments,
 * tool results in each of their forms, and provider options that hold a sentence. Content that cannot be read becomes a medium,
 * which the policy decides. Tool definitions and settings belong to the application and are not judged.
 */
import type { Message } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { readFile } from '../conversation/file-data.ts'
import type { Draft, Entry, Write } from './prompt-draft.ts'
import { change, Draughtsman, unreadable } from './prompt-draft.ts'
import { translateOutput } from './prompt-output.ts'
import type { AnyMessage, AnyMessagePart, AnyPrompt } from './provider-types.ts'
import { jsonText } from '../conversation/words.ts'

/** A conversation in both forms. */
export interface Conversation {
  readonly messages: readonly Message[]
  /** The prompt for the conversation as the pipeline left it. */
  rewrite(current: readonly Message[]): AnyPrompt
}

/** Reads a prompt. Throws `input_invalid` when it is none. */
export function translatePrompt(prompt: AnyPrompt): Conversation {
  if (!Array.isArray(prompt)) throw noPrompt('prompt')
  const entries = prompt.flatMap((message, index) => translateMessage(message, index))
  return {
    messages: entries.map(({ message }) => message),
    rewrite(current) {
      const drafts = new Map<number, Draft>()
      const added: Message[] = []
      current.forEach((message, index) => {
        const entry = entries[index]
        if (entry === undefined) added.push(message)
        else if (message !== entry.message) applyChanges(entry, message, prompt, drafts)
      })
      const kept = prompt.map((message, index) => (drafts.get(index) as AnyMessage | undefined) ?? message)
      return [...kept, ...added.map(toPrompt)] as AnyPrompt
    },
  }
}

/** A message the pipeline added: why the last answer was rejected. */
function toPrompt({ content }: Message): AnyMessage {
  const texts =
    typeof content === 'string' ? [content] : content.flatMap((part) => (part.type === 'text' ? part.text : []))
  return { role: 'user', content: texts.map((text) => ({ type: 'text', text })) }
}

function applyChanges(entry: Entry, current: Message, prompt: AnyPrompt, drafts: Map<number, Draft>): void {
  const draftOf = (): Draft => {
    let draft = drafts.get(entry.source)
    if (draft === undefined) {
      const source = prompt[entry.source] as AnyMessage
      const { content } = source
      draft = { ...source, content: typeof content === 'string' ? content : [...content] }
      drafts.set(entry.source, draft)
    }
    return draft
  }
  const before = textsOf(entry.message)
  textsOf(current).forEach((text, index) => {
    const write = entry.contentWrites[index]
    if (write && text !== null && text !== before[index]) write(draftOf(), text)
  })
  current.toolCalls?.forEach((call, index) => {
    const write = entry.callWrites[index]
    if (write !== undefined && call.input !== entry.message.toolCalls?.[index]?.input) write(draftOf(), call.input)
  })
}

function textsOf({ content }: Message): readonly (string | null)[] {
  return typeof content === 'string' ? [content] : content.map((part) => (part.type === 'text' ? part.text : null))
}

function noPrompt(place: string): ParapetError {
  return new ParapetError(
    'input_invalid',
    `\`${place}\` is not of the form the AI SDK's provider interface describes.`,
    {
      details: { param: place },
    },
  )
}

function translateMessage(message: AnyMessage, source: number): readonly Entry[] {
  const content: unknown = (message as Partial<AnyMessage> | null)?.content
  const isList = Array.isArray(content) && content.every((part) => typeof part === 'object' && part !== null)
  if (typeof content !== 'string' && !isList) throw noPrompt(`prompt[${source}].content`)
  const own = new Draughtsman(message.role, source)
  own.aside(message.providerOptions, (draft) => {
    delete draft.providerOptions
  })
  if (typeof message.content === 'string') {
    own.text(message.content, (draft, text) => void (draft.content = text))
    return [own.entry()]
  }
  const results: { readonly tool: string; readonly into: Draughtsman }[] = []
  message.content.forEach((part: AnyMessagePart, index: number) => {
    if (part.type !== 'tool-result') {
      translatePart(part, index, own)
      return
    }
    // A guard is told which tool answered, and one message is one tool's: results of the same tool stay together.
    const last = results.at(-1)
    const into = last?.tool === part.toolName ? last.into : new Draughtsman('tool', source, part.toolCallId)
    if (into !== last?.into) results.push({ tool: part.toolName, into })
    into.aside(part.providerOptions, dropOptions(index))
    nameCall(part, index, into)
    translateOutput(part, index, into)
  })
  const entries = results.map(({ into }) => into.entry())
  const first = own.entry()
  const silent = message.role === 'tool' && first.contentWrites.length === 0
  return silent && entries.length > 0 ? entries : [first, ...entries]
}

function translatePart(part: AnyMessagePart, index: number, into: Draughtsman): void {
  into.aside(part.providerOptions, dropOptions(index))
  switch (part.type) {
    case 'text':
      into.text(part.text, (draft, text) => change(draft, index, { text }))
      return
    case 'reasoning':
      // What signs or encrypts the reasoning would contradict, or still hold, what was there before.
      into.text(part.text, (draft, text) => change(draft, index, { text, providerOptions: undefined }))
      return
    case 'file':
      into.text(part.filename ?? '', (draft, filename) => change(draft, index, { filename }))
      if ('originalUrl' in part)
        into.name(part.originalUrl, (draft) => change(draft, index, { originalUrl: undefined }))
      translateFile(part, index, into)
      return
    case 'reasoning-file':
      translateFile(part, index, into)
      return
    case 'custom':
      into.name(part.kind, (draft, kind) => change(draft, index, { kind }))
      return
    case 'tool-call':
      translateCall(part, index, into)
      return
    case 'tool-result':
      translateOutput(part, index, into)
      return
    case 'tool-approval-response':
      into.name(part.approvalId, (draft, approvalId) => change(draft, index, { approvalId }))
      into.text(part.reason ?? '', (draft, reason) => change(draft, index, { reason }))
      return
    default:
      part satisfies never
      translateUnknown(part, index, into)
  }
}

function translateFile(
  part: { readonly data: unknown; readonly mediaType?: string },
  index: number,
  into: Draughtsman,
): void {
  const file = readFile(part.data, part.mediaType)
  into.name(part.mediaType, (draft, mediaType) => change(draft, index, { mediaType }))
  if (file.kind === 'text') into.text(file.text, (draft, text) => change(draft, index, { data: file.write(text) }))
  else into.medium(file.part, inPlaceOf(index))
}

function translateCall(part: Extract<AnyMessagePart, { type: 'tool-call' }>, index: number, into: Draughtsman): void {
  const { toolCallId: id, toolName: name, input } = part
  nameCall(part, index, into)
  if (typeof input === 'string') {
    into.call({ id, name, input }, (draft, text) => change(draft, index, { input: text }))
    return
  }
  const { text, blob, parse } = jsonText(input)
  if (blob) into.medium(unreadable())
  // What is no JSON any more is not handed on: models take objects only.
  into.call({ id, name, input: text }, (draft, changed) => change(draft, index, { input: parse(changed) ?? {} }))
}

function nameCall(
  part: { readonly toolCallId: string; readonly toolName: string },
  index: number,
  into: Draughtsman,
): void {
  into.name(part.toolCallId, (draft, toolCallId) => change(draft, index, { toolCallId }))
  into.name(part.toolName, (draft, toolName) => change(draft, index, { toolName }))
}

/** Its words are judged, and as it may hold more than words the policy's rule for media applies as well. */
function translateUnknown(part: unknown, index: number, into: Draughtsman): void {
  into.text(jsonText(part).text, inPlaceOf(index))
  into.medium(unreadable())
}

function inPlaceOf(index: number): Write {
  return (draft, text) => {
    ;(draft.content as unknown[])[index] = { type: 'text', text }
  }
}

function dropOptions(index: number): (draft: Draft) => void {
  return (draft) => change(draft, index, { providerOptions: undefined })
}
