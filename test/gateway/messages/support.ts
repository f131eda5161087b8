/**
 * What the tests of the Messages door share: answers of a model server, event by event and whole, and readers of what comes out.
 * The fixtures are written from the published types of Anthropic's SDK, whose types check them; none was recorded.
 */
import Anthropic from '@anthropic-ai/sdk'
import type {
  ContentBlock,
  Message,
  RawContentBlockDelta,
  RawMessageStreamEvent,
} from '@anthropic-ai/sdk/resources/messages/messages'
import type { Gateway } from '../../../src/gateway/index.ts'
import type { Server } from '../support.ts'
import { post } from '../support.ts'

export type Json = Record<string, unknown>

export function messageOf(content: readonly ContentBlock[], more: Partial<Message> = {}): Message {
  return {
    id: 'msg_01XFDUDYJgAACzvnptvVoYEL',
    type: 'message',
    role: 'assistant',
    model: 'test-model',
    content: [...content],
    stop_reason: 'end_turn',
    stop_sequence: null,
    stop_details: null,
    container: null,
    diagnostics: null,
    usage: {
      input_tokens: 10,
      output_tokens: 5,
      output_tokens_details: null,
      cache_creation: null,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      inference_geo: null,
      server_tool_use: null,
      service_tier: 'standard',
      speed: null,
    },
    ...more,
  }
}

export function text(words: string): ContentBlock {
  return { type: 'text', text: words, citations: null }
}

export function toolUse(name: string, input: unknown, id = 'toolu_01A09q90qw90lq917835lq9'): ContentBlock {
  return { type: 'tool_use', id, name, input, caller: { type: 'direct' } }
}

export function start(more: Partial<Message> = {}): RawMessageStreamEvent {
  return { type: 'message_start', message: messageOf([], { stop_reason: null, ...more }) }
}

/** A block and its pieces. */
export function block(
  index: number,
  head: ContentBlock,
  deltas: readonly RawContentBlockDelta[],
): readonly RawMessageStreamEvent[] {
  return [
    { type: 'content_block_start', index, content_block: head },
    ...deltas.map((delta) => ({ type: 'content_block_delta' as const, index, delta })),
    { type: 'content_block_stop', index },
  ]
}

export function textBlock(index: number, pieces: readonly string[]): readonly RawMessageStreamEvent[] {
  return block(
    index,
    text(''),
    pieces.map((piece) => ({ type: 'text_delta', text: piece })),
  )
}

export function thinkingBlock(
  index: number,
  pieces: readonly string[],
  signature = 'EqQBCgIYAhIM1gbcDa9GJwZA2b3h',
): readonly RawMessageStreamEvent[] {
  return block(index, { type: 'thinking', thinking: '', signature: '' }, [
    ...pieces.map((thinking) => ({ type: 'thinking_delta' as const, thinking })),
    { type: 'signature_delta', signature },
  ])
}

export function toolBlock(index: number, name: string, pieces: readonly string[]): readonly RawMessageStreamEvent[] {
  return block(
    index,
    toolUse(name, {}, `toolu_0${index}`),
    pieces.map((partial_json) => ({ type: 'input_json_delta', partial_json })),
  )
}

export function end(
  stop: Message['stop_reason'] = 'end_turn',
  sequence: string | null = null,
): RawMessageStreamEvent[] {
  return [
    {
      type: 'message_delta',
      delta: { stop_reason: stop, stop_sequence: sequence, stop_details: null, container: null },
      usage: {
        output_tokens: 15,
        input_tokens: null,
        output_tokens_details: null,
        cache_creation_input_tokens: null,
        cache_read_input_tokens: null,
        server_tool_use: null,
      },
    },
    { type: 'message_stop' },
  ]
}

/** A whole answer: these blocks between a beginning and an end. */
export function answer(...blocks: readonly (readonly object[])[]): readonly object[] {
  return [start(), ...blocks.flat(), ...end()]
}

export function sse(events: readonly object[]): string {
  return events
    .map((event) => `event: ${(event as { type: string }).type}\ndata: ${JSON.stringify(event)}\n\n`)
    .join('')
}

export function streamOf(events: readonly object[]): Response {
  return new Response(sse(events), { headers: { 'content-type': 'text/event-stream' } })
}

/** A server that says this, streamed or whole. */
export function saysMessage(words: string): Server {
  return (body) =>
    body['stream'] === true
      ? streamOf(answer(textBlock(0, words.match(/\S+\s*|\s+/g) ?? [])))
      : Response.json(messageOf([text(words)]))
}

export function ask(content: unknown, more: Json = {}, headers: Record<string, string> = {}): Request {
  const body = { model: 'm', max_tokens: 100, messages: [{ role: 'user', content }], ...more }
  return post('/v1/messages', body, headers)
}

/** The events of a stream. Throws when the name of one is not its type. */
export function eventsOf(body: string): readonly Json[] {
  return body
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => {
      const [name = '', data = ''] = event.split('\n')
      const value = JSON.parse(data.slice('data: '.length)) as Json
      if (name !== `event: ${String(value['type'])}`) throw new Error(`The event is not what it is called: ${name}`)
      return value
    })
}

/**
 * The message that a stream spells. Throws when the stream is not of the form documented: start, blocks one after another with
 * growing numbers, each with start and stop, delta, stop.
 */
export function spelled(events: readonly Json[]): Message {
  let message: Message | null = null
  let open: number | null = null
  let input = ''
  let over = false
  for (const event of events as readonly unknown[] as readonly RawMessageStreamEvent[]) {
    if ((event.type as string) === 'ping') continue
    if (over) throw new Error('There is an event after the end.')
    if (event.type === 'message_start') {
      if (message !== null) throw new Error('The message begins twice.')
      message = structuredClone(event.message)
      continue
    }
    if (message === null) throw new Error('There is an event before the beginning.')
    switch (event.type) {
      case 'content_block_start':
        if (open !== null || event.index !== message.content.length) throw new Error('A block begins out of turn.')
        open = event.index
        input = ''
        message.content.push(structuredClone(event.content_block))
        break
      case 'content_block_delta': {
        const last = message.content.at(-1)
        if (open !== event.index || last === undefined) throw new Error('A piece stands outside of its block.')
        if (event.delta.type === 'input_json_delta') input += event.delta.partial_json
        else addPiece(last, event.delta)
        break
      }
      case 'content_block_stop': {
        if (open !== event.index) throw new Error('A block ends that is not open.')
        open = null
        const last = message.content.at(-1)
        if (input !== '' && last !== undefined && 'input' in last) last.input = JSON.parse(input)
        break
      }
      case 'message_delta':
        if (open !== null) throw new Error('The message ends within a block.')
        Object.assign(message, event.delta)
        break
      case 'message_stop':
        over = true
        break
      default:
        event satisfies never
    }
  }
  if (message === null || !over) throw new Error('The stream has no end.')
  return message
}

function addPiece(into: ContentBlock, delta: RawContentBlockDelta): void {
  if (delta.type === 'text_delta' && into.type === 'text') into.text += delta.text
  else if (delta.type === 'thinking_delta' && into.type === 'thinking') into.thinking += delta.thinking
  else if (delta.type === 'signature_delta' && into.type === 'thinking') into.signature = delta.signature
  else if (delta.type === 'citations_delta' && into.type === 'text')
    into.citations = [...(into.citations ?? []), delta.citation]
  else if ((delta.type as string) === 'compaction_delta') Object.assign(into, delta, { type: 'compaction' })
  else throw new Error(`A piece does not fit: ${delta.type} in ${into.type}`)
}

/** The text of a message. */
export function wordsOf(message: Pick<Message, 'content'>): string {
  return message.content.map((item) => (item.type === 'text' ? item.text : '')).join('')
}

/** The real client in front of a gateway. */
export function clientOf(gateway: Gateway, apiKey = 'any-key'): Anthropic {
  return new Anthropic({
    apiKey,
    baseURL: 'http://127.0.0.1',
    maxRetries: 0,
    fetch: (input, init) => gateway.fetch(new Request(input, init)),
  })
}
