/**
 * A completions server as the tests script it, and the real `openai` client in front of the gateway.
 *
 * The answers are written from the types that the `openai` package publishes (`resources/completions.d.ts`), not recorded.
 */
import OpenAI from 'openai'
import type { Completion, CompletionChoice } from 'openai/resources/completions'
import type { Gateway } from '../../../src/gateway/index.ts'
import type { Server } from '../support.ts'
import { post, sseResponse } from '../support.ts'

export function clientOf(gateway: Gateway, headers: Record<string, string> = {}): OpenAI {
  return new OpenAI({
    apiKey: 'client-key',
    baseURL: 'http://127.0.0.1/v1',
    maxRetries: 0,
    defaultHeaders: headers,
    fetch: (url, init) => gateway.fetch(new Request(url, init)),
  })
}

export function ask(prompt: unknown, extra: Record<string, unknown> = {}): Request {
  return post('/v1/completions', { model: 'm', prompt, ...extra })
}

export function choice(
  text: string,
  extra: Partial<CompletionChoice> & Record<string, unknown> = {},
): CompletionChoice {
  return { index: 0, text, logprobs: null, finish_reason: 'stop', ...extra }
}

export function completion(choices: readonly unknown[], extra: Record<string, unknown> = {}): Completion {
  return {
    id: 'cmpl-1',
    object: 'text_completion',
    created: 1_700_000_000,
    model: 'test-model',
    system_fingerprint: 'fp_44709d6fcb',
    choices: choices as CompletionChoice[],
    usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
    ...extra,
  }
}

/** A chunk of a stream: the same form, without counts. */
export function chunk(
  text: string,
  extra: Record<string, unknown> = {},
  around: Record<string, unknown> = {},
): Completion {
  const { usage: _usage, ...rest } = completion([{ ...choice(text), finish_reason: null, ...extra }], around)
  return { ...rest, ...around }
}

/** The chunks of one choice, cut like this. */
export function chunksOf(pieces: readonly string[], index = 0): readonly Completion[] {
  return [...pieces.map((text) => chunk(text, { index })), chunk('', { index, finish_reason: 'stop' })]
}

/** Says this for every choice asked for, streamed word by word or whole; with `echo` after the prompt. */
export function completes(text: string, extra: Record<string, unknown> = {}): Server {
  return (body) => {
    const { prompt, n = 1, echo, stream, stream_options: options } = body as { [key: string]: never }
    const prompts: readonly unknown[] = Array.isArray(prompt) && typeof prompt[0] !== 'number' ? prompt : [prompt]
    const texts = prompts.flatMap((item) =>
      Array.from({ length: n }, () => (echo === true ? `${String(item)}${text}` : text)),
    )
    if (stream !== true)
      return Response.json(
        completion(
          texts.map((item, index) => choice(item, { index })),
          extra,
        ),
      )
    const lanes = texts.map((item, index) => chunksOf(item.match(/\S+\s*|\s+/g) ?? [], index))
    const usage = completion([], extra)
    const counted = (options as { include_usage?: boolean } | undefined)?.include_usage === true
    return sseResponse([...lanes.flat(), ...(counted ? [usage] : [])])
  }
}

/** What of a stream's text belongs to a choice. */
export function textOf(events: readonly Record<string, unknown>[], index = 0): string {
  return events
    .flatMap((event) => (event['choices'] ?? []) as CompletionChoice[])
    .filter((item) => item.index === index)
    .map((item) => item.text)
    .join('')
}
