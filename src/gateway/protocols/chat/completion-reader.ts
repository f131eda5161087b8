/**
 * A whole `chat.completion` to stream parts: the answer itself first, then what it holds, choice by choice. The counterpart
 * that puts it together again is `answer/completion-writer`.
 */
import type { JsonObject } from '../../../contract/index.ts'
import { asArray, asString, isJsonObject } from '../../../contract/index.ts'
import type { StreamPart } from '../../../spec/index.ts'
import {
  checkedName,
  choiceIndex,
  fieldParts,
  finishReason,
  PLAIN_CHOICE_KEYS,
  PLAIN_CHUNK_KEYS,
  readUnknown,
} from './chunk-reader.ts'
import { upstreamError } from '../../upstream/failure.ts'
import { refusalChoice } from './raw.ts'

/** Parts of an answer that came in one piece. Throws `upstream_error` when it is not a chat completion. */
export function readCompletion(completion: unknown): readonly StreamPart[] {
  if (!isJsonObject(completion) || !Array.isArray(completion['choices']) || completion['choices'].length === 0) {
    throw upstreamError('The model server sent something that is not a chat completion.')
  }
  const parts: StreamPart[] = [{ type: 'other', raw: { kind: 'completion', completion } }]
  fieldParts(completion, PLAIN_CHUNK_KEYS, 'chunk', undefined, parts)
  const seen = new Set<number>()
  for (const choice of asArray(completion['choices'])) {
    if (!isJsonObject(choice) || !isJsonObject(choice['message']))
      throw upstreamError('The model server sent a choice without a message.')
    const index = choiceIndex(choice)
    if (seen.has(index)) throw upstreamError('The model server sent two choices with the same index.')
    seen.add(index)
    readMessage(choice['message'], index, parts)
    fieldParts(choice, PLAIN_CHOICE_KEYS, 'choice', index, parts)
    parts.push({ type: 'finish', choice: index, reason: finishReason(choice['finish_reason'] ?? 'stop') })
  }
  return parts
}

function readMessage(message: JsonObject, choice: number, into: StreamPart[]): void {
  for (const [key, value] of Object.entries(message)) {
    if (value === undefined || value === null || value === '') continue
    if (key === 'content' && typeof value === 'string') into.push({ type: 'text', choice, text: value })
    else if (key === 'reasoning_content' && typeof value === 'string')
      into.push({ type: 'reasoning', choice, text: value })
    else if (key === 'reasoning' && typeof value === 'string') {
      if (message['reasoning_content'] !== value) into.push({ type: 'reasoning', choice, text: value })
    } else if (key === 'refusal' && typeof value === 'string') {
      into.push({ type: 'text', choice: refusalChoice(choice), text: value })
      into.push({ type: 'finish', choice: refusalChoice(choice), reason: 'stop' })
    } else if (key === 'tool_calls') readCalls(message, choice, into)
    else if (key === 'function_call' && isJsonObject(value)) {
      pushCall('function_call', asString(value['name']), value['arguments'], choice, into)
    } else readUnknown(key, value, choice, into, true)
  }
}

function readCalls(message: JsonObject, choice: number, into: StreamPart[]): void {
  asArray(message['tool_calls']).forEach((call, index) => {
    if (!isJsonObject(call)) return
    const body = isJsonObject(call['custom']) ? call['custom'] : isJsonObject(call['function']) ? call['function'] : {}
    pushCall(String(index), asString(body['name']), body['arguments'] ?? body['input'], choice, into)
  })
}

function pushCall(call: string, name: string | undefined, input: unknown, choice: number, into: StreamPart[]): void {
  const tool = checkedName(name ?? '')
  const text = typeof input === 'string' ? input : input === undefined || input === null ? '' : JSON.stringify(input)
  if (text !== '') into.push({ type: 'tool-input', choice, call, text, ...(tool === '' ? {} : { tool }) })
}
