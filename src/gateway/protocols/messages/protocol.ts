/**
 * Anthropic's messages: `POST /v1/messages`. The parts are read and written by the files beside this one; here they are tied
 * together. `max_tokens`, tools and everything else beside the conversation go on as they came.
 */
import type { JsonObject, MessagesRequest } from '../../../contract/index.ts'
import { asArray, asString, isJsonObject, messagesRequestSchema } from '../../../contract/index.ts'
import { upstreamError } from '../../upstream/failure.ts'
import { parseBody } from '../parse-body.ts'
import { parseEvent } from '../parse-event.ts'
import type { Envelope, EventReader, EventWriter, ModelRequest, Protocol } from '../protocol.ts'
import { namedEvent } from '../protocol.ts'
import { createAnswerReader, readMessage } from './answer-reader.ts'
import { AnswerWriter } from './answer-writer.ts'
import { translateConversation, withUserText } from './conversation.ts'
import { messagesErrorBody } from './errors.ts'
import { createWholeWriter } from './whole-writer.ts'
import type { Declared } from './words.ts'

export const MESSAGES: Protocol = {
  door: 'messages',
  path: '/v1/messages',
  endpoint: '/messages',
  auth: 'x-api-key',
  forwarded: ['anthropic-version', 'anthropic-beta'],
  parse: (body) => readMessagesRequest(body),
  errorBody: messagesErrorBody,
}

/** Reads a request for a message. Throws `input_invalid` with the field. */
export function readMessagesRequest(body: JsonObject): ModelRequest {
  const request = parseBody<MessagesRequest>(messagesRequestSchema, body)
  const declared = declaredBy(request)
  const conversation = translateConversation(request, declared)
  const user = request.metadata?.user_id
  return {
    stream: request.stream === true,
    ...(typeof request.model === 'string' ? { model: request.model } : {}),
    ...(typeof user === 'string' ? { user } : {}),
    messages: conversation.messages,
    bodyFor(current, feedback) {
      const wire = conversation.rewrite(current)
      const messages = feedback === undefined ? wire.messages : withUserText(wire.messages, feedback)
      return { ...request, ...wire, messages }
    },
    createEventReader: () => createEventReader(declared),
    readWhole: (answer) => readMessage(answer, declared),
    createEventWriter: (envelope) => createEventWriter(envelope, declared),
    createWholeWriter: (envelope) => createWholeWriter(envelope, declared),
  }
}

/** Tools that run at the model server have names of its own. */
const SERVER_TOOLS = [
  'advisor',
  'web_search',
  'web_fetch',
  'code_execution',
  'bash_code_execution',
  'text_editor_code_execution',
  'tool_search_tool_regex',
  'tool_search_tool_bm25',
]

/** What the client itself has named. */
function declaredBy({ tools, mcp_servers: servers, stop_sequences: stops }: MessagesRequest): Declared {
  const names = [...asArray(tools), ...asArray(servers)].flatMap((item) =>
    isJsonObject(item) ? (asString(item['name']) ?? []) : [],
  )
  return new Set([...SERVER_TOOLS, ...names, ...(stops ?? [])])
}

function createEventReader(declared: Declared): EventReader {
  const reader = createAnswerReader(declared)
  return {
    read: (data) => reader.read(parseEvent(data)),
    get ended() {
      return reader.ended
    },
    end() {
      if (!reader.ended) throw upstreamError('The answer of the model server ended before it was finished.')
    },
  }
}

function createEventWriter(envelope: Envelope, declared: Declared): EventWriter {
  const writer = new AnswerWriter({ envelope, declared, whole: false })
  return {
    write: (part) => toText(writer.write(part)),
    refuse(text) {
      const words = writer.write({ type: 'text', text })
      return toText([...words, ...writer.write({ type: 'finish', reason: 'content_filter' }), ...writer.end()])
    },
    error: (body) => namedEvent('error', messagesErrorBody(body)),
    end: () => toText(writer.end()),
  }
}

function toText(events: readonly JsonObject[]): string {
  return events.map((event) => namedEvent(String(event['type']), event)).join('')
}
