import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { countLines, readLines } from './lines.ts'

async function* pieces(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0
  for (let turn = 0; from < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1
    yield bytes.subarray(from, from + size)
    from += size
  }
}

async function split(
  bytes: Uint8Array,
  sizes: readonly number[] = [7],
  limit = 1000,
): Promise<readonly (string | null)[]> {
  const lines: (string | null)[] = []
  for await (const line of readLines(pieces(bytes, sizes), { limit })) {
    lines.push(line.bytes === null ? null : Buffer.from(line.bytes).toString('latin1'))
  }
  return lines
}

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1')

describe('readLines', () => {
  test.each([
    ['', []],
    ['\n', ['']],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\r\n\r\nb', ['a', '', 'b']],
    ['a\rb\n', ['a\rb']],
    ['\xEF\xBB\xBFa\n\xEF\xBB\xBFb', ['a', '\xEF\xBB\xBFb']],
    ['\xEF\xBB\xBF', []],
    ['\xEF\xBB\xBF\n', ['']],
    ['\u0000\xFF\n', ['\u0000\xFF']],
  ])('%j', async (text, lines) => {
    expect(await split(bytes(text))).toEqual(lines)
    expect(await countLines(pieces(bytes(text), [3]))).toBe(lines.length)
  })

  test('drops the content of a line over the limit and goes on', async () => {
    expect(await split(bytes(`${'x'.repeat(50)}\nok\n${'y'.repeat(10)}\r\n${'z'.repeat(11)}`), [4], 10)).toEqual([
      null,
      'ok',
      'y'.repeat(10),
      null,
    ])
  })

  test('does not depend on the chunks', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', '\r', '\n', '\xEF\xBB\xBF', '\xFF') })
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), async (content, sizes) => {
        expect(await split(bytes(content), sizes, 6)).toEqual(await split(bytes(content), [1_000_000], 6))
      }),
    )
  })
})
