/**
 * OpenAI's chat completions: `POST /v1/chat/completions`. The parts are read and written by the files beside this one; here they
 * are tied together.
 */
import type { ChatRequest, ErrorBody, JsonObject } from '../../../contract/index.ts'
import { chatRequestSchema } from '../../../contract/index.ts'
import { parseBody } from '../parse-body.ts'
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
    createEventWriter: (envelope) => createEventWriter(envelope, choices),
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

function createEventWriter(envelope: Envelope, choices: number): EventWriter {
  const writer = createChunkWriter(ownFields(envelope))
  return {
    write: (part) => writer.write(part).map(dataEvent).join(''),
    refuse: (text) => writer.refuse(text, choices).map(dataEvent).join('') + DONE_EVENT,
    error: dataEvent,
    end: () => DONE_EVENT,
  }
}
