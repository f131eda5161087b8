import { describe, expect, test } from 'vitest'
import type { GuardRequest, TextEncoderEngine } from '../../spec/index.ts'
import { createTextView } from '../../core/text/index.ts'
import { createSimilarityGuard } from './index.ts'

/** Texts are angles: `60` and `0` have the cosine one half. */
function angles(): TextEncoderEngine & { readonly asked: string[] } {
  const asked: string[] = []
  return {
    ...{ specVersion: 'v1', kind: 'text-encoder', id: 'angles', version: '1', dimensions: 2, asked },
    embed: (texts) => {
      asked.push(...texts)
      return Promise.resolve(
        texts.map((text) => {
          const angle = (Number(text) * Math.PI) / 180
          return Float32Array.of(Math.cos(angle), Math.sin(angle))
        }),
      )
    },
    dispose: () => Promise.resolve(),
  }
}

function requestFor(text: string, system?: string): GuardRequest {
  return {
    ...{ stage: 'input', field: 'prompt', text: createTextView(text), caller: {} },
    signal: new AbortController().signal,
    ...(system === undefined ? {} : { system }),
  }
}

describe('off-topic by likeness', () => {
  const guard = createSimilarityGuard({ engine: angles(), threshold: 0.4 })
  const score = async (text: string): Promise<number> =>
    (await guard.check(requestFor(text, '0'))).findings.find(({ label }) => label === 'off_topic')?.score ?? 0

  test('below the threshold a text is off topic, the farther the more', async () => {
    expect(await score('60')).toBeLessThan(0.5)
    expect(await score('70')).toBeGreaterThan(0.5)
    expect(await score('80')).toBeGreaterThan(await score('70'))
    expect(await score('170')).toBe(1)
  })

  test('a system prompt is read once', async () => {
    const engine = angles()
    const one = createSimilarityGuard({ engine, threshold: 0.4 })
    for (const text of ['10', '20', '30']) await one.check(requestFor(text, '0'))
    expect(engine.asked).toEqual(['0', '10', '20', '30'])
  })

  test('there must be something to compare with', async () => {
    await expect(guard.check(requestFor('10'))).rejects.toMatchObject({ code: 'input_invalid' })
    const own = createSimilarityGuard({ engine: angles(), threshold: 0.4, system: '90' })
    expect((await own.check(requestFor('90'))).findings).toEqual([])
  })

  test('vectors that cannot be compared are an error', async () => {
    await expect(guard.check(requestFor('north', '0'))).rejects.toMatchObject({ code: 'guard_failed' })
    const none = createSimilarityGuard({ engine: { ...angles(), embed: () => Promise.resolve([]) }, threshold: 0.4 })
    await expect(none.check(requestFor('10', '0'))).rejects.toMatchObject({ code: 'guard_failed' })
  })

  test.each([0, 1, Number.NaN])('threshold %d is refused', (threshold) => {
    expect(() => createSimilarityGuard({ engine: angles(), threshold })).toThrow('between 0 and 1')
  })
})
