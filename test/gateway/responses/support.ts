/** A gateway in front of a model server that speaks the Responses API, scripted event by event. */
import OpenAI from 'openai'
import type { ResponseOutputItem, ResponseStreamEvent } from 'openai/resources/responses/responses'
import type { Harness, HarnessOptions, Server } from '../support.ts'
import { harness, post } from '../support.ts'
import { eventsOf, responseOf } from './fixtures.ts'

export type Wire = Record<string, unknown>

/** The events as OpenAI writes them. */
export function sse(events: readonly object[]): string {
  return events.map((event) => `event: ${String((event as Wire)['type'])}\ndata: ${JSON.stringify(event)}\n\n`).join('')
}

export function sseResponse(events: readonly object[]): Response {
  return new Response(sse(events), { headers: { 'content-type': 'text/event-stream' } })
}

/** A server that answers with these items, streamed or whole. */
export function answers(output: readonly ResponseOutputItem[], extra: object = {}): Server {
  return (body) =>
    body['stream'] === true ? sseResponse(eventsOf(output, 5, extra)) : Response.json(responseOf(output, extra))
}

export function ask(input: unknown, extra: Wire = {}, headers: Record<string, string> = {}): Request {
  return post('/v1/responses', { model: 'gpt-test', input, ...extra }, headers)
}

export interface Event {
  readonly type: string
  readonly sequence_number: number
  readonly [key: string]: unknown
}

/** Events of a stream; fails when one is not named after its type. */
export function parse(text: string): readonly Event[] {
  return text
    .split('\n\n')
    .filter((block) => block !== '')
    .map((block) => {
      const lines = block.split('\n')
      const event = JSON.parse(lines.at(-1)?.slice('data: '.length) ?? '') as Event
      // A type that a guard rewrote is no name.
      if (lines.length > 1 && lines[0] !== `event: ${event.type}`) throw new Error(`an event is called ${lines[0]}`)
      return event
    })
}

/** The text a client gets for these events of the model server. */
export async function streamed(
  events: readonly object[],
  options: HarnessOptions = {},
  request: Wire = {},
): Promise<string> {
  const { gateway } = harness({ server: () => sseResponse(events), policy: { media: 'pass' }, ...options })
  return (await gateway.fetch(ask('hi', { stream: true, ...request }))).text()
}

/** The answer a client gets for this response of the model server. */
export async function whole(response: object, options: HarnessOptions = {}): Promise<Wire> {
  const { gateway } = harness({ server: () => Response.json(response), policy: { media: 'pass' }, ...options })
  return (await (await gateway.fetch(ask('hi'))).json()) as Wire
}

/** The real client in front of this gateway. */
export function clientOf({ gateway }: Pick<Harness, 'gateway'>, apiKey = 'client-key'): OpenAI {
  return new OpenAI({
    baseURL: 'http://gateway.invalid/v1',
    apiKey,
    maxRetries: 0,
    fetch: async (url, init) => gateway.fetch(new Request(url, init)),
  })
}

/** The response as the last event tells it. */
export function lastResponse(
  events: readonly Event[],
): Wire & { readonly id: string; readonly output: readonly Wire[] } {
  const response = events.at(-1)?.['response']
  if (typeof response !== 'object' || response === null) throw new Error('The last event has no response.')
  return response as ReturnType<typeof lastResponse>
}

/** All words of one kind of delta, joined. */
export function joined(events: readonly Event[], type: string): string {
  return events.flatMap((event) => (event.type === type ? [String(event['delta'])] : [])).join('')
}

export type { ResponseStreamEvent }
