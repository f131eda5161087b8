import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSseParser } from './sse.ts'

const encoder = new TextEncoder()

function parse(bytes: Uint8Array, cuts: readonly number[] = [], end = true): readonly string[] {
  const parser = createSseParser()
  const events: string[] = []
  let from = 0
  for (const cut of [...cuts].sort((left, right) => left - right)) {
    events.push(...parser.push(bytes.slice(from, cut)))
    from = cut
  }
  events.push(...parser.push(bytes.slice(from)))
  if (end) parser.end()
  return events
}

describe('events', () => {
  test.each([
    ['data: a\n\ndata: b\n\n', ['a', 'b']],
    ['data: a\r\n\r\ndata:b\r\rdata:  c\n\n', ['a', 'b', ' c']],
    ['\ufeffdata: a\n\n', ['a']],
    [': comment\n\nevent: x\nid: 1\nretry: 5\ndata: a\ndata: b\ndata\n\n', ['a\nb\n']],
    ['dataset: no\n\n\n\n', []],
    ['data: žluťoučký 🐎\n\n', ['žluťoučký 🐎']],
  ])('%j', (text, events) => {
    expect(parse(encoder.encode(text))).toEqual(events)
  })

  test('are the same under any chunking', () => {
    const lines = fc.constantFrom('data: {"a":"ž🐎"}', 'data:x', ': c', 'event: y', '', '', 'data', 'data: [DONE]')
    const ends = fc.constantFrom('\n', '\r\n', '\r')
    fc.assert(
      fc.property(
        fc.array(fc.tuple(lines, ends), { maxLength: 20 }),
        fc.array(fc.nat(300), { maxLength: 20 }),
        fc.boolean(),
        (pairs, cuts, bytewise) => {
          const bytes = encoder.encode(`${pairs.map(([line, end]) => line + end).join('')}data: z\n\n`)
          const all = bytewise ? Array.from(bytes, (_, index) => index) : cuts.filter((cut) => cut < bytes.length)
          expect(parse(bytes, all)).toEqual(parse(bytes))
        },
      ),
    )
  })

  test.each(['data: half', 'data: half\n', 'data: a\n\ndata: {"b":', 'eve'])('%j at the end is an error', (text) => {
    expect(() => parse(encoder.encode(text))).toThrow(/broke off/)
  })

  test('are bounded', () => {
    const parser = createSseParser(100)
    expect(() => parser.push(encoder.encode(`data: ${'x'.repeat(200)}`))).toThrow(/larger than the limit/)
    const lines = createSseParser(100)
    expect(() => lines.push(encoder.encode('data: xxxxxxxx\n'.repeat(20)))).toThrow(/larger than the limit/)
  })

  test('take time linear in their length, in one-byte pieces too', () => {
    const parser = createSseParser()
    const piece = encoder.encode('x')
    parser.push(encoder.encode('data: '))
    for (let index = 0; index < 200_000; index += 1) parser.push(piece)
    expect(parser.push(encoder.encode('\n\n'))[0]).toHaveLength(200_000)
  })
})
