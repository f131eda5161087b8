/**
 * A message in one piece, put together from the events that `answer-writer.ts` writes: what is in it is what a stream would have
 * shown.
 */
import type { JsonObject, JsonValue } from '../../../contract/index.ts'
import { asArray, asString, isJsonObject } from '../../../contract/index.ts'
import { ParapetError } from '../../../spec/index.ts'
import type { Envelope, WholeWriter } from '../protocol.ts'
import { AnswerWriter } from './answer-writer.ts'
import type { Declared } from './words.ts'

type Draft = Record<string, JsonValue | undefined>

export function createWholeWriter(envelope: Envelope, declared: Declared): WholeWriter {
  const writer = new AnswerWriter({ envelope, declared, whole: true })
  let events: JsonObject[] = []
  return {
    write(part) {
      for (const event of writer.write(part)) {
        // The model was asked again.
        if (event['type'] === 'message_start') events = []
        events.push(event)
      }
    },
    answer: () => (writer.empty ? null : messageOf([...events, ...writer.end()])),
    refusal(text) {
      const own = new AnswerWriter({ envelope, declared, whole: true })
      const refused = own.write({ type: 'text', text })
      return messageOf([...refused, ...own.write({ type: 'finish', reason: 'content_filter' }), ...own.end()])
    },
  }
}

function messageOf(events: readonly JsonObject[]): JsonObject {
  const message: Draft = {}
  const blocks: Draft[] = []
  /** Tool input as text, by block. */
  const inputs = new Map<Draft, string>()
  for (const event of events) {
    const { type, index } = event
    const block = typeof index === 'number' ? blocks[index] : undefined
    if (type === 'message_start' && isJsonObject(event['message'])) Object.assign(message, event['message'])
    else if (type === 'content_block_start') blocks.push({ ...objectOf(event['content_block']) })
    else if (type === 'content_block_delta' && block !== undefined) addDelta(block, objectOf(event['delta']), inputs)
    else if (type === 'message_delta') {
      Object.assign(message, objectOf(event['delta']))
      message['usage'] = { ...objectOf(message['usage']), ...objectOf(event['usage']) }
    }
  }
  for (const [block, text] of inputs) block['input'] = inputOf(text)
  return { ...message, content: blocks }
}

function addDelta(block: Draft, delta: JsonObject, inputs: Map<Draft, string>): void {
  const add = (key: string): void => void (block[key] = `${asString(block[key]) ?? ''}${asString(delta[key]) ?? ''}`)
  switch (delta['type']) {
    case 'text_delta':
      add('text')
      break
    case 'thinking_delta':
      add('thinking')
      break
    case 'input_json_delta':
      inputs.set(block, `${inputs.get(block) ?? ''}${asString(delta['partial_json']) ?? ''}`)
      break
    case 'signature_delta':
      block['signature'] = delta['signature']
      break
    case 'citations_delta':
      block['citations'] = [...asArray(block['citations']), delta['citation'] ?? null]
      break
    default:
      // Only a stream has others, and it is not read here.
      break
  }
}

function inputOf(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    throw new ParapetError(
      'guard_failed',
      'What a guard left of the input of a tool is no JSON. Let it mask within strings only, or block instead.',
    )
  }
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {}
}
