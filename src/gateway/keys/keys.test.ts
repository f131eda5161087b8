import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ParapetError } from '../../spec/index.ts'
import { formatKeyFile, makeKey, parseKeyFile } from './key-file.ts'
import type { KeySetting } from './key-ring.ts'
import { createKeyRing } from './key-ring.ts'
import { createRateLimits } from './rate-limit.ts'

const header =
  (headers: Record<string, string>) =>
  (name: string): string | undefined =>
    headers[name]

function codeOf(work: () => unknown): string {
  try {
    work()
  } catch (thrown) {
    if (ParapetError.isInstance(thrown)) return thrown.code
    throw thrown
  }
  return 'none'
}

describe('the key ring', () => {
  test('finds a key by itself or by its hash, in any of the three headers', () => {
    const { key, entry } = makeKey({ name: 'shop', role: 'operator', application: 'shop' }, 0)
    const ring = createKeyRing([{ name: 'plain', key: 'a-plain-long-key' }, entry])
    expect(ring.identify(header({ authorization: `Bearer ${key}` }))).toMatchObject({ key: 'shop', role: 'operator' })
    expect(ring.identify(header({ 'x-api-key': key })).definition?.application).toBe('shop')
    expect(ring.identify(header({ 'api-key': 'a-plain-long-key' }))).toMatchObject({ key: 'plain', role: 'caller' })
    expect(codeOf(() => ring.identify(header({ authorization: `Bearer ${key}x` })))).toBe('unauthorized')
    expect(codeOf(() => ring.identify(header({ authorization: `Basic ${key}` })))).toBe('unauthorized')
    expect(codeOf(() => ring.identify(header({ authorization: entry.sha256 })))).toBe('unauthorized')
  })

  test('a change of keys counts at once, and taking the last away lets nobody in', () => {
    let keys: readonly KeySetting[] = [{ name: 'a', key: 'first-long-key' }]
    const ring = createKeyRing({ current: () => keys })
    const ask = (key: string) => codeOf(() => ring.identify(header({ authorization: `Bearer ${key}` })))
    expect(ask('first-long-key')).toBe('none')
    keys = [{ name: 'b', key: 'second-long-key' }]
    expect([ask('first-long-key'), ask('second-long-key')]).toEqual(['unauthorized', 'none'])
    keys = []
    expect([ask('second-long-key'), ask('')]).toEqual(['unauthorized', 'unauthorized'])
  })

  test('wrong settings are refused', () => {
    for (const settings of [
      ['short'],
      [{ name: 'x' }],
      [{ name: 'x', key: 'long-enough-key', sha256: '0'.repeat(64) }],
      [{ name: 'x', sha256: 'zz' }],
      [
        { name: 'x', key: 'long-enough-key' },
        { name: 'x', key: 'another-long-key' },
      ],
    ] as KeySetting[][]) {
      expect(codeOf(() => createKeyRing(settings))).toBe('configuration')
    }
  })
})

describe('the key file', () => {
  test('holds hashes and comes back as it was', () => {
    const made = [makeKey({ name: 'a' }, 0), makeKey({ name: 'b', requestsPerMinute: 60, concurrency: 2 }, 1)]
    const text = formatKeyFile(made.map(({ entry }) => entry))
    for (const { key } of made) expect(text).not.toContain(key)
    expect(parseKeyFile(text, 'keys.json')).toEqual(made.map(({ entry }) => entry))
  })

  test.each(['', '{', '[]', '{"parapet":1,"keys":[{"name":"x"}]}', '{"parapet":2,"keys":[]}'])(
    'says what is wrong with %j',
    (text) => {
      expect(codeOf(() => parseKeyFile(text, 'keys.json'))).toBe('configuration')
    },
  )
})

describe('rate limits', () => {
  const access = (limits: { requestsPerMinute?: number; concurrency?: number }) =>
    ({ key: 'k', role: 'caller', definition: { name: 'k', key: 'long-enough-key', ...limits } }) as const

  test('over any minute at most the limit and one burst is let through, and waiting helps', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 600 }),
        fc.array(fc.integer({ min: 0, max: 2000 }), { minLength: 1, maxLength: 300 }),
        (perMinute, pauses) => {
          let now = 0
          const limits = createRateLimits(() => now)
          let passed = 0
          for (const pause of pauses) {
            now += pause
            if (codeOf(() => limits.begin(access({ requestsPerMinute: perMinute }))()) === 'none') passed += 1
          }
          expect(passed).toBeLessThanOrEqual(Math.max(1, perMinute / 10) + (now / 60_000) * perMinute + 1e-6)
          now += 60_000
          expect(codeOf(() => limits.begin(access({ requestsPerMinute: perMinute }))())).toBe('none')
        },
      ),
    )
  })

  test('counts requests at the same time, each ended once', () => {
    const limits = createRateLimits(() => 0)
    const two = access({ concurrency: 2 })
    const end = limits.begin(two)
    limits.begin(two)
    expect(codeOf(() => limits.begin(two))).toBe('rate_limited')
    end()
    end()
    limits.begin(two)
    expect(codeOf(() => limits.begin(two))).toBe('rate_limited')
  })
})
