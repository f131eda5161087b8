/**
 * Chunks as server-sent events. The next chunk is asked for only when the reader wants more, so a slow client slows the model
 * server down instead of filling memory.
 */

/** Produces what is sent. */
export interface EventSource {
  /** The next text to send, or null at the end. Must not throw. */
  next(): Promise<string | null>
  /** The reader left. */
  cancel(): void
}

export const DONE_EVENT = 'data: [DONE]\n\n'

export function dataEvent(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`
}

/** An answer whose body is the source's events. */
export function eventStreamResponse(source: EventSource, headers: Readonly<Record<string, string>>): Response {
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const text = await source.next()
        if (text === null) controller.close()
        else controller.enqueue(encoder.encode(text))
      },
      cancel: () => source.cancel(),
    },
    { highWaterMark: 0 },
  )
  return new Response(body, {
    status: 200,
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
      ...headers,
    },
  })
}
