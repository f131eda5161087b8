/**
 * OpenAI's chat completions: `POST /v1/chat/completions`. The parts are read and written by the files beside this one; here they
 * are tied together.
 */
import type { ChatRequest, ErrorBody, JsonObject } from '../../../contract/index.ts'
import { chatRequestSchema } from '../../../contract/index.ts'
import { parseBody } from '../parse-body.ts'
import { asksUsage, OwnUsage, usageChunks } from '../own-usage.ts'
import type { Envelope, EventReader, EventWriter, ModelRequest, Protocol } from '../protocol.ts'
import { dataEvent } from '../protocol.ts'
import { createChunkReader } from './chunk-reader.ts'
import { createChunkWriter } from './chunk-writer.ts'
import { readCompletion } from './completion-reader.ts'
import { createCompletionWriter } from './completion-writer.ts'
import { parseEvent } from '../parse-event.ts'
import { translateMessages } from './messages.ts'

export const DONE_EVENT = 'data: [DONE]\n\n'

export const CHAT_COMPLETIONS: Protocol = {
  door: 'chat-completions',
  path: '/v1/chat/completions',
  endpoint: '/chat/completions',
  auth: 'bearer',
  forwarded: [],
  parse: (body) => readRequest(parseBody<ChatRequest>(chatRequestSchema, body)),
  errorBody: (body) => body as ErrorBody & JsonObject,
}

function readRequest(chat: ChatRequest): ModelRequest {
  const conversation = translateMessages(chat.messages)
  const choices = chat.n ?? 1
  return {
    stream: chat.stream === true,
    ...(typeof chat.model === 'string' ? { model: chat.model } : {}),
    ...(typeof chat.user === 'string' ? { user: chat.user } : {}),
    messages: conversation.messages,
    bodyFor(current, feedback) {
      const again = feedback === undefined ? [] : [{ role: 'user', content: feedback }]
      return { ...chat, messages: [...conversation.rewrite(current), ...again] }
    },
    createEventReader,
    readWhole: readCompletion,
    createEventWriter: (envelope) => createEventWriter(envelope, { choices, usage: asksUsage(chat) }),
    createWholeWriter: (envelope) => createCompletionWriter(ownFields(envelope), choices),
  }
}

function ownFields({ id, created, model }: Envelope): JsonObject {
  return { id: `chatcmpl-${id}`, created, model }
}

function createEventReader(): EventReader {
  const reader = createChunkReader()
  let ended = false
  return {
    read(data) {
      if (data !== '[DONE]') return reader.read(parseEvent(data))
      reader.end()
      ended = true
      return []
    },
    get ended() {
      return ended
    },
    end: () => reader.end(),
  }
}

interface Wanted {
  readonly choices: number
  /** The client asked for a last chunk with the tokens. */
  readonly usage: boolean
}

function createEventWriter(envelope: Envelope, { choices, usage }: Wanted): EventWriter {
  const writer = createChunkWriter(ownFields(envelope))
  /** The policy's words for the first choice, when it answered before the model did. */
  let ownWords = ''
  let refused = false
  const told = new OwnUsage()
  const toText = (chunks: readonly JsonObject[]): string => chunks.map(dataEvent).join('')
  return {
    write(part) {
      told.take(part)
      if (part.type === 'text' && part.raw === undefined) ownWords += part.text
      if (part.type === 'finish' && part.raw === undefined && part.reason === 'content_filter') refused = true
      return toText(writer.write(part))
    },
    refuse: (text) => toText(writer.refuse(text, choices)) + DONE_EVENT,
    error: dataEvent,
    // A refusal is one answer; a client that asked for several waits for the end of each.
    end: () => {
      const rest = refused ? writer.refuse(ownWords, choices) : []
      return toText([...rest, ...(usage ? usageChunks(writer.envelope, told) : [])]) + DONE_EVENT
    },
  }
}
