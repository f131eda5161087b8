import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import type { ServerEvent } from './server-events.ts'
import { createEventParser, readServerEvents } from './server-events.ts'

function parse(...pieces: readonly string[]): readonly ServerEvent[] {
  const events: ServerEvent[] = []
  const parser = createEventParser((event) => events.push(event))
  for (const piece of pieces) parser.push(piece)
  return events
}

describe('events', () => {
  test.each([
    ['data: a\n\n', [{ type: 'message', data: 'a' }]],
    ['event: decision\ndata: {"a":1}\n\n', [{ type: 'decision', data: '{"a":1}' }]],
    ['data:a\ndata: b\ndata:  c\n\n', [{ type: 'message', data: 'a\nb\n c' }]],
    [
      'data: a\r\n\r\ndata: b\r\r',
      [
        { type: 'message', data: 'a' },
        { type: 'message', data: 'b' },
      ],
    ],
    [': ping\n\n', []],
    ['event: x\n\ndata: a\n\n', [{ type: 'message', data: 'a' }]],
    ['id: 1\nretry: 5\nother: y\ndata\n\n', [{ type: 'message', data: '' }]],
    ['data: not ended\n', []],
  ])('%j', (text, events) => {
    expect(parse(text)).toEqual(events)
  })

  test('are the same however the stream is cut', () => {
    const line = fc.constantFrom('data: a', 'data:b', 'event: decision', ': ping', 'data', '')
    const end = fc.constantFrom('\n', '\r\n', '\r')
    const stream = fc
      .array(fc.tuple(line, end), { maxLength: 12 })
      .map((lines) => lines.map(([text, ended]) => text + ended).join(''))
    fc.assert(
      fc.property(stream, fc.array(fc.nat(60), { maxLength: 8 }), (text, cuts) => {
        const points = [
          0,
          ...cuts.filter((cut) => cut < text.length).toSorted((left, right) => left - right),
          text.length,
        ]
        const pieces = points.slice(1).map((point, index) => text.slice(points[index], point))
        expect(parse(...pieces)).toEqual(parse(text))
      }),
      { numRuns: 500 },
    )
  })

  test('that never end are refused, not kept', () => {
    const parser = createEventParser(() => undefined)
    const piece = 'x'.repeat(8 * 1024 * 1024)
    expect(() => {
      for (let index = 0; index < 5; index++) parser.push(piece)
    }).toThrow(RangeError)
  })
})

describe('a stream', () => {
  const streamOf = (...pieces: readonly (string | Error)[]): ReadableStream<Uint8Array<ArrayBuffer>> => {
    const rest = [...pieces]
    return new ReadableStream({
      pull(controller) {
        const piece = rest.shift()
        if (piece === undefined) controller.close()
        else if (piece instanceof Error) controller.error(piece)
        else controller.enqueue(new TextEncoder().encode(piece))
      },
    })
  }

  test('tells its events and every sign of life, and ends', async () => {
    const events: ServerEvent[] = []
    let alive = 0
    await readServerEvents(
      streamOf(': live\n\n', 'data: ü\n\n', ': ping\n\n'),
      (event) => events.push(event),
      () => alive++,
    )
    expect(events).toEqual([{ type: 'message', data: 'ü' }])
    expect(alive).toBe(3)
  })

  test('that breaks off rejects', async () => {
    await expect(readServerEvents(streamOf('data: a\n', new Error('gone')), () => undefined)).rejects.toThrow('gone')
  })

  test('is let go of when an event is not taken', async () => {
    let cancelled = false
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => controller.enqueue(new TextEncoder().encode('data: a\n\n')),
      cancel: () => void (cancelled = true),
    })
    const refuse = (): void => {
      throw new SyntaxError('not JSON')
    }
    await expect(readServerEvents(stream, refuse)).rejects.toThrow(SyntaxError)
    expect(cancelled).toBe(true)
  })
})
