/** The quick test of the unicode guard passes over no character that one of its recognisers looks for, alone or in a row. */
import { expect, test } from 'vitest'
import { createPatternScanner } from '../../core/scan/index.ts'
import { createStreamBuffer, createTextView } from '../../core/text/index.ts'
import type { Finding, GuardReport, GuardRequest } from '../../spec/index.ts'
import { createUnicodeGuard } from './index.ts'
import { UNICODE_RECOGNISERS } from './recognisers.ts'

const scanner = createPatternScanner(Object.values(UNICODE_RECOGNISERS))
const guard = createUnicodeGuard()
const beside = { field: 'prompt', caller: {}, signal: new AbortController().signal } as const

function byGuard(text: string): readonly Finding[] {
  const request: GuardRequest = { ...beside, stage: 'input', text: createTextView(text) }
  return (guard.check(request) as GuardReport).findings
}

async function byStream(text: string): Promise<readonly Finding[]> {
  const buffer = createStreamBuffer()
  buffer.append(text)
  buffer.finish()
  const step = await guard.open?.({ ...beside, stage: 'output' }).advance(buffer)
  return step?.findings ?? []
}

/** A character alone between words, inside one, and in a long row. */
function carriers(character: string): readonly string[] {
  return [`a ${character} b`, `pay${character}pal`, `x${character.repeat(6)}y`]
}

test('every character of Unicode, and every half of a pair', async () => {
  let found = 0
  const differing: string[] = []
  const points = [
    ...Array(0x10000).keys(),
    ...[1, 2, 14, 15, 16].flatMap((plane) => [...Array(0x800).keys()].map((low) => plane * 0x10000 + low)),
  ]
  for (const point of points) {
    for (const text of carriers(String.fromCodePoint(point))) {
      const expected = scanner.scan(createTextView(text))
      if (expected.length > 0) found += 1
      if (JSON.stringify(byGuard(text)) !== JSON.stringify(expected)) differing.push(text)
    }
  }
  expect(differing).toEqual([])
  expect(found).toBeGreaterThan(5000)
  const mixed = ['pаypal and nothing else', 'a\u200bb', '\u{e0041}', '😀 fine', '']
  for (const text of mixed) expect(await byStream(text)).toEqual(scanner.scan(createTextView(text)))
})
