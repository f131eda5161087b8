/**
 * OpenAI's completions from before chat: `POST /v1/completions`. Requests and answers are read and written by the files beside this
 * one; here they are tied together.
 *
 * Every prompt of a list is judged, and a model that echoes a prompt echoes it as it was sent, modified. Prompts given as tokens
 * cannot be read by any guard: the policy's rule for media decides about them.
 */
import type { CompletionRequest, ErrorBody, JsonObject } from '../../../contract/index.ts'
import { completionRequestSchema } from '../../../contract/index.ts'
import { messageText } from '../../../core/pipeline/texts.ts'
import type { Message } from '../../../spec/index.ts'
import { ParapetError } from '../../../spec/index.ts'
import { parseBody } from '../parse-body.ts'
import { parseEvent } from '../parse-event.ts'
import { asksUsage } from '../own-usage.ts'
import type { Envelope, EventReader, ModelRequest, Protocol } from '../protocol.ts'
import { createChunkReader, readWhole } from './answer-reader.ts'
import { createEventWriter } from './event-writer.ts'
import type { FieldPlan } from './judged-fields.ts'
import { countTexts, judgedFields } from './judged-fields.ts'
import { createWholeWriter } from './whole-writer.ts'

/** Each choice is judged by a rail of its own, so there is a bound. */
const MOST_CHOICES = 2048

const PLAN: FieldPlan = {
  main: 'prompt',
  settings: new Set(['model', 'stop', 'logit_bias', 'stream_options', 'user']),
  unreadable: new Set(['prompt_embeds', 'prompt_token_ids']),
}

export const COMPLETIONS: Protocol = {
  door: 'completions',
  path: '/v1/completions',
  endpoint: '/completions',
  auth: 'bearer',
  forwarded: [],
  parse: (body) => readRequest(parseBody<CompletionRequest>(completionRequestSchema, body)),
  errorBody: (body) => body as ErrorBody & JsonObject,
}

function readRequest(body: CompletionRequest): ModelRequest {
  const { model, prompt, n, stream, user } = body
  const conversation = judgedFields(body, PLAN)
  const count = countTexts(prompt ?? undefined) * (n ?? 1)
  if (count > MOST_CHOICES) {
    throw new ParapetError(
      'input_invalid',
      `\`n\` is wrong: with these prompts it asks for more than ${MOST_CHOICES} choices.`,
      {
        details: { param: 'n' },
      },
    )
  }
  return {
    stream: stream === true,
    ...(typeof model === 'string' ? { model } : {}),
    ...(typeof user === 'string' ? { user } : {}),
    messages: conversation.messages,
    bodyFor(current, feedback) {
      const turns = current.slice(conversation.messages.length).map(messageText)
      return withTurns(conversation.rewrite(current), feedback === undefined ? turns : [...turns, feedback])
    },
    createEventReader: () => createEventReader(count),
    readWhole: (answer) => readWhole(answer, count),
    createEventWriter: (envelope) => createEventWriter(ownFields(envelope), count, asksUsage(body)),
    createWholeWriter: (envelope) => createWholeWriter(ownFields(envelope), count),
  }
}

/** What the pipeline has to say after the prompts. There are no turns here, so it stands at the end of each prompt. */
function withTurns(body: CompletionRequest, turns: readonly Message['content'][]): JsonObject {
  if (turns.length === 0) return body
  const extend = (text: string): string => [text, ...turns].filter((part) => part !== '').join('\n\n')
  const { prompt } = body
  if (!Array.isArray(prompt)) return { ...body, prompt: extend(typeof prompt === 'string' ? prompt : '') }
  return {
    ...body,
    prompt: (prompt as readonly unknown[]).map((item) =>
      typeof item === 'string' ? extend(item) : item,
    ) as JsonObject[],
  }
}

function ownFields({ id, created, model }: Envelope): JsonObject {
  return { id: `cmpl-${id}`, created, model }
}

function createEventReader(count: number): EventReader {
  const reader = createChunkReader(count)
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
